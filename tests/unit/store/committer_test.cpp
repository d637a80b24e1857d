#include "store/committer.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <future>

#include "quiet.h"
#include "unit/store/refusing_store.h"

namespace tandem::store {

namespace {

constexpr std::chrono::seconds patience{30};

// A store that remembers its batches, and that a test can hold in the middle of one.
class HeldStore : public tandem::testing::RefusingStore {
public:
    Result<std::vector<Outcome>> commit(const std::vector<const ChangeSet*>& batch) override {
        std::unique_lock lock(mutex_);
        ++entered_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        batches.push_back({});
        std::vector<Outcome> outcomes;
        for (const ChangeSet* change_set : batch) {
            batches.back().push_back(change_set->organization);
            Outcome outcome;
            outcome.journal_epoch = "e";
            outcome.first_offset = ++offset_;
            if (change_set->organization == "refused") outcome.kind = Outcome::Kind::Refused;
            outcomes.push_back(outcome);
        }
        if (failure) return *failure;
        if (short_answer) outcomes.pop_back();
        return outcomes;
    }
    void close() { set(false); }
    void open() { set(true); }
    bool wait_until_entered(int times) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return entered_ >= times; });
    }

    std::vector<std::vector<std::string>> batches;
    std::optional<Error> failure;
    bool short_answer = false;

private:
    void set(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    int entered_ = 0;
    int64_t offset_ = 0;
};

struct Told : CommitListener {
    explicit Told(std::vector<std::string>& all) : lines(all) {}
    void committed(const ChangeSet& change_set, const Outcome& outcome) override {
        lines.push_back("event " + change_set.organization + " " +
                        std::to_string(outcome.first_offset));
    }
    void batch_ended() override { lines.push_back("end"); }
    std::vector<std::string>& lines;
};

ChangeSet with_event(const domain::OrganizationId& organization) {
    ChangeSet change_set;
    change_set.organization = organization;
    change_set.operations.push_back(domain::Event{});
    return change_set;
}

ChangeSet without_event(const domain::OrganizationId& organization) {
    return {organization, {}, {}};
}

}  // namespace

class CommitterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CommitterTest);
    CPPUNIT_TEST(what_waits_during_a_transaction_shares_the_next_one_in_order);
    CPPUNIT_TEST(one_transaction_takes_no_more_than_its_bound);
    CPPUNIT_TEST(a_full_queue_answers_false_and_is_counted);
    CPPUNIT_TEST(the_listener_hears_committed_events_in_order_before_the_callbacks);
    CPPUNIT_TEST(a_failed_transaction_gives_unavailable_to_all_and_the_next_one_works);
    CPPUNIT_TEST(a_broken_store_is_never_asked_again_and_is_reported_once);
    CPPUNIT_TEST(a_store_with_too_few_results_counts_as_broken);
    CPPUNIT_TEST(stopping_writes_what_waits_and_takes_nothing_more);
    CPPUNIT_TEST(stopping_gives_up_after_its_bound_and_answers_all);
    CPPUNIT_TEST(a_throwing_callback_does_not_end_the_committer);
    CPPUNIT_TEST(waiting_for_a_commit_inside_a_callback_is_an_error_and_no_deadlock);
    CPPUNIT_TEST(many_threads_each_get_their_own_outcome);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_waits_during_a_transaction_shares_the_next_one_in_order() {
        store.close();
        submit_and_wait_until_inside("first");
        for (const char* name : {"a", "b", "c"}) submit(name);
        CPPUNIT_ASSERT_EQUAL(3.0, metrics.gauge_value("tandem_store_queue_length"));
        store.open();
        committer->stop();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, store.batches.size());
        const std::vector<std::string> wanted{"a", "b", "c"};
        CPPUNIT_ASSERT(wanted == store.batches[1]);
        const std::vector<std::string> done{"first", "a", "b", "c"};
        CPPUNIT_ASSERT(done == lines);
    }

    void one_transaction_takes_no_more_than_its_bound() {
        make({.batch = 2, .queue = 100});
        store.close();
        submit_and_wait_until_inside("first");
        for (int i = 0; i < 5; ++i) submit("x");
        store.open();
        committer->stop();
        CPPUNIT_ASSERT_EQUAL(size_t{4}, store.batches.size());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, store.batches[1].size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, store.batches[3].size());
    }

    void a_full_queue_answers_false_and_is_counted() {
        make({.batch = 1, .queue = 2});
        store.close();
        submit_and_wait_until_inside("first");
        submit("a");
        submit("b");
        bool called = false;
        CPPUNIT_ASSERT(!committer->submit(without_event("c"), [&](auto) { called = true; }));
        const auto waited = committer->commit(without_event("d"));
        CPPUNIT_ASSERT(!waited && waited.error().code == Code::Limited);
        CPPUNIT_ASSERT_EQUAL(2.0, metrics.value("tandem_store_queue_full_total"));
        store.open();
        committer->stop();
        CPPUNIT_ASSERT(!called);
    }

    void the_listener_hears_committed_events_in_order_before_the_callbacks() {
        listener = std::make_unique<Told>(lines);
        make({});
        store.close();
        submit_and_wait_until_inside("first");
        auto note = [this](const char* name) {
            return [this, name](Result<Outcome>) { lines.push_back(std::string("done ") + name); };
        };
        CPPUNIT_ASSERT(committer->submit(with_event("a"), note("a")));
        CPPUNIT_ASSERT(committer->submit(without_event("quiet"), note("quiet")));
        CPPUNIT_ASSERT(committer->submit(with_event("refused"), note("refused")));
        CPPUNIT_ASSERT(committer->submit(with_event("b"), note("b")));
        store.open();
        committer->stop();
        const std::vector<std::string> wanted{"end",        "first",        "event a 2",
                                              "event b 5",  "end",          "done a",
                                              "done quiet", "done refused", "done b"};
        CPPUNIT_ASSERT(wanted == lines);
    }

    void a_failed_transaction_gives_unavailable_to_all_and_the_next_one_works() {
        store.failure = Error{Code::Internal, "the disk is full"};
        for (int i = 0; i < 3; ++i) {
            const auto result = committer->commit(with_event("a"));
            CPPUNIT_ASSERT(!result && result.error().code == Code::Unavailable);
            CPPUNIT_ASSERT_EQUAL(std::string("the disk is full"), result.error().text);
        }
        CPPUNIT_ASSERT_EQUAL(3.0, metrics.value("tandem_store_change_sets_total failed"));
        store.failure.reset();
        CPPUNIT_ASSERT(committer->commit(with_event("a")));
        CPPUNIT_ASSERT(committer->health());
    }

    void a_broken_store_is_never_asked_again_and_is_reported_once() {
        store.failure = Error{Code::Corrupt, "fsync failed"};
        for (int i = 0; i < 3; ++i) {
            const auto result = committer->commit(with_event("a"));
            CPPUNIT_ASSERT(!result && result.error().code == Code::Unavailable);
        }
        CPPUNIT_ASSERT_EQUAL(size_t{1}, store.batches.size());
        CPPUNIT_ASSERT_EQUAL(1, broken.load());
        CPPUNIT_ASSERT(!committer->health());
    }

    void a_store_with_too_few_results_counts_as_broken() {
        store.short_answer = true;
        CPPUNIT_ASSERT(!committer->commit(with_event("a")));
        CPPUNIT_ASSERT_EQUAL(1, broken.load());
    }

    void stopping_writes_what_waits_and_takes_nothing_more() {
        store.close();
        submit_and_wait_until_inside("first");
        submit("last");
        std::thread stopper([this] { committer->stop(patience); });
        wait_until_it_takes_nothing_more();
        store.open();
        stopper.join();
        CPPUNIT_ASSERT_EQUAL(std::string("last"), lines.back());
        CPPUNIT_ASSERT(results.back());
    }

    void stopping_gives_up_after_its_bound_and_answers_all() {
        make({.batch = 1, .queue = 100});
        store.close();
        submit_and_wait_until_inside("first");
        for (int i = 0; i < 3; ++i) submit("too late");
        std::thread stopper([this] { committer->stop(Milliseconds{0}); });
        wait_until_it_takes_nothing_more();
        store.open();
        stopper.join();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, store.batches.size());
        CPPUNIT_ASSERT_EQUAL(size_t{4}, results.size());
        CPPUNIT_ASSERT(results[0]);
        CPPUNIT_ASSERT(!results[3] && results[3].error().code == Code::Unavailable);
    }

    void a_throwing_callback_does_not_end_the_committer() {
        CPPUNIT_ASSERT(committer->submit(without_event("a"), [](Result<Outcome>) {
            throw std::runtime_error("a bug of the caller");
        }));
        CPPUNIT_ASSERT(committer->commit(without_event("b")));
        CPPUNIT_ASSERT_EQUAL(1, log.lines.load());
    }

    void waiting_for_a_commit_inside_a_callback_is_an_error_and_no_deadlock() {
        std::promise<Code> code;
        CPPUNIT_ASSERT(committer->submit(without_event("a"), [&](Result<Outcome>) {
            const auto inner = committer->commit(without_event("b"));
            code.set_value(inner ? Code::Ok : inner.error().code);
        }));
        CPPUNIT_ASSERT(code.get_future().get() == Code::Internal);
    }

    void many_threads_each_get_their_own_outcome() {
        std::atomic<int> bad{0};
        std::mutex mutex;
        std::vector<int64_t> offsets;
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 200; ++i) {
                    const auto outcome = committer->commit(with_event("a"));
                    if (!outcome) ++bad;
                    const std::lock_guard lock(mutex);
                    if (outcome) offsets.push_back(outcome->first_offset);
                }
            });
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(0, bad.load());
        std::sort(offsets.begin(), offsets.end());
        for (size_t i = 0; i < offsets.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(static_cast<int64_t>(i + 1), offsets[i]);
    }

    void setUp() override { make({}); }
    void tearDown() override {
        store.open();
        committer.reset();
    }

private:
    void make(CommitterLimits limits) {
        committer.reset();
        committer = std::make_unique<GroupCommitter>(
            store, listener.get(), log, metrics, [this](const std::string&) { ++broken; }, limits);
    }
    void submit(const std::string& name) {
        CPPUNIT_ASSERT(committer->submit(without_event(domain::OrganizationId::vouched(name)),
                                         [this, name](Result<Outcome> result) {
                                             lines.push_back(name);
                                             results.push_back(std::move(result));
                                         }));
    }
    void submit_and_wait_until_inside(const std::string& name) {
        submit(name);
        CPPUNIT_ASSERT(store.wait_until_entered(1));
    }
    // A full queue refuses as well; of the two it is commit that tells which it is, and it waits
    // for nothing, as the closed store makes no room.
    void wait_until_it_takes_nothing_more() {
        for (;; std::this_thread::yield()) {
            if (committer->submit(without_event("probe"), {})) continue;
            const auto late = committer->commit(without_event("late"));
            CPPUNIT_ASSERT(!late);
            if (late.error().code == Code::Cancelled) return;
        }
    }

    HeldStore store;
    QuietLog log;
    CountingMetrics metrics;
    std::vector<std::string> lines;        // of the committer's thread, read after stop
    std::vector<Result<Outcome>> results;  // the same
    std::atomic<int> broken{0};
    std::unique_ptr<Told> listener;
    std::unique_ptr<GroupCommitter> committer;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CommitterTest);

}  // namespace tandem::store
