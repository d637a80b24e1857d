#include "conversation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "unit/elevenlabs_turns/said.h"

namespace {

using namespace tandem;
using elevenlabs::Conversation;
using elevenlabs::Json;
using elevenlabs::Patience;
namespace said = test::said;

constexpr std::int64_t begin = 1'000'000;
constexpr std::int64_t deadline = begin + 30'000;

/// A conversation and its clock.
class Told {
public:
    explicit Told(std::string tool = "transfer_to_human", Patience patience = {})
        : conversation({"tandem-turn:t1", "When do you open?", {{"name", "Ann"}}, std::move(tool)},
                       patience, deadline) {
        collect();
    }

    /// These come, 10 ms after one another.
    Told& hear(const std::vector<std::string>& messages) {
        for (const std::string& message : messages) {
            now += 10;
            conversation.take(message, now);
            collect();
        }
        return *this;
    }
    /// Nothing comes for so long.
    Told& wait(std::int64_t milliseconds) {
        const std::int64_t until = now + milliseconds;
        while (!conversation.over() && conversation.wake_at() <= until) {
            now = std::max(now, conversation.wake_at());
            conversation.wait_over(now);
            collect();
        }
        now = until;
        return *this;
    }
    /// Until it is over; how long that took.
    std::int64_t finish() {
        const std::int64_t from = now;
        for (int i = 0; i < 100 && !conversation.over(); ++i) {
            now = std::max(now, conversation.wake_at());
            conversation.wait_over(now);
            collect();
        }
        CPPUNIT_ASSERT(conversation.over());
        return now - from;
    }

    std::vector<std::string> types() const {
        std::vector<std::string> types;
        for (const Json& message : sent) types.push_back(message.at("type"));
        return types;
    }

    std::int64_t now = begin;
    std::vector<Json> sent;
    Conversation conversation;

private:
    void collect() {
        for (const std::string& text : conversation.to_send()) sent.push_back(Json::parse(text));
    }
};

/// One that was greeted at event 1 and has asked.
Told asked() {
    Told told;
    told.hear({said::metadata(), said::response("Hello, this is Bikes.", 1)});
    return told;
}

void expect_answer(const std::string& answer, Told& told) {
    told.finish();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(told.conversation.failure(), int{TANDEM_OK},
                                 int{told.conversation.status()});
    CPPUNIT_ASSERT_EQUAL(answer, told.conversation.answer());
}

void expect_failure(tandem_status status, const std::string& words, Told& told) {
    told.finish();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(told.conversation.failure(), int{status},
                                 int{told.conversation.status()});
    CPPUNIT_ASSERT_MESSAGE(told.conversation.failure(),
                           told.conversation.failure().find(words) != std::string::npos);
}

class ConversationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConversationTest);
    CPPUNIT_TEST(it_begins_with_who_asks_and_all_variables);
    CPPUNIT_TEST(the_question_follows_the_first_message_at_once);
    CPPUNIT_TEST(the_question_waits_a_second_for_the_first_message);
    CPPUNIT_TEST(an_agent_without_first_message_is_asked_at_once);
    CPPUNIT_TEST(nothing_of_the_first_message_is_the_answer);
    CPPUNIT_TEST(a_greeting_that_comes_after_the_question_is_dropped);
    CPPUNIT_TEST(a_greeting_before_the_metadata_is_a_greeting);
    CPPUNIT_TEST(quiet_ends_an_answer);
    CPPUNIT_TEST(complete_ends_an_answer_at_once);
    CPPUNIT_TEST(complete_of_the_first_message_ends_nothing);
    CPPUNIT_TEST(pings_are_answered_and_do_not_break_the_quiet);
    CPPUNIT_TEST(the_whole_counts_and_not_its_pieces);
    CPPUNIT_TEST(the_whole_is_waited_for_while_pieces_come);
    CPPUNIT_TEST(late_pieces_change_nothing);
    CPPUNIT_TEST(pieces_without_their_whole_are_a_mistake_of_the_agent);
    CPPUNIT_TEST(several_messages_become_one_answer);
    CPPUNIT_TEST(the_same_event_again_replaces_what_was_said);
    CPPUNIT_TEST(corrections_win_in_any_order);
    CPPUNIT_TEST(an_interrupted_message_is_not_waited_for);
    CPPUNIT_TEST(a_tool_under_way_keeps_the_turn_open);
    CPPUNIT_TEST(after_a_tool_the_model_gets_time);
    CPPUNIT_TEST(client_tools_are_answered_with_an_error);
    CPPUNIT_TEST(the_tool_for_a_person_asks_for_one);
    CPPUNIT_TEST(an_agent_s_own_tool_asks_for_a_person_once_it_worked);
    CPPUNIT_TEST(an_empty_answer_is_a_failure);
    CPPUNIT_TEST(the_deadline_is_kept);
    CPPUNIT_TEST(one_that_never_stops_is_over_at_the_deadline);
    CPPUNIT_TEST(errors_that_stay_are_told_from_those_that_pass);
    CPPUNIT_TEST(a_close_ends_it_with_or_without_answer);
    CPPUNIT_TEST(what_is_unknown_or_broken_is_passed_over);
    CPPUNIT_TEST(any_order_of_messages_ends_before_the_deadline);
    CPPUNIT_TEST_SUITE_END();

