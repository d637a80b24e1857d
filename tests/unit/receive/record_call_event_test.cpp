#include "unit/receive/recorded.h"

namespace tandem::receive {

/// What one event of a call writes; record_call_test has the stories of many.
class RecordCallEventTest : public Shop {
    CPPUNIT_TEST_SUITE(RecordCallEventTest);
    CPPUNIT_TEST(a_call_of_a_stranger_makes_a_lead_and_is_announced);
    CPPUNIT_TEST(a_call_that_was_announced_is_not_announced_again);
    CPPUNIT_TEST(a_webhook_before_the_providers_answer_announces_the_call);
    CPPUNIT_TEST(an_ended_call_keeps_its_turns_and_its_summary);
    CPPUNIT_TEST(an_end_without_a_beginning_makes_the_call);
    CPPUNIT_TEST(a_call_without_a_summary_keeps_the_last_one);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_call_of_a_stranger_makes_a_lead_and_is_announced() {
        CallStarted started;
        started.dedupe_key = "started:CA1";
        started.call_id = "CA1";
        const auto set = record(started, scope_, {}, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_auto_created call_initiated "), types(set));
        CPPUNIT_ASSERT(says(set, "call_initiated", "\"callType\":\"inbound\""));
        CPPUNIT_ASSERT(says(set, "call_initiated", "\"caller_type\":\"new_caller\""));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT(call.active);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), call.line_id);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
    }

    void a_call_that_was_announced_is_not_announced_again() {
        domain::Call placed;
        placed.id = "call-1";
        placed.direction = domain::CallDirection::Outbound;
        placed.conversation_id = "conv_1";
        CallStarted started;
        started.call_id = "CA1";
        const auto set = record(started, scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("call-1"), call.id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), call.line_id);
        CPPUNIT_ASSERT(call.direction == domain::CallDirection::Outbound);
    }

    void a_webhook_before_the_providers_answer_announces_the_call() {
        domain::Call placed;
        placed.id = "call-1";
        placed.direction = domain::CallDirection::Outbound;
        placed.active = true;
        placed.record_json = R"({"state":"starting","callReason":"test ride","initiatedBy":"ann"})";
        CallStarted started;
        started.call_id = "CA1";
        started.conversation_id = "conv_1";
        const auto begun = record(started, scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("call_initiated "), types(begun));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"conversationId\":\"conv_1\""));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"callReason\":\"test ride\""));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"initiatedBy\":\"ann\""));

        const auto over = record(ended(), scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("call_initiated call_ended "), types(over));
        // One that was given up is over for screens; only its end is told, late as it is.
        placed.active = false;
        CPPUNIT_ASSERT_EQUAL(std::string("call_ended "),
                             types(record(ended(), scope_, known(), placed, moment_)));
    }

    void an_ended_call_keeps_its_turns_and_its_summary() {
        domain::Call live;
        live.id = "call-1";
        live.active = true;
        live.started_at = moment_.now - std::chrono::seconds(60);
        const auto set = record(ended(), scope_, known(), live, moment_);
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("call-1"), call.id);
        CPPUNIT_ASSERT(!call.active);
        CPPUNIT_ASSERT(call.ended_at == live.started_at + std::chrono::seconds(42));
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), only<domain::Conversation>(set).summary);
        const auto turns = all_of<domain::Message>(set);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, turns.size());
        for (const auto& turn : turns)
            CPPUNIT_ASSERT(turn.type == domain::MessageType::Voice && turn.provider_id.empty());
        CPPUNIT_ASSERT(turns[0].direction == domain::Direction::Outbound);
        CPPUNIT_ASSERT(turns[1].direction == domain::Direction::Inbound);
        CPPUNIT_ASSERT(turns[1].delivery == Delivery::Received);
        CPPUNIT_ASSERT(turns[1].at == live.started_at + std::chrono::seconds(5));
        CPPUNIT_ASSERT_EQUAL(std::string("call_ended "), types(set));
        CPPUNIT_ASSERT(says(set, "call_ended", "\"outcome\":\"success\""));
        CPPUNIT_ASSERT(says(set, "call_ended", "\"duration\":42"));
    }

    void an_end_without_a_beginning_makes_the_call() {
        auto event = ended();
        event.happened_at = moment_.now - std::chrono::seconds(100);
        const auto set = record(event, scope_, {}, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_auto_created call_ended "), types(set));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT(call.started_at == event.happened_at - std::chrono::seconds(42));
        CPPUNIT_ASSERT(call.ended_at == event.happened_at);
        CPPUNIT_ASSERT(!call.active);
    }

    void a_call_without_a_summary_keeps_the_last_one() {
        auto event = ended();
        event.summary.clear();
        auto snapshot = known();
        snapshot.conversation->summary = "Earlier.";
        const auto set = record(event, scope_, snapshot, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("Earlier."), only<domain::Conversation>(set).summary);
    }

private:
    CallEnded ended() const {
        CallEnded event;
        event.dedupe_key = "ended:CA1";
        event.call_id = "CA1";
        event.outcome = domain::CallOutcome::Success;
        event.duration_s = 42;
        event.summary = "Wants a bike.";
        event.turns = {{domain::Author::Ai, 0, "Hello"},
                       {domain::Author::Customer, 5, "Hi"},
                       {domain::Author::Human, 9, "I take over"}};
        return event;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordCallEventTest);

}  // namespace tandem::receive
