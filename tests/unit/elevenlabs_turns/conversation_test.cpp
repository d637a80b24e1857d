#include <random>

#include "unit/elevenlabs_turns/told.h"

namespace tandem::elevenlabs {

namespace {

/// From the first message to the last, in time and in good order.
class ConversationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConversationTest);
    CPPUNIT_TEST(it_begins_with_who_asks_and_all_variables);
    CPPUNIT_TEST(the_question_follows_the_first_message_at_once);
    CPPUNIT_TEST(the_question_waits_a_second_for_the_first_message);
    CPPUNIT_TEST(an_agent_without_first_message_is_asked_at_once);
    CPPUNIT_TEST(nothing_of_the_first_message_is_the_answer);
    CPPUNIT_TEST(a_greeting_that_comes_after_the_question_is_dropped);
    CPPUNIT_TEST(a_greeting_before_the_metadata_is_a_greeting);
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
        // What says nothing makes no greeting of what was said before it.
        Told blank;
        blank.hear({said::metadata()}).wait(1'000);
        blank.hear({said::response("At nine.", 1), said::piece("start", "", 2),
                    said::piece("stop", "", 2), said::response(" ", 2)});
        expect_answer("At nine.", blank);
    }

    void a_greeting_before_the_metadata_is_a_greeting() {
        Told told;
        told.hear({said::response("Hello", 1), said::metadata()});
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"), told.types().back());
        told.hear({said::response("At nine.", 2)});
        expect_answer("At nine.", told);
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

        // What corrects them counts as they do.
        Told corrected = asked();
        for (int turn = 2; turn < 5; ++turn)
            corrected.hear({said::response("short", turn),
                            said::correction("short", std::string(30'000, 'x'), turn)});
        expect_failure(TANDEM_UNAVAILABLE, "does not stop", corrected);
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

}  // namespace tandem::elevenlabs
