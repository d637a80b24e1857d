#include "dispatch/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <utility>

namespace tandem::dispatch {

namespace {

// Rows read at once, at first. Enough to keep all workers busy between two looks, and so few that
// what waits here is not stale when its turn comes.
constexpr unsigned rows_at_once = 256;
// Of one instance: what a slow one leaves waiting must not be all that waits here.
constexpr size_t rows_of_instance = 128;
// How far a look reaches behind the rows of such a one.
constexpr unsigned longest_reach = 4096;
// Known due times. Beyond it the poll finds the work, at most a second late.
constexpr size_t max_wakes = 10000;

std::string_view word(store::OwedKind kind) {
    switch (kind) {
        case store::OwedKind::AiTurn: return "ai_turn";
        case store::OwedKind::Send: return "send";
        case store::OwedKind::Call: return "call";
    }
    return "other";
}

}  // namespace

/// A desk with its rows and its threads.
struct Dispatcher::Station {
    Station(Desk& one, DeskOptions how) : desk(one), options(how) {}

    Desk& desk;
    const DeskOptions options;
    std::multiset<Instant> wakes;          // when something becomes due
    Instant next_poll{};                   // and when to look in any case
    std::deque<store::Owed> ready;         // oldest first
    std::set<std::string> known;           // ids of rows that are ready or in hand
    std::set<Conversation> in_hand;        // of them a worker holds a row
    std::map<std::string, unsigned> busy;  // workers of an instance
    // Shared with the gauge, which may be asked when the dispatcher is gone.
    std::shared_ptr<std::atomic<size_t>> waiting = std::make_shared<std::atomic<size_t>>(0);
    bool looking = false;           // the store is being read
    std::set<std::string> over;     // ids that were done meanwhile: what was read of them is old
    bool more = false;              // the store had more than was taken
    unsigned reach = rows_at_once;  // rows of the next look
    std::map<std::string, size_t> queued;  // ready rows of an instance

    bool has_queued(const std::string& instance) const { return queued.count(instance) > 0; }
    bool has_enough(const std::string& instance) const {
        const auto here = queued.find(instance);
        return here != queued.end() && here->second >= rows_of_instance;
    }
    void take_in(store::Owed owed) {
        known.insert(owed.id);
        ++queued[owed.instance];
        ready.push_back(std::move(owed));
    }
    void leave(const std::string& instance) {
        const auto here = queued.find(instance);
        if (--here->second == 0) queued.erase(here);
    }

