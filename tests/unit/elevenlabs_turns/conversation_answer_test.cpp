#include "unit/elevenlabs_turns/told.h"

namespace tandem::elevenlabs {

namespace {

/// What of all that is said is the answer, and when it is whole.
class ConversationAnswerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConversationAnswerTest);
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
    CPPUNIT_TEST(an_empty_answer_is_a_failure);
    CPPUNIT_TEST_SUITE_END();

public:
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

    void an_empty_answer_is_a_failure() {
        Told told = asked();
        told.hear({said::response(" \n", 2), said::complete()});
        expect_failure(TANDEM_TIMEOUT, "did not answer", told);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConversationAnswerTest);

}  // namespace

}  // namespace tandem::elevenlabs
