#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "receive/record.h"
#include "unit/call/ground.h"

/// What webhooks tell of a call while its provider still works on the start.
namespace tandem::call {

namespace {

using testing::CallWorld;

receive::CallStarted begun() {
    receive::CallStarted event;
    event.dedupe_key = "begun";
    event.call_id = "CA1";
    event.conversation_id = "conv-1";
    event.direction = domain::CallDirection::Outbound;
    return event;
}

receive::CallStatus line(domain::Line line, const std::string& word) {
    receive::CallStatus event;
    event.dedupe_key = "line:" + word;
    event.call_id = "CA1";
    event.line = line;
    event.provider_word = word;
    return event;
}

receive::CallEnded ended(const std::string& key) {
    receive::CallEnded event;
    event.dedupe_key = key;
    event.conversation_id = "conv-1";
    event.outcome = domain::CallOutcome::Success;
    event.duration_s = 5;
    event.analysis_json = R"({"mood":"good"})";
    event.turns = {{domain::Author::Ai, 0, "Hello"}, {domain::Author::Customer, 2, "Hi"}};
    return event;
}

}  // namespace

class RecordTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RecordTest);
    CPPUNIT_TEST(a_line_that_breaks_after_an_answer_does_not_undo_the_call);
    CPPUNIT_TEST(an_end_that_is_faster_than_the_start_is_told_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { world_ = std::make_unique<CallWorld>(); }
    void tearDown() override { world_.reset(); }

    void a_line_that_breaks_after_an_answer_does_not_undo_the_call() {
        Plan plan;
        plan.reason = "the bike is ready";
        start_while(
            [this] {
                tell(begun());
                tell(line(domain::Line::Answered, "in-progress"));
            },
            plan);
        CPPUNIT_ASSERT(plan_of(world_->call()).state == Plan::State::Started);
        tell(line(domain::Line::Failed, "failed"));
        CPPUNIT_ASSERT(world_->call().active);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->last_event("call_ended"));
        CPPUNIT_ASSERT_EQUAL(plan.reason, plan_of(world_->call()).reason);
    }

    void an_end_that_is_faster_than_the_start_is_told_once() {
        start_while([this] {
            tell(begun());
            tell(ended("by-webhook"));
        });
        tell(ended("fetched"));
        const auto turns =
            world_->store->call_turns(CallWorld::organization, world_->call().id, 10);
        CPPUNIT_ASSERT(turns);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, turns->size());
        const std::string record = world_->call().record_json;
        CPPUNIT_ASSERT_MESSAGE(record, record.find("mood") != std::string::npos);
        const auto told = world_->events();
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::count(told.begin(), told.end(), "call_ended"));
    }

private:
    void start_while(std::function<void()> happens, const Plan& plan = {}) {
        const auto owed = world_->owe_call(plan);
        world_->voice->during = std::move(happens);
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->row_is_gone());
    }

    /// As receive records it.
    template <typename Event>
    void tell(const Event& event) {
        const auto& organization = world_->voiced.all().front();
        const receive::Scope scope{&organization, "voice", organization.numbers.front(),
                                   CallWorld::customer};
        const receive::Moment moment{world_->clock.now(), &world_->ids};
        auto outcome = world_->committer->commit(
            receive::record(event, scope, world_->snapshot(), world_->call(), moment));
        CPPUNIT_ASSERT(outcome && outcome->kind == store::Outcome::Kind::Committed);
    }

    std::unique_ptr<CallWorld> world_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordTest);

}  // namespace tandem::call
