#include <algorithm>
#include <numeric>

#include "receive/call_details.h"
#include "unit/receive/recorded.h"

namespace tandem::receive {

namespace {

using domain::CallOutcome;
using domain::Line;

/// What a store would have of one call after some events.
struct Kept {
    std::optional<domain::Call> call;
    std::vector<domain::Message> turns;
    std::vector<std::string> ends;  // payloads of call_ended
    std::string summary;
};

}  // namespace

class RecordCallTest : public Shop {
    CPPUNIT_TEST_SUITE(RecordCallTest);
    CPPUNIT_TEST(a_line_that_rings_and_is_answered_is_remembered);
    CPPUNIT_TEST(each_word_for_a_line_that_never_connected_ends_the_call);
    CPPUNIT_TEST(a_line_that_broke_after_an_answer_waits_for_what_was_said);
    CPPUNIT_TEST(a_completed_line_waits_for_what_was_said);
    CPPUNIT_TEST(a_word_of_nobody_changes_nothing);
    CPPUNIT_TEST(what_overtook_the_end_does_not_ring_again);
    CPPUNIT_TEST(a_failure_told_twice_is_told_once_to_screens);
    CPPUNIT_TEST(in_every_order_a_conversation_is_told_once_and_stored_once);
    CPPUNIT_TEST(in_every_order_of_contradictions_what_was_said_wins);
    CPPUNIT_TEST(turns_know_their_call);
    CPPUNIT_TEST(a_call_of_unknown_length_ends_when_it_is_told);
    CPPUNIT_TEST(what_other_rooms_keep_of_a_call_stays);
    CPPUNIT_TEST(an_ended_call_does_not_begin_again);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_line_that_rings_and_is_answered_is_remembered() {
        Kept kept = placed();
        take(kept, line(Line::Ringing, "ringing", 1));
        take(kept, line(Line::Answered, "in-progress", 5));
        const CallDetails details = details_of(*kept.call);
        CPPUNIT_ASSERT(details.ringing_at == at(1));
        CPPUNIT_ASSERT(details.answered_at == at(5));
        CPPUNIT_ASSERT_EQUAL(std::string("in-progress"), details.line_word);
        CPPUNIT_ASSERT(kept.call->active);
        CPPUNIT_ASSERT(kept.ends.empty());
        // The first ringing is the ringing.
        take(kept, line(Line::Ringing, "ringing", 9));
        CPPUNIT_ASSERT(details_of(*kept.call).ringing_at == at(1));
    }

    void each_word_for_a_line_that_never_connected_ends_the_call() {
        for (const auto& [word, text] : {std::pair{Line::Busy, "busy"},
                                         {Line::NoAnswer, "no-answer"},
                                         {Line::Failed, "failed"},
                                         {Line::Canceled, "canceled"}}) {
            for (const char* said : {text, ""}) {
                Kept kept = placed();
                take(kept, line(word, said, 30));
                CPPUNIT_ASSERT(!kept.call->active);
                CPPUNIT_ASSERT(kept.call->outcome == CallOutcome::NeverConnected);
                CPPUNIT_ASSERT(kept.call->ended_at == at(30));
                CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
                expect(kept.ends[0], "\"outcome\":\"failed\"");
                expect(kept.ends[0], "\"failureReason\":\"" + std::string(text) + "\"");
                CPPUNIT_ASSERT_EQUAL(std::string(text), details_of(*kept.call).failure_reason);
            }
        }
    }

    void a_line_that_broke_after_an_answer_waits_for_what_was_said() {
        Kept kept = placed();
        take(kept, line(Line::Answered, "in-progress", 5));
        take(kept, line(Line::Failed, "failed", 20));
        CPPUNIT_ASSERT(kept.call->active);
        CPPUNIT_ASSERT(kept.ends.empty());
        CPPUNIT_ASSERT(details_of(*kept.call).line_ended_at == at(20));
        take(kept, told());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
        CPPUNIT_ASSERT(kept.call->outcome == CallOutcome::Success);
    }

    void a_completed_line_waits_for_what_was_said() {
        Kept kept = placed();
        take(kept, line(Line::Completed, "completed", 60, 42));
        CPPUNIT_ASSERT(kept.call->active);
        CPPUNIT_ASSERT(kept.ends.empty());
        // Who does not know how long it was is told by the line.
        CallEnded end = told();
        end.duration_s = 0;
        take(kept, end);
        CPPUNIT_ASSERT_EQUAL(int64_t{42}, kept.call->duration_s);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
    }

