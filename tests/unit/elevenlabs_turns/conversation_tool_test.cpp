#include "unit/elevenlabs_turns/told.h"

namespace tandem::elevenlabs {

namespace {

/// The agent's tools, and the one that asks for a person.
class ConversationToolTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConversationToolTest);
    CPPUNIT_TEST(a_tool_under_way_keeps_the_turn_open);
    CPPUNIT_TEST(after_a_tool_the_model_gets_time);
    CPPUNIT_TEST(client_tools_are_answered_with_an_error);
    CPPUNIT_TEST(the_tool_for_a_person_asks_for_one);
    CPPUNIT_TEST(an_agent_s_own_tool_asks_for_a_person_once_it_worked);
    CPPUNIT_TEST_SUITE_END();

public:
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
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConversationToolTest);

}  // namespace

}  // namespace tandem::elevenlabs
