#include "store/committer.h"

#include <algorithm>
#include <future>
#include <utility>

namespace tandem::store {

namespace {

const char* const room = "store";

bool has_event(const ChangeSet& change_set) {
    for (const Operation& operation : change_set.operations)
        if (std::holds_alternative<domain::Event>(operation)) return true;
    return false;
}

}  // namespace

// Series are made once; the queue's length outlives the committer in the scrape.
struct GroupCommitter::Measures {
    explicit Measures(observe::Metrics& metrics)
        : length(std::make_shared<std::atomic<size_t>>(0)),
          committed(outcome(metrics, "committed")),
          precondition_failed(outcome(metrics, "precondition_failed")),
          refused(outcome(metrics, "refused")),
          failed(outcome(metrics, "failed")),
          full(metrics.counter("tandem_store_queue_full_total",
                               "ChangeSets not taken because the queue was full")),
          transactions(metrics.counter("tandem_store_transactions_total",
                                       "Transactions that the store committed")),
          seconds(metrics.histogram("tandem_store_commit_seconds",
                                    "Duration of a transaction, fsync included")) {
        metrics.gauge("tandem_store_queue_length", "ChangeSets that wait for a transaction", {},
                      [length = length] { return static_cast<double>(length->load()); });
    }

    static observe::Counter& outcome(observe::Metrics& metrics, std::string_view name) {
        return metrics.counter("tandem_store_change_sets_total",
                               "ChangeSets by what became of them", {{"outcome", name}});
    }

    void count(const Outcome& result) {
        switch (result.kind) {
            case Outcome::Kind::Committed: committed.add(); break;
            case Outcome::Kind::PreconditionFailed: precondition_failed.add(); break;
            case Outcome::Kind::Refused: refused.add(); break;
        }
    }

    const std::shared_ptr<std::atomic<size_t>> length;
    observe::Counter& committed;
    observe::Counter& precondition_failed;
    observe::Counter& refused;
    observe::Counter& failed;
    observe::Counter& full;
    observe::Counter& transactions;
    observe::Histogram& seconds;
};

GroupCommitter::GroupCommitter(Store& store, CommitListener* listener, observe::Log& log,
                               observe::Metrics& metrics, Broken broken, CommitterLimits limits)
    : store_(store),
      listener_(listener),
      log_(log),
      broken_(std::move(broken)),
      limits_(limits),
      measures_(std::make_unique<Measures>(metrics)),
      thread_([this] { work(); }) {}

GroupCommitter::~GroupCommitter() {
    stop();
}

bool GroupCommitter::submit(ChangeSet change_set, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        if (queue_.size() >= limits_.queue) {
            measures_->full.add();
            return false;
        }
        queue_.push_back({std::move(change_set), std::move(done)});
        measures_->length->store(queue_.size());
    }
    changed_.notify_one();
    return true;
}

Result<Outcome> GroupCommitter::commit(ChangeSet change_set) {
    if (std::this_thread::get_id() == writer_.load())
        return Error{Code::Internal, "a commit callback waits for another commit"};
    auto promise = std::make_shared<std::promise<Result<Outcome>>>();
    auto outcome = promise->get_future();
    const bool taken = submit(std::move(change_set), [promise](Result<Outcome> result) {
        promise->set_value(std::move(result));
    });
    if (taken) return outcome.get();
    const std::lock_guard lock(mutex_);
    if (stopping_) return Error{Code::Cancelled, "the gateway is stopping"};
    return Error{Code::Limited, "the store's queue is full", 1000};
}

void GroupCommitter::stop(Milliseconds bound) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) give_up_at_ = std::chrono::steady_clock::now() + bound;
        stopping_ = true;
    }
    changed_.notify_all();
    const std::lock_guard lock(joining_);
    if (thread_.joinable()) thread_.join();
}

Result<void> GroupCommitter::health() const {
    const std::lock_guard lock(mutex_);
    if (broken_text_.empty()) return {};
    return Error{Code::Unavailable, broken_text_};
}

void GroupCommitter::work() {
    writer_ = std::this_thread::get_id();
    while (true) {
        std::vector<Waiting> batch = take();
        if (batch.empty()) return;
        write(batch);
    }
}