    Instant next_look() const {
        return wakes.empty() ? next_poll : std::min(next_poll, *wakes.begin());
    }
};

Dispatcher::Dispatcher(store::Store& store, const Clock& clock, observe::Log& log,
                       observe::Metrics& metrics, Milliseconds poll)
    : store_(store), clock_(clock), log_(log), metrics_(metrics), poll_(poll) {}

Dispatcher::~Dispatcher() {
    stop(Milliseconds{0});
    for (std::thread& thread : threads_) thread.join();
}

void Dispatcher::add(Desk& desk, DeskOptions options) {
    stations_.push_back(std::make_unique<Station>(desk, options));
    const Station* const station = stations_.back().get();
    metrics_.gauge("tandem_owed_ready", "Owed work that is due and waits for a worker.",
                   {{"kind", word(desk.kind())}},
                   [waiting = station->waiting] { return static_cast<double>(waiting->load()); });
}

void Dispatcher::start() {
    const std::lock_guard lock(mutex_);
    running_ = true;
    timer_ = std::thread([this] { look_around(); });
    for (const auto& station : stations_)
        for (unsigned i = 0; i < station->options.workers; ++i) {
            threads_.emplace_back([this, &one = *station] { serve(one); });
            ++workers_;
        }
}

bool Dispatcher::stop(Milliseconds bound) {
    std::unique_lock lock(mutex_);
    // Told once: after a first stop the desks may be gone.
    if (std::exchange(running_, false))
        for (const auto& station : stations_) station->desk.stop();
    timer_changed_.notify_all();
    work_changed_.notify_all();
    if (timer_.joinable()) {
        lock.unlock();
        timer_.join();
        lock.lock();
    }
    const bool all_left = worker_left_.wait_for(lock, bound, [this] { return workers_ == 0; });
    if (!all_left)
        log_.warn("dispatch", "workers are still busy", {{"workers", std::to_string(workers_)}});
    return all_left;
}

void Dispatcher::committed(const store::ChangeSet& change_set, const store::Outcome& outcome) {
    const Time now = clock_.now();
    for (const store::Operation& operation : change_set.operations) {
        const auto* owe = std::get_if<store::Owe>(&operation);
        if (!owe) continue;
        const Milliseconds wait = std::clamp(owe->owed.due_at - now, Milliseconds{0},
                                             Milliseconds{std::chrono::hours{24}});
        const std::lock_guard lock(mutex_);
        for (const auto& station : stations_)
            if (station->desk.kind() == owe->owed.kind && station->wakes.size() < max_wakes) {
                station->wakes.insert(std::chrono::steady_clock::now() + wait);
                timer_changed_.notify_all();
            }
    }
    if (next_) next_->committed(change_set, outcome);
}

void Dispatcher::batch_ended() {
    if (next_) next_->batch_ended();
}

void Dispatcher::look_around() {
    std::unique_lock lock(mutex_);
    while (running_) {
        Instant next = Instant::max();
        for (const auto& station : stations_) {
            if (station->next_look() <= std::chrono::steady_clock::now()) look(*station, lock);
            next = std::min(next, station->next_look());
        }
        if (!running_) return;
        if (next == Instant::max())
            timer_changed_.wait(lock);
        else
            timer_changed_.wait_until(lock, next);
    }
}

void Dispatcher::look(Station& station, std::unique_lock<std::mutex>& lock) {
    const Instant now = std::chrono::steady_clock::now();
    station.wakes.erase(station.wakes.begin(), station.wakes.upper_bound(now));
    station.next_poll = now + poll_;
    // Full: a worker that empties it looks again.
    station.more = station.ready.size() >= longest_reach;
    if (station.more) return;
    station.looking = true;
    const unsigned reach = station.reach;
    lock.unlock();
    Result<std::vector<store::Owed>> rows = store_.due(station.desk.kind(), clock_.now(), reach);
    lock.lock();
    station.looking = false;
    const std::set<std::string> over = std::exchange(station.over, {});
    if (!rows) {
        log_.warn("dispatch", "what is due could not be read", {{"reason", rows.error().text}});
        return;
    }
    station.more = rows->size() >= reach;
    size_t taken = 0;
    for (store::Owed& owed : *rows) {
        if (over.count(owed.id) > 0 || station.known.count(owed.id) > 0) continue;
        if (station.has_enough(owed.instance)) {
            station.more = true;
            continue;
        }
        station.take_in(std::move(owed));
        ++taken;
    }
    // Nothing but rows of instances that have enough here: the others' may stand behind them.
    const bool crowded = taken == 0 && rows->size() == reach;
    if (crowded) station.reach = std::min(2 * reach, longest_reach);
    if (rows->size() < reach / 2) station.reach = std::max(reach / 2, rows_at_once);
    *station.waiting = station.ready.size();
    work_changed_.notify_all();
}

void Dispatcher::serve(Station& station) {
    std::unique_lock lock(mutex_);
    for (;;) {
        store::Owed owed;
        work_changed_.wait(lock, [&] { return !running_ || take(station, owed); });
        if (!running_) break;
        const Conversation conversation{owed.organization, owed.address};
        lock.unlock();
        try {
            station.desk.work(owed);
        } catch (const std::exception& failure) {
            log_.error("dispatch", "owed work threw",
                       {{"kind", std::string(word(owed.kind))}, {"reason", failure.what()}});
        }
        lock.lock();
        station.known.erase(owed.id);
        if (station.looking) station.over.insert(owed.id);
        station.in_hand.erase(conversation);
        --station.busy[owed.instance];
        if (station.more && !station.has_queued(owed.instance)) {
            station.more = false;
            station.wakes.insert(std::chrono::steady_clock::now());
            timer_changed_.notify_all();
        }
        work_changed_.notify_all();
    }
    --workers_;
    worker_left_.notify_all();
}

/// The oldest row whose instance has a worker left and whose conversation nobody holds.
/// Takes it; false if there is none.
bool Dispatcher::take(Station& station, store::Owed& owed) const {
    const auto free = [&](const store::Owed& row) {
        const auto busy = station.busy.find(row.instance);
        return (busy == station.busy.end() || busy->second < station.options.limit(row.instance)) &&
               station.in_hand.count({row.organization, row.address}) == 0;
    };
    const auto found = std::find_if(station.ready.begin(), station.ready.end(), free);
    if (found == station.ready.end()) return false;
    owed = std::move(*found);
    station.ready.erase(found);
    station.leave(owed.instance);
    *station.waiting = station.ready.size();
    station.in_hand.insert({owed.organization, owed.address});
    ++station.busy[owed.instance];
    return true;
}

}  // namespace tandem::dispatch
