#include "dispatch/dispatcher.h"

#include <cppunit/TestFixture.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "unit/deliver/world.h"

namespace tandem::dispatch {

namespace {

using testing::World;
using namespace std::chrono_literals;

// Generous: the machine may be busy. Nothing waits so long when all is well.
constexpr auto patience = 20s;

/// Does rows by taking them out of the store; may be held in the middle of one.
class RecordingDesk : public Desk {
public:
    explicit RecordingDesk(World& world) : world_(world) {}
    store::OwedKind kind() const override { return store::OwedKind::Send; }
    void work(const store::Owed& owed) override {
        std::unique_lock lock(mutex_);
        ++inside_[owed.address];
        widest_ = std::max(widest_, ++busy_);
        doubled_ |= inside_[owed.address] > 1;
        order.push_back(owed.subject_id);
        changed_.notify_all();
        const bool in_time = changed_.wait_for(lock, patience, [&] { return !held_; });
        lock.unlock();
        if (settles && in_time)
            world_.commit({store::Settle{owed.id, store::Settlement::Done, {}, {}}});
        lock.lock();
        --inside_[owed.address];
        --busy_;
        ++done_;
        changed_.notify_all();
        if (throws) throw std::runtime_error("broken");
    }
    void hold(bool held) {
        const std::lock_guard lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    template <typename Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return condition(*this); });
    }
    bool begun(size_t count) {
        return wait([count](RecordingDesk& self) { return self.order.size() >= count; });
    }
    bool finished(size_t count) {
        return wait([count](RecordingDesk& self) { return self.done_ >= count; });
    }
    size_t begun_now() {
        const std::lock_guard lock(mutex_);
        return order.size();
    }

    std::vector<std::string> order;  // subjects, guarded by mutex_
    bool settles = true, throws = false;
    unsigned widest_ = 0;
    bool doubled_ = false;

private:
    World& world_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> inside_;
    unsigned busy_ = 0;
    size_t done_ = 0;
    bool held_ = false;
};

}  // namespace

class DispatcherTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DispatcherTest);
    CPPUNIT_TEST(a_commit_wakes_the_desk_without_waiting_for_the_poll);
    CPPUNIT_TEST(work_of_the_future_begins_when_it_is_due);
    CPPUNIT_TEST(the_poll_finds_what_nobody_told);
    CPPUNIT_TEST(one_conversation_is_worked_on_by_one_thread_in_order);
    CPPUNIT_TEST(a_slow_instance_leaves_room_for_others);
    CPPUNIT_TEST(a_backlog_of_one_instance_does_not_hide_the_others);
    CPPUNIT_TEST(an_instance_may_be_given_a_number_of_its_own);
    CPPUNIT_TEST(more_than_one_look_takes_is_done_too);
    CPPUNIT_TEST(what_throws_comes_back);
    CPPUNIT_TEST(commits_are_passed_on);
    CPPUNIT_TEST(a_busy_worker_does_not_hold_up_the_stop);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        world_ = std::make_unique<World>();
        desk_ = std::make_unique<RecordingDesk>(*world_);
    }
    void tearDown() override {
        desk_->hold(false);
        dispatcher_.reset();
        desk_.reset();
        world_.reset();
    }

    void a_commit_wakes_the_desk_without_waiting_for_the_poll() {
        start(1h, {});
        tell(owe("+1", "twilio", 0ms));
        CPPUNIT_ASSERT(desk_->begun(1));
    }

    void work_of_the_future_begins_when_it_is_due() {
        start(1h, {});
        store::ChangeSet set = owe("+1", "twilio", 2s);
        tell(set);
        tell(owe("+2", "twilio", 0ms));
        CPPUNIT_ASSERT(desk_->begun(1));
        world_->clock.advance(2s);
        CPPUNIT_ASSERT(desk_->begun(2));
        CPPUNIT_ASSERT_EQUAL(std::string("+1"), desk_->order[1]);
    }

    void the_poll_finds_what_nobody_told() {
        owe("+1", "twilio", 0ms);
        start(5ms, {});
        CPPUNIT_ASSERT(desk_->begun(1));
        owe("+2", "twilio", 0ms);
        CPPUNIT_ASSERT(desk_->begun(2));
    }

    void one_conversation_is_worked_on_by_one_thread_in_order() {
        for (int i = 0; i < 20; ++i) owe("+1", "twilio", -Milliseconds{100 - i}, std::to_string(i));
        start(5ms, {4, 4});
        CPPUNIT_ASSERT(desk_->finished(20));
        CPPUNIT_ASSERT(!desk_->doubled_);
        for (int i = 0; i < 20; ++i) CPPUNIT_ASSERT_EQUAL(std::to_string(i), desk_->order[i]);
    }

    void a_slow_instance_leaves_room_for_others() {
        for (int i = 0; i < 10; ++i) owe("+1" + std::to_string(i), "slow", -1000ms);
        owe("+2", "quick", 0ms);
        desk_->hold(true);
        start(5ms, {3, 2});
        CPPUNIT_ASSERT(desk_->begun(3));
        CPPUNIT_ASSERT(std::count(desk_->order.begin(), desk_->order.end(), "+2") == 1);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, desk_->begun_now());
        desk_->hold(false);
        CPPUNIT_ASSERT(desk_->finished(11));
    }

    void a_backlog_of_one_instance_does_not_hide_the_others() {
        for (int i = 0; i < 700; ++i) owe("+1" + std::to_string(i), "slow", -1000ms);
        owe("+2", "quick", 0ms);
        desk_->hold(true);
        start(5ms, {3, 2});
        CPPUNIT_ASSERT(desk_->begun(3));
        CPPUNIT_ASSERT(std::count(desk_->order.begin(), desk_->order.end(), "+2") == 1);
        desk_->hold(false);
        CPPUNIT_ASSERT(desk_->finished(701));
    }

    void an_instance_may_be_given_a_number_of_its_own() {
        for (int i = 0; i < 10; ++i) owe("+1" + std::to_string(i), "narrow", 0ms);
        desk_->hold(true);
        start(5ms, {4, 4, {{"narrow", 1}}});
        CPPUNIT_ASSERT(desk_->begun(1));
        owe("+2", "wide", 0ms);
        owe("+3", "wide", 0ms);
        CPPUNIT_ASSERT(desk_->begun(3));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, desk_->begun_now());
        desk_->hold(false);
        CPPUNIT_ASSERT(desk_->finished(12));
    }

    void more_than_one_look_takes_is_done_too() {
        for (int i = 0; i < 600; ++i) owe("+1" + std::to_string(i), "twilio", 0ms);
        start(1h, {4, 4});
        CPPUNIT_ASSERT(desk_->finished(600));
        CPPUNIT_ASSERT_EQUAL(size_t{600}, desk_->begun_now());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void what_throws_comes_back() {
        desk_->settles = false;
        desk_->throws = true;
        owe("+1", "twilio", 0ms);
        start(5ms, {});
        CPPUNIT_ASSERT(desk_->begun(3));
    }

    void commits_are_passed_on() {
        class Next : public store::CommitListener {
        public:
            void committed(const store::ChangeSet&, const store::Outcome&) override { ++told; }
            void batch_ended() override { ++batches; }
            int told = 0, batches = 0;
        } next;
        start(1h, {});
        dispatcher_->pass_on(&next);
        tell(owe("+1", "twilio", 0ms));
        dispatcher_->batch_ended();
        CPPUNIT_ASSERT_EQUAL(1, next.told);
        CPPUNIT_ASSERT_EQUAL(1, next.batches);
    }

    void a_busy_worker_does_not_hold_up_the_stop() {
        owe("+1", "twilio", 0ms);
        owe("+2", "twilio", 0ms);
        desk_->hold(true);
        start(5ms, {1, 1});
        CPPUNIT_ASSERT(desk_->begun(1));
        CPPUNIT_ASSERT(!dispatcher_->stop(1ms));
        desk_->hold(false);
        CPPUNIT_ASSERT(dispatcher_->stop(patience));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, desk_->begun_now());
    }

private:
    void start(Milliseconds poll, DeskOptions options) {
        dispatcher_ = std::make_unique<Dispatcher>(*world_->store, world_->clock, world_->log,
                                                   world_->metrics, poll);
        dispatcher_->add(*desk_, options);
        dispatcher_->start();
    }
    store::ChangeSet owe(const std::string& address, const std::string& instance, Milliseconds in,
                         const std::string& subject = {}) {
        store::Owed owed;
        owed.id = world_->ids.next();
        owed.address = address;
        owed.instance = instance;
        owed.subject_id = subject.empty() ? address : subject;
        owed.due_at = world_->clock.now() + in;
        world_->commit({store::Owe{owed}});
        store::ChangeSet set;
        set.organization = World::organization;
        set.operations = {store::Owe{owed}};
        return set;
    }
    void tell(const store::ChangeSet& set) { dispatcher_->committed(set, {}); }

    std::unique_ptr<World> world_;
    std::unique_ptr<RecordingDesk> desk_;
    std::unique_ptr<Dispatcher> dispatcher_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DispatcherTest);

}  // namespace tandem::dispatch