public:
    void it_begins_with_who_asks_and_all_variables() {
        const Told told;
        CPPUNIT_ASSERT_EQUAL(
            Json({{"type", "conversation_initiation_client_data"},
                  {"user_id", "tandem-turn:t1"},
                  {"dynamic_variables", {{"name", "Ann"}}},
                  {"conversation_config_override", {{"conversation", {{"text_only", true}}}}}})
                .dump(),
            told.sent.at(0).dump());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told.sent.size());
    }

    void the_question_follows_the_first_message_at_once() {
        const Told told = asked();
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), told.types().back());
        CPPUNIT_ASSERT_EQUAL(std::string("When do you open?"),
                             told.sent.back().at("text").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(begin + 20, told.now);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_1"), told.conversation.id());
        CPPUNIT_ASSERT(told.conversation.greeted());
    }

    void the_question_waits_a_second_for_the_first_message() {
        Told told;
        told.wait(5'000);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told.sent.size());
        told.hear({said::metadata(), said::ping(1)}).wait(980);
        CPPUNIT_ASSERT_EQUAL(std::string("pong"), told.types().back());
        told.wait(20);
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), told.types().back());
        CPPUNIT_ASSERT(!told.conversation.greeted());
        told.hear({said::response("At nine.", 1)});
        expect_answer("At nine.", told);
    }

    void an_agent_without_first_message_is_asked_at_once() {
        Patience patience;
        patience.first_message = 0;
        Told told("", patience);
        told.hear({said::metadata()});
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), told.types().back());
    }

    void nothing_of_the_first_message_is_the_answer() {
        Told told = asked();
        told.hear({said::piece("stop", "", 1), said::response("Hello, this is Bikes.", 1),
                   said::correction("Hello, this is Bikes.", "Hello", 1),
                   said::response("older still", 0 - 1)})
            .wait(5'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::response("At nine.", 2)});
        expect_answer("At nine.", told);

        Told in_pieces;
        in_pieces
            .hear({said::metadata(), said::piece("start", "", 4), said::piece("delta", "He", 4)})
            .wait(1'000);
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), in_pieces.types().back());
        in_pieces.hear({said::piece("stop", "", 4), said::response("Hello", 4),
                        said::response("At nine.", 5)});
        expect_answer("At nine.", in_pieces);
    }

    void a_greeting_that_comes_after_the_question_is_dropped() {
        Told told;
        told.hear({said::metadata()}).wait(1'000);
        told.hear({said::response("Hello, this is Bikes.", 1), said::piece("start", "", 2),
                   said::piece("stop", "", 2), said::response("At nine.", 2)});
        expect_answer("At nine.", told);
    }

    void a_greeting_before_the_metadata_is_a_greeting() {
        Told told;
        told.hear({said::response("Hello", 1), said::metadata()});
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), told.types().back());
        told.hear({said::response("At nine.", 2)});
        expect_answer("At nine.", told);
    }

    void quiet_ends_an_answer() {
        Told told = asked();
        told.wait(4'000).hear({said::response("At nine.", 2)});
        CPPUNIT_ASSERT(!told.conversation.over());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1'500}, told.finish());
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), told.conversation.answer());
    }

    void complete_ends_an_answer_at_once() {
        Told told = asked();
        told.hear({said::response("At nine.", 2), said::complete()});
        CPPUNIT_ASSERT(told.conversation.over());
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), told.conversation.answer());
    }

    void complete_of_the_first_message_ends_nothing() {
        Told told = asked();
        told.hear({said::complete()}).wait(3'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::piece("start", "", 2), said::complete(), said::response("At nine.", 2)});
        CPPUNIT_ASSERT(!told.conversation.over());
        expect_answer("At nine.", told);
    }

    void pings_are_answered_and_do_not_break_the_quiet() {
        Told told = asked();
        told.hear({said::ping(17), said::response("At nine.", 2)});
        std::int64_t waited = 0;
        for (int i = 18; !told.conversation.over() && waited < 10'000; ++i, waited += 110) {
            told.hear({said::ping(i)}).wait(100);
        }
        CPPUNIT_ASSERT(waited >= 1'400 && waited <= 1'700);
        CPPUNIT_ASSERT_EQUAL(std::string("pong"), told.types().at(2));
        CPPUNIT_ASSERT_EQUAL(17, told.sent.at(2).at("event_id").get<int>());
        CPPUNIT_ASSERT_EQUAL(18, told.sent.at(3).at("event_id").get<int>());
    }

    void the_whole_counts_and_not_its_pieces() {
        Told told = asked();
        told.hear({said::piece("start", "", 2), said::piece("delta", "At eight", 2),
                   said::piece("stop", "", 2), said::response(" At nine.\n", 2)});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1'500}, told.finish());
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), told.conversation.answer());
    }

    void the_whole_is_waited_for_while_pieces_come() {
        Told told = asked();
        told.hear({said::response("Let me see.", 2), said::piece("start", "", 3)});
        told.wait(6'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::complete(), said::piece("delta", "At", 3), said::piece("stop", "", 3)});
        told.wait(4'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::response("At nine.", 3)});
        expect_answer("Let me see.\nAt nine.", told);
    }

    void late_pieces_change_nothing() {
        Told told = asked();
        told.hear({said::response("At nine.", 2), said::piece("start", "", 2),
                   said::piece("delta", "At", 2), said::piece("stop", "", 2)});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1'500}, told.finish());
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), told.conversation.answer());
    }

    void pieces_without_their_whole_are_a_mistake_of_the_agent() {
        Told told = asked();
        told.hear({said::piece("start", "", 2), said::piece("delta", "At nine.", 2),
                   said::piece("stop", "", 2)});
        expect_failure(TANDEM_INVALID, "agent_response", told);
        CPPUNIT_ASSERT_EQUAL(begin + 50 + 5'000, told.now);
    }

    void several_messages_become_one_answer() {
        Told told = asked();
        told.hear({said::response("One moment. ", 2), said::tool_request("hours", "a"),
                   said::tool_response("hours", "a"), said::response("At nine.", 3),
                   said::response("", 4), said::response("See you!", 5)});
        expect_answer("One moment.\nAt nine.\nSee you!", told);
        // Two under one event, with a tool in between, are two.
        Told same = asked();
        same.hear({said::response("One moment.", 2), said::tool_request("hours", "a"),
                   said::tool_response("hours", "a"), said::response("At nine.", 2)});
        expect_answer("One moment.\nAt nine.", same);
    }

    void the_same_event_again_replaces_what_was_said() {
        Told told = asked();
        told.hear({said::response("At eight.", 2), said::response("At nine.", 2),
                   said::response("At nine.", 2)});
        expect_answer("At nine.", told);
        Told unnumbered = asked();
        unnumbered.hear(
            {said::response_without_event("At nine."), said::response_without_event("Bye.")});
        expect_answer("At nine.\nBye.", unnumbered);
    }

    void corrections_win_in_any_order() {
        const std::string wrong = said::response("At eight.", 2);
        const std::string more = said::response("Bye.", 3);
        const std::string right = said::correction("At eight.", "At nine.", 2);
        for (const auto& order :
             std::vector<std::vector<std::string>>{{wrong, right, more},
                                                   {right, wrong, more},
                                                   {wrong, more, right},
                                                   {wrong, right, wrong, more},
                                                   {wrong, right, right, more}}) {
            Told told = asked();
            told.hear(order);
            expect_answer("At nine.\nBye.", told);
        }
        // Of a text that nobody said in these words: the event tells which is meant.
        Told other_words = asked();
        other_words.hear({wrong, said::correction("At eight…", "At nine.", 2)});
        expect_answer("At nine.", other_words);
        // Cut off before anything was said, and of something else.
        Told nothing_left = asked();
        nothing_left.hear(
            {wrong, more, said::correction("Bye.", "", 3), said::correction("Bye.", "no", 9)});
        expect_answer("At eight.", nothing_left);
    }

    void an_interrupted_message_is_not_waited_for() {
        Told told = asked();
        told.hear({said::response("At nine.", 2), said::piece("start", "", 3),
                   said::piece("delta", "And", 3), said::interruption(3)});
        expect_answer("At nine.", told);
        Told corrected = asked();
        corrected.hear({said::response("At nine, and so on", 2), said::interruption(2),
                        said::correction("At nine, and so on", "At nine", 2)});
        expect_answer("At nine", corrected);
    }

    void a_tool_under_way_keeps_the_turn_open() {
        Told told = asked();
        told.hear({said::response("One moment.", 2), said::tool_request("hours", "a"),
                   said::tool_request("stock", "b"), said::tool_response("hours", "a"),
                   said::complete()});
        told.wait(15'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::tool_response("stock", "b"), said::response("At nine.", 3)});
        expect_answer("One moment.\nAt nine.", told);
        Told hanging = asked();
        hanging.hear({said::response("One moment.", 2), said::tool_request("hours", "a")});
        expect_failure(TANDEM_TIMEOUT, "tool", hanging);
        CPPUNIT_ASSERT_EQUAL(deadline, hanging.now);
    }

    void after_a_tool_the_model_gets_time() {
        Told told = asked();
        told.hear({said::response("One moment.", 2), said::tool_request("hours", "a"),
                   said::tool_response("hours", "a")});
        told.wait(7'000);
        CPPUNIT_ASSERT(!told.conversation.over());
        told.hear({said::response("At nine.", 3)});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1'500}, told.finish());
    }

    void client_tools_are_answered_with_an_error() {
        Told told = asked();
        // Told of in both ways, and answered once.
        told.hear({said::tool_request("open_door", "c1", "client"),
                   said::client_tool("open_door", "c1")});
        const Json& result = told.sent.back();
        CPPUNIT_ASSERT_EQUAL(std::string("client_tool_result"),
                             result.at("type").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("c1"), result.at("tool_call_id").get<std::string>());
        CPPUNIT_ASSERT(result.at("is_error").get<bool>());
        CPPUNIT_ASSERT(!result.at("result").get<std::string>().empty());
        told.hear({said::response("I cannot do that.", 2)});
        expect_answer("I cannot do that.", told);
        CPPUNIT_ASSERT(!told.conversation.needs_human());
    }

    void the_tool_for_a_person_asks_for_one() {
        Told told = asked();
        told.hear({said::client_tool("transfer_to_human", "c1", {{"reason", "wants a\nrefund"}})});
        CPPUNIT_ASSERT(!told.sent.back().at("is_error").get<bool>());
        told.hear({said::response("Somebody will write to you.", 2)});
        expect_answer("Somebody will write to you.", told);
        CPPUNIT_ASSERT_EQUAL(std::string("wants a refund"), *told.conversation.needs_human());
        // Without another word.
        Told silent = asked();
        silent.hear({said::client_tool("transfer_to_human", "c1")});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{8'000}, silent.finish());
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_OK}, int{silent.conversation.status()});
        CPPUNIT_ASSERT(silent.conversation.answer().empty());
        CPPUNIT_ASSERT(silent.conversation.needs_human());
        // Where no tool is meant to, none does.
        Told none("");
        none.hear({said::metadata(), said::response("Hello", 1), said::client_tool("", "c1"),
                   said::response("No.", 2)});
        expect_answer("No.", none);
        CPPUNIT_ASSERT(!none.conversation.needs_human());
    }

    void an_agent_s_own_tool_asks_for_a_person_once_it_worked() {
        for (const bool failed : {false, true}) {
            Told told = asked();
            told.hear({said::tool_request("transfer_to_human", "a"),
                       said::tool_response("transfer_to_human", "a", failed),
                       said::response("I will see.", 2)});
            expect_answer("I will see.", told);
            CPPUNIT_ASSERT_EQUAL(!failed, told.conversation.needs_human().has_value());
        }
    }

    void an_empty_answer_is_a_failure() {
        Told told = asked();
        told.hear({said::response(" \n", 2), said::complete()});
        expect_failure(TANDEM_TIMEOUT, "did not answer", told);
    }

    void the_deadline_is_kept() {
        Told silent;
        expect_failure(TANDEM_TIMEOUT, "did not begin", silent);
        CPPUNIT_ASSERT_EQUAL(deadline, silent.now);
        Told no_answer = asked();
        expect_failure(TANDEM_TIMEOUT, "did not answer", no_answer);
        CPPUNIT_ASSERT_EQUAL(deadline, no_answer.now);
        // What is whole then is an answer; what is not, none.
        Told late = asked();
        late.wait(29'000).hear({said::response("At nine.", 2)});
        expect_answer("At nine.", late);
        CPPUNIT_ASSERT_EQUAL(deadline, late.now);
        Told half = asked();
        half.wait(29'000).hear({said::response("At nine.", 2), said::piece("start", "", 3)});
        expect_failure(TANDEM_TIMEOUT, "did not answer", half);
        // A message after the deadline changes nothing.
        Told after = asked();
        after.now = deadline;
        after.hear({said::response("At nine.", 2)});
        expect_failure(TANDEM_TIMEOUT, "did not answer", after);
    }

    void one_that_never_stops_is_over_at_the_deadline() {
        Told told = asked();
        int event = 2;
        while (!told.conversation.over() && told.now < 2 * deadline)
            told.hear({said::piece("delta", "x", event)});
        CPPUNIT_ASSERT_EQUAL(deadline, told.now);
        Told texts = asked();
        while (!texts.conversation.over() && event < 10'000)
            texts.hear({said::response("again", event++)});
        expect_failure(TANDEM_UNAVAILABLE, "does not stop", texts);
    }

    void errors_that_stay_are_told_from_those_that_pass() {
        struct Case {
            const char* type;
            int code;
            tandem_status expected;
        };
        for (const Case& one : {Case{"missing_dynamic_variable", 1008, TANDEM_INVALID},
                                Case{"override_error", 1008, TANDEM_INVALID},
                                Case{"invalid_message", 1008, TANDEM_INVALID},
                                Case{"missing_fields", 0, TANDEM_INVALID},
                                Case{"something_new", 1008, TANDEM_INVALID},
                                Case{"llm_timeout", 1002, TANDEM_TIMEOUT},
                                Case{"llm_error", 1002, TANDEM_UNAVAILABLE},
                                Case{"safety_violation", 1002, TANDEM_UNAVAILABLE},
                                Case{"unknown_websocket_crash", 1011, TANDEM_UNAVAILABLE}}) {
            Told told = asked();
            told.hear({said::error(one.type, one.code, "the words\nof the provider")});
            expect_failure(one.expected, std::string(one.type) + ": the words of", told);
            CPPUNIT_ASSERT_EQUAL(begin + 30, told.now);
        }
        Told at_once;
        at_once.hear({said::error("missing_dynamic_variable", 1008)});
        expect_failure(TANDEM_INVALID, "dynamic variable", at_once);
        // A whole answer is not taken back by what comes after it.
        Told answered = asked();
        answered.hear({said::response("At nine.", 2), said::error("llm_error", 1002)});
        expect_answer("At nine.", answered);
    }

    void a_close_ends_it_with_or_without_answer() {
        for (const auto& [code, expected] :
             {std::pair{1000u, TANDEM_UNAVAILABLE}, std::pair{1002u, TANDEM_UNAVAILABLE},
              std::pair{1008u, TANDEM_INVALID}, std::pair{1011u, TANDEM_UNAVAILABLE},
              std::pair{4300u, TANDEM_UNAVAILABLE}}) {
            Told told = asked();
            told.conversation.closed(code, "why");
            expect_failure(expected, std::to_string(code), told);
            Told answered = asked();
            answered.hear({said::response("At nine.", 2)});
            answered.conversation.closed(code, "why");
            expect_answer("At nine.", answered);
            Told half = asked();
            half.hear({said::response("One moment.", 2), said::tool_request("hours", "a")});
            half.conversation.closed(code, "why");
            // The tool that ends a conversation is never told to have ended.
            CPPUNIT_ASSERT_EQUAL(code == 1000, half.conversation.status() == TANDEM_OK);
        }
        Told broken = asked();
        broken.conversation.closed(0, "the connection broke");
        expect_failure(TANDEM_UNAVAILABLE, "the connection broke", broken);
    }

    void what_is_unknown_or_broken_is_passed_over() {
        Told told = asked();
        told.hear({"", "no json", "[]", "{}", "null", "{\"type\":7}", "{\"type\":\"new_thing\"}",
                   "{\"type\":\"agent_response\"}", "{\"type\":\"ping\"}",
                   "{\"type\":\"agent_response\",\"agent_response_event\":[]}",
                   "{\"type\":\"agent_response\",\"agent_response_event\":{\"agent_response\":{}}}",
                   "{\"type\":\"client_tool_call\",\"client_tool_call\":null}",
                   "{\"type\":\"error\" \"x\"}", "\xFF\xFE", std::string(1000, '['),
                   "{\"type\":\"vad_score\",\"vad_score_event\":{\"vad_score\":0.5}}",
                   said::response("At nine.", 2)});
        expect_answer("At nine.", told);
    }

    // Whatever comes in whatever order: it ends in time, says OK or why not, and a success has
    // something to give.
    void any_order_of_messages_ends_before_the_deadline() {
        const std::vector<std::string> bag{said::metadata(),
                                           said::ping(3),
                                           said::response("a", 1),
                                           said::response("b", 2),
                                           said::response("c", 3),
                                           said::response_without_event("d"),
                                           said::piece("start", "", 2),
                                           said::piece("delta", "x", 3),
                                           said::piece("stop", "", 2),
                                           said::piece("stop", "", 3),
                                           said::correction("b", "B", 2),
                                           said::correction("c", "", 3),
                                           said::complete(),
                                           said::interruption(2),
                                           said::client_tool("transfer_to_human", "c1"),
                                           said::client_tool("other", "c2"),
                                           said::tool_request("hours", "t1"),
                                           said::tool_response("hours", "t1"),
                                           said::error("llm_error", 1002),
                                           "garbage"};
        std::mt19937 random(7);
        int answered = 0;
        for (int round = 0; round < 5'000; ++round) {
            Told told;
            if (round % 2) told.hear({said::metadata()});
            const int count = static_cast<int>(random() % 12);
            for (int i = 0; i < count && !told.conversation.over(); ++i) {
                told.hear({bag[random() % bag.size()]});
                if (random() % 3 == 0) told.wait(random() % 3'000);
            }
            told.finish();
            CPPUNIT_ASSERT(told.now <= deadline + 3'000);
            const Conversation& end = told.conversation;
            if (end.status() == TANDEM_OK) {
                ++answered;
                CPPUNIT_ASSERT(!end.answer().empty() || end.needs_human());
            } else {
                CPPUNIT_ASSERT(!end.failure().empty());
            }
        }
        CPPUNIT_ASSERT(answered > 100);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConversationTest);

}  // namespace