// An empty batch: stopped, and nothing waits.
std::vector<GroupCommitter::Waiting> GroupCommitter::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    std::vector<Waiting> batch;
    const size_t count = std::min(queue_.size(), limits_.batch);
    batch.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    measures_->length->store(queue_.size());
    return batch;
}

void GroupCommitter::write(std::vector<Waiting>& batch) {
    std::string broken_text;
    bool too_late = false;
    {
        const std::lock_guard lock(mutex_);
        broken_text = broken_text_;
        too_late = stopping_ && std::chrono::steady_clock::now() >= give_up_at_;
    }
    if (!broken_text.empty()) return refuse(batch, broken_text);
    if (too_late) return refuse(batch, "the gateway stopped before the store took it");

    const auto begin = std::chrono::steady_clock::now();
    Result<std::vector<Outcome>> outcomes = ask_store(batch);
    if (!outcomes) {
        note_failure(outcomes.error());
        return refuse(batch, outcomes.error().text);
    }
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
    measures_->seconds.observe(duration.count());
    measures_->transactions.add();
    tell_listener(batch, *outcomes);
    for (size_t i = 0; i < batch.size(); ++i) {
        Outcome& outcome = (*outcomes)[i];
        measures_->count(outcome);
        if (outcome.kind == Outcome::Kind::Refused)
            log_.error(
                room, "the store refused a ChangeSet",
                {{"organization", batch[i].change_set.organization}, {"reason", outcome.text}});
        answer(batch[i], std::move(outcome));
    }
}

Result<std::vector<Outcome>> GroupCommitter::ask_store(const std::vector<Waiting>& batch) {
    std::vector<const ChangeSet*> change_sets;
    change_sets.reserve(batch.size());
    for (const Waiting& waiting : batch) change_sets.push_back(&waiting.change_set);
    try {
        Result<std::vector<Outcome>> outcomes = store_.commit(change_sets);
        // Whatever was written, nobody can say any more which ChangeSet it was.
        if (outcomes && outcomes->size() != batch.size())
            return Error{Code::Corrupt, "the store gave " + std::to_string(outcomes->size()) +
                                            " results for " + std::to_string(batch.size()) +
                                            " ChangeSets"};
        return outcomes;
    } catch (const std::exception& exception) {
        return Error{Code::Unavailable, std::string("the store threw: ") + exception.what()};
    }
}

void GroupCommitter::tell_listener(const std::vector<Waiting>& batch,
                                   const std::vector<Outcome>& outcomes) {
    if (listener_ == nullptr) return;
    try {
        for (size_t i = 0; i < batch.size(); ++i)
            if (outcomes[i].kind == Outcome::Kind::Committed && has_event(batch[i].change_set))
                listener_->committed(batch[i].change_set, outcomes[i]);
        listener_->batch_ended();
    } catch (const std::exception& exception) {
        // Screens find the gap in the offsets and read the journal.
        log_.error(room, "a listener of commits threw", {{"reason", exception.what()}});
    }
}

void GroupCommitter::answer(Waiting& waiting, Result<Outcome> result) {
    if (!waiting.done) return;
    try {
        waiting.done(std::move(result));
    } catch (const std::exception& exception) {
        log_.error(room, "a commit callback threw", {{"reason", exception.what()}});
    }
    // What it holds goes now, not with the last of the batch.
    waiting.done = nullptr;
}

void GroupCommitter::refuse(std::vector<Waiting>& batch, const std::string& text) {
    measures_->failed.add(static_cast<double>(batch.size()));
    for (Waiting& waiting : batch) answer(waiting, Error{Code::Unavailable, text, 1000});
}

void GroupCommitter::note_failure(const Error& error) {
    log_.error(room, "the store did not commit", {{"reason", error.text}});
    if (error.code != Code::Corrupt) return;
    {
        const std::lock_guard lock(mutex_);
        broken_text_ = error.text.empty() ? "the store is damaged" : error.text;
    }
    if (broken_) broken_(error.text);
}

}  // namespace tandem::store