    void a_word_of_nobody_changes_nothing() {
        const Kept kept = placed();
        const auto set =
            record(line(Line::Other, "queued", 0), scope_, known(), *kept.call, moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, set.operations.size());
        CPPUNIT_ASSERT(std::holds_alternative<store::Dedupe>(set.operations[0]));
    }

    void what_overtook_the_end_does_not_ring_again() {
        Kept kept = placed();
        take(kept, line(Line::Busy, "busy", 30));
        take(kept, line(Line::Ringing, "ringing", 1));
        CPPUNIT_ASSERT(!kept.call->active);
        CPPUNIT_ASSERT_EQUAL(std::string("busy"), details_of(*kept.call).line_word);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
    }

    void a_failure_told_twice_is_told_once_to_screens() {
        for (const bool line_first : {true, false}) {
            Kept kept = placed();
            if (line_first) take(kept, line(Line::NoAnswer, "no-answer", 30));
            take(kept, failure());
            if (!line_first) take(kept, line(Line::NoAnswer, "no-answer", 30));
            CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
            CPPUNIT_ASSERT(kept.call->outcome == CallOutcome::NeverConnected);
            CPPUNIT_ASSERT_EQUAL(std::string("no-answer"), details_of(*kept.call).failure_reason);
            CPPUNIT_ASSERT_EQUAL(std::string("conv_1"), kept.call->conversation_id);
        }
    }

    void in_every_order_a_conversation_is_told_once_and_stored_once() {
        in_every_order({line(Line::Ringing, "ringing", 1), line(Line::Answered, "in-progress", 5),
                        line(Line::Completed, "completed", 60, 42), told(), told_again()},
                       [this](const Kept& kept) {
                           CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
                           expect_told(kept);
                           CPPUNIT_ASSERT(details_of(*kept.call).ringing_at == at(1));
                           CPPUNIT_ASSERT(details_of(*kept.call).answered_at == at(5));
                           CPPUNIT_ASSERT(details_of(*kept.call).line_ended_at == at(60));
                       });
    }

    void in_every_order_of_contradictions_what_was_said_wins() {
        in_every_order({line(Line::Busy, "busy", 30), failure(), told(), given_up()},
                       [this](const Kept& kept) {
                           CPPUNIT_ASSERT(!kept.ends.empty() && kept.ends.size() <= 2);
                           expect(kept.ends.back(), "\"outcome\":\"success\"");
                           if (kept.ends.size() == 2)
                               expect(kept.ends.front(), "\"transcript\":[]");
                           expect_told(kept);
                       });
        // Nobody tells what was said: one end, and it is never taken back.
        in_every_order({line(Line::Busy, "busy", 30), failure(), given_up()}, [](const Kept& kept) {
            CPPUNIT_ASSERT_EQUAL(size_t{1}, kept.ends.size());
            CPPUNIT_ASSERT(!kept.call->active);
            CPPUNIT_ASSERT(kept.call->outcome == CallOutcome::NeverConnected);
            CPPUNIT_ASSERT(kept.turns.empty());
        });
    }

    void turns_know_their_call() {
        Kept kept = placed();
        take(kept, told());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, kept.turns.size());
        for (const auto& turn : kept.turns) {
            CPPUNIT_ASSERT_EQUAL(std::string("call-1"), turn.call_id);
            // The line was another instance's; the words are the voice's.
            CPPUNIT_ASSERT_EQUAL(std::string("eleven"), turn.instance);
        }
    }

    void a_call_of_unknown_length_ends_when_it_is_told() {
        Kept kept = placed();
        take(kept, failure());
        CPPUNIT_ASSERT(kept.call->ended_at == at(90));
        CPPUNIT_ASSERT(kept.call->ended_at >= kept.call->started_at);
    }

    void what_other_rooms_keep_of_a_call_stays() {
        Kept kept = placed();
        kept.call->record_json = R"({"callReason":"repair","line":{"status":"queued"}})";
        take(kept, line(Line::Busy, "busy", 30));
        expect(kept.call->record_json, "\"callReason\":\"repair\"");
        expect(kept.call->record_json, "\"status\":\"busy\"");
        // And what is no JSON is no reason to lose a call.
        kept = placed();
        kept.call->record_json = "{broken";
        take(kept, told());
        expect_told(kept);
    }

