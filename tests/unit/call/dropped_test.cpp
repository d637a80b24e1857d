#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include "deliver/outbox.h"
#include "unit/call/ground.h"

/// What becomes of a call whose row an operator drops.
namespace tandem::call {

namespace {

using deliver::Receipt;
using domain::CallOutcome;
using testing::CallWorld;
using State = Plan::State;

}  // namespace

class DroppedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DroppedTest);
    CPPUNIT_TEST(a_call_that_waits_ends_as_not_made);
    CPPUNIT_TEST(a_call_for_later_ends_as_not_made);
    CPPUNIT_TEST(a_call_that_may_have_been_made_ends_as_unknown);
    CPPUNIT_TEST(a_call_that_its_provider_has_goes_on);
    CPPUNIT_TEST(a_call_that_was_given_up_is_told_of_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        world_ = std::make_unique<CallWorld>();
        deliver::Outbox::Ground ground{
            world_->store.get(), world_->committer.get(), &world_->clock, &world_->ids, {}};
        ground.end_call = [this](const store::Owed& owed, store::ChangeSet& set) {
            return world_->calls.dropped(owed, set);
        };
        outbox_ = std::make_unique<deliver::Outbox>(ground);
    }
    void tearDown() override {
        outbox_.reset();
        world_.reset();
    }

    void a_call_that_waits_ends_as_not_made() {
        drop(world_->owe_call());
        ended(CallOutcome::NeverConnected);
        CPPUNIT_ASSERT(!world_->snapshot().active_call);
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::NotMade);
        CPPUNIT_ASSERT_EQUAL(std::string("An operator dropped the call"), world_->fate().reason);
        CPPUNIT_ASSERT(world_->voice->started.empty());
        const auto lines = world_->store->audit(CallWorld::organization, "", 10);
        CPPUNIT_ASSERT(lines && lines->size() == 1);
        CPPUNIT_ASSERT_EQUAL(std::string("outbox_drop"), lines->at(0).action);
    }

    void a_call_for_later_ends_as_not_made() {
        Plan plan;
        plan.state = State::Scheduled;
        plan.scheduled_for = world_->clock.now() + std::chrono::hours{1};
        drop(world_->owe_call(plan));
        ended(CallOutcome::NeverConnected);
        world_->clock.advance(std::chrono::hours{1});
        world_->work_due();
        CPPUNIT_ASSERT(world_->voice->started.empty());
    }

    void a_call_that_may_have_been_made_ends_as_unknown() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        const store::Owed owed = world_->owe_call();
        world_->calls.work(owed);
        CPPUNIT_ASSERT(State::Asking == plan_of(world_->call()).state);
        drop(owed);
        ended(CallOutcome::Unknown);
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Unknown);
    }

    void a_call_that_its_provider_has_goes_on() {
        const store::Owed owed = world_->owe_call();
        domain::Call announced = world_->call();
        announced.conversation_id = "conv-1";
        world_->commit({world_->conversation(), announced});
        drop(owed);
        CPPUNIT_ASSERT(world_->row_is_gone());
        CPPUNIT_ASSERT(world_->call().active);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->last_event("call_ended"));
    }

    void a_call_that_was_given_up_is_told_of_once() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        const store::Owed owed = world_->owe_call();
        world_->calls.work(owed);
        for (int i = 0; i < 200 && !world_->told(); ++i) {
            world_->clock.advance(Milliseconds{1000});
            world_->work_due();
        }
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Unknown);
        const size_t events = world_->events().size();
        drop(owed);
        CPPUNIT_ASSERT_EQUAL(events, world_->events().size());
    }

private:
    void drop(const store::Owed& owed) {
        const auto done = outbox_->drop(CallWorld::organization, owed.id, "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
    }
    void ended(CallOutcome outcome) {
        CPPUNIT_ASSERT(world_->row_is_gone());
        const domain::Call over = world_->call();
        CPPUNIT_ASSERT(State::Over == plan_of(over).state);
        CPPUNIT_ASSERT(outcome == over.outcome);
        CPPUNIT_ASSERT(!over.active && over.ended_at == world_->clock.now());
        CPPUNIT_ASSERT(!world_->last_event("call_ended").empty());
    }

    std::unique_ptr<CallWorld> world_;
    std::unique_ptr<deliver::Outbox> outbox_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DroppedTest);

}  // namespace tandem::call