    void an_ended_call_does_not_begin_again() {
        Kept kept = placed();
        take(kept, told());
        CallStarted started;
        started.dedupe_key = "started";
        started.call_id = "CA1";
        const auto set = record(started, scope_, known(), kept.call, moment_);
        for (const auto& operation : set.operations) {
            CPPUNIT_ASSERT(!std::holds_alternative<domain::Event>(operation));
            if (const auto* call = std::get_if<domain::Call>(&operation))
                CPPUNIT_ASSERT(!call->active);
        }
    }

private:
    Time at(int seconds) const { return moment_.now + std::chrono::seconds(seconds); }

    Kept placed() const {
        Kept kept;
        kept.call.emplace();
        kept.call->id = "call-1";
        kept.call->address = scope_.customer;
        kept.call->instance = "eleven";
        kept.call->line_id = "CA1";
        kept.call->direction = domain::CallDirection::Outbound;
        kept.call->active = true;
        kept.call->started_at = moment_.now;
        return kept;
    }

    CallStatus line(Line word, std::string said, int seconds, unsigned duration = 0) const {
        CallStatus event;
        event.dedupe_key = "line:" + said;
        event.call_id = "CA1";
        event.line = word;
        event.provider_word = std::move(said);
        event.duration_s = duration;
        event.happened_at = at(seconds);
        return event;
    }

    CallEnded told() const {
        CallEnded event;
        event.dedupe_key = "post_call_transcription:conv_1";
        event.call_id = "CA1";
        event.conversation_id = "conv_1";
        event.outcome = CallOutcome::Success;
        event.duration_s = 42;
        event.summary = "Wants a bike.";
        event.turns = {{domain::Author::Ai, 0, "Hello"}, {domain::Author::Customer, 5, "Hi"}};
        event.happened_at = at(100);
        return event;
    }

    /// The same end, by another way and a little otherwise.
    CallEnded told_again() const {
        CallEnded event = told();
        event.dedupe_key = "fetched:conv_1";
        event.duration_s = 43;
        return event;
    }

    CallEnded failure() const {
        CallEnded event;
        event.dedupe_key = "call_initiation_failure:conv_1";
        event.call_id = "CA1";
        event.conversation_id = "conv_1";
        event.outcome = CallOutcome::NeverConnected;
        event.failure_reason = "no-answer";
        event.happened_at = at(90);
        return event;
    }

    CallEnded given_up() const {
        CallEnded event;
        event.dedupe_key = "given-up:call-1";
        event.our_call_id = "call-1";
        event.failure_reason = "no news of its end";
        event.happened_at = at(86400);
        return event;
    }

    template <typename Event>
    void take(Kept& kept, const Event& event) {
        const auto set = [&] {
            if constexpr (std::is_same_v<Event, CallStatus>)
                return record(event, scope_, known(), *kept.call, moment_);
            else
                return record(event, scope_, known(), kept.call, moment_);
        }();
        for (const auto& operation : set.operations) {
            if (const auto* call = std::get_if<domain::Call>(&operation)) kept.call = *call;
            if (const auto* turn = std::get_if<domain::Message>(&operation))
                kept.turns.push_back(*turn);
            if (const auto* told = std::get_if<domain::Event>(&operation))
                if (told->type == "call_ended") kept.ends.push_back(told->payload);
            if (const auto* talk = std::get_if<domain::Conversation>(&operation))
                if (!talk->summary.empty()) kept.summary = talk->summary;
        }
    }

    using AnyEnd = std::variant<CallEnded, CallStatus>;
    template <typename Check>
    void in_every_order(const std::vector<AnyEnd>& events, Check check) {
        std::vector<size_t> order(events.size());
        std::iota(order.begin(), order.end(), size_t{0});
        do {
            Kept kept = placed();
            for (const size_t index : order)
                std::visit([&](const auto& event) { take(kept, event); }, events[index]);
            check(kept);
        } while (std::next_permutation(order.begin(), order.end()));
    }

    void expect_told(const Kept& kept) const {
        CPPUNIT_ASSERT(!kept.call->active);
        CPPUNIT_ASSERT(kept.call->outcome == CallOutcome::Success);
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), kept.call->summary);
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), kept.summary);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, kept.turns.size());
        expect(kept.ends.back(), "\"message\":\"Hello\"");
    }

    static void expect(const std::string& text, const std::string& piece) {
        CPPUNIT_ASSERT_MESSAGE(text, text.find(piece) != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordCallTest);

}  // namespace tandem::receive
