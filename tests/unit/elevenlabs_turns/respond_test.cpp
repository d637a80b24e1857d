#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "elevenlabs.h"
#include "tandem/plugin/testing.hpp"
#include "unit/elevenlabs_turns/said.h"

namespace {

using namespace tandem;
using elevenlabs::ElevenLabs;
using elevenlabs::Json;
using plugin::Failure;
using plugin::testing::FakeHost;
using plugin::testing::FakeWebsocket;
using plugin::testing::RecordedReply;
namespace said = test::said;

constexpr const char* signed_url =
    "wss://api.elevenlabs.io/v1/convai/conversation?agent_id=agent_1&token=secret-token";

/// A host whose provider answers as the test scripts it.
struct Scene {
    Scene() : host("elevenlabs") {
        host.option("api_key", "xi-key");
        host.option("agent_id", "agent_1");
        host.apply_defaults<ElevenLabs>();
    }

    /// The signed URL, and an agent that greets and says this once it is asked.
    FakeWebsocket& agent_says(std::vector<std::string> messages) {
        host.answer_http(200, Json{{"signed_url", signed_url}}.dump());
        FakeWebsocket& line = host.websocket();
        react(line, std::move(messages));
        return line;
    }
    static void react(FakeWebsocket& line, std::vector<std::string> messages) {
        line.on_send([&line, messages = std::move(messages)](const std::string& sent) {
            const Json message = Json::parse(sent);
            if (message.at("type") == "conversation_initiation_client_data") {
                line.message(said::metadata());
                line.message(said::response("Hello, this is Bikes.", 1));
            } else if (message.at("type") == "user_message") {
                for (const std::string& one : messages) line.message(one);
            }
        });
    }

    void ask(std::uint32_t deadline_ms = 30'000) {
        ElevenLabs plugin(host.host());
        ask(plugin, deadline_ms);
    }
    void ask(ElevenLabs& plugin, std::uint32_t deadline_ms = 30'000) {
        plugin::Turn turn;
        turn.deadline_ms = deadline_ms;
        turn.turn_id = "t1";
        turn.customer = "+14155550100";
        turn.text = "When do you open?";
        turn.variables = {{"name", "Ann"}, {"history", "Ann: Hi\nAI: Hello"}};
        plugin.respond(turn, reply.sink());
    }
    Failure failure(std::uint32_t deadline_ms = 30'000) {
        try {
            ask(deadline_ms);
        } catch (const Failure& failed) {
            CPPUNIT_ASSERT(reply.pieces().empty());
            for (const auto& line : host.log())
                CPPUNIT_ASSERT(line.text.find("secret-token") == std::string::npos);
            CPPUNIT_ASSERT(std::string(failed.what()).find("secret-token") == std::string::npos);
            return failed;
        }
        CPPUNIT_FAIL("there was an answer: " + reply.whole());
        return Failure(TANDEM_INTERNAL, "");
    }

    FakeHost host;
    RecordedReply reply;
};

class RespondTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RespondTest);
    CPPUNIT_TEST(one_turn_as_the_provider_wants_it);
    CPPUNIT_TEST(a_person_is_asked_for_beside_the_answer);
    CPPUNIT_TEST(a_public_agent_needs_no_signed_url);
    CPPUNIT_TEST(an_agent_that_is_found_to_be_public_is_asked_without_one);
    CPPUNIT_TEST(without_a_signed_url_the_reason_is_told);
    CPPUNIT_TEST(what_cannot_be_opened_is_told);
    CPPUNIT_TEST(a_refused_conversation_is_for_the_operator);
    CPPUNIT_TEST(a_broken_line_is_unavailable_unless_the_answer_is_whole);
    CPPUNIT_TEST(the_deadline_is_for_all_of_it);
    CPPUNIT_TEST(no_turn_takes_more_than_thirty_seconds);
    CPPUNIT_TEST(an_agent_that_greets_is_waited_for_the_next_time);
    CPPUNIT_TEST(options_that_cannot_be_meant_are_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void one_turn_as_the_provider_wants_it() {
        Scene scene;
        FakeWebsocket& line = scene.agent_says({said::ping(5), said::response("At nine.", 2)});
        scene.ask();
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), scene.reply.whole());
        CPPUNIT_ASSERT(!scene.reply.human_asked());

        CPPUNIT_ASSERT_EQUAL(size_t{1}, scene.host.requests().size());
        const auto& request = scene.host.requests().at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), request.method);
        CPPUNIT_ASSERT_EQUAL(
            std::string("https://api.elevenlabs.io/v1/convai/conversation/get-signed-url"
                        "?agent_id=agent_1"),
            request.url);
        CPPUNIT_ASSERT_EQUAL(std::string(signed_url), line.url());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, line.headers().size());

        CPPUNIT_ASSERT_EQUAL(size_t{3}, line.sent().size());
        const Json first = Json::parse(line.sent().at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("tandem-turn:t1"), first.at("user_id").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("Ann: Hi\nAI: Hello"),
                             first.at("dynamic_variables").at("history").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("user_message"),
                             Json::parse(line.sent().at(1)).at("type").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(5, Json::parse(line.sent().at(2)).at("event_id").get<int>());
        CPPUNIT_ASSERT(line.closed_with() == 1000u);
        bool named = false;
        for (const auto& written : scene.host.log()) {
            CPPUNIT_ASSERT_EQUAL(int{TANDEM_LOG_DEBUG}, int{written.level});
            named = named || written.fields.at(0).value == "conv_1";
        }
        CPPUNIT_ASSERT(named);
    }

    void a_person_is_asked_for_beside_the_answer() {
        Scene scene;
        scene.host.option("needs_human_tool", "call_staff");
        scene.agent_says({said::client_tool("call_staff", "c1", {{"reason", "refund"}}),
                          said::response("Somebody will write.", 2)});
        scene.ask();
        CPPUNIT_ASSERT_EQUAL(std::string("Somebody will write."), scene.reply.whole());
        CPPUNIT_ASSERT(scene.reply.human_asked() == std::string("refund"));

        Scene silent;
        silent.agent_says({said::client_tool("transfer_to_human", "c1")});
        silent.ask();
        CPPUNIT_ASSERT(silent.reply.pieces().empty());
        CPPUNIT_ASSERT(silent.reply.human_asked());
    }

    void a_public_agent_needs_no_signed_url() {
        Scene scene;
        scene.host.option("public_agent", "true");
        scene.host.option("api_base_url", "http://127.0.0.1:9/");
        FakeWebsocket& line = scene.host.websocket();
        Scene::react(line, {said::response("At nine.", 2)});
        scene.ask();
        CPPUNIT_ASSERT(scene.host.requests().empty());
        CPPUNIT_ASSERT_EQUAL(
            std::string("ws://127.0.0.1:9/v1/convai/conversation?agent_id=agent_1"), line.url());
    }

    void an_agent_that_is_found_to_be_public_is_asked_without_one() {
        Scene scene;
        scene.host.answer_http(
            400, R"({"detail":{"status":"invalid","message":"Agent auth is not enabled."}})");
        FakeWebsocket& line = scene.host.websocket();
        Scene::react(line, {said::response("At nine.", 2)});
        scene.ask();
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), scene.reply.whole());
        CPPUNIT_ASSERT_EQUAL(
            std::string("wss://api.elevenlabs.io/v1/convai/conversation?agent_id=agent_1"),
            line.url());
    }

    void without_a_signed_url_the_reason_is_told() {
        struct Case {
            int status;
            const char* body;
            tandem_status expected;
        };
        for (const Case& one :
             {Case{401, R"({"detail":"invalid"})", TANDEM_UNAUTHORIZED},
              Case{403, R"({"detail":"not public"})", TANDEM_FORBIDDEN},
              Case{404, R"({"detail":"agent_not_found"})", TANDEM_NOT_FOUND},
              Case{429, R"({"detail":"busy"})", TANDEM_LIMITED},
              Case{500, "garbage", TANDEM_UNAVAILABLE}, Case{200, "garbage", TANDEM_UNAVAILABLE},
              Case{200, "{}", TANDEM_UNAVAILABLE}}) {
            Scene scene;
            scene.host.answer_http(one.status, one.body);
            CPPUNIT_ASSERT_EQUAL(int{one.expected}, int{scene.failure().code()});
        }
        Scene unheard;
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_UNAVAILABLE}, int{unheard.failure().code()});
    }

    void what_cannot_be_opened_is_told() {
        for (const tandem_status status : {TANDEM_FORBIDDEN, TANDEM_UNAVAILABLE, TANDEM_TIMEOUT}) {
            Scene scene;
            scene.agent_says({}).refuse(status, "the server answered 403");
            const Failure failed = scene.failure();
            CPPUNIT_ASSERT_EQUAL(int{status}, int{failed.code()});
        }
        Scene old_host;
        old_host.host.withhold(TANDEM_HOST_WEBSOCKET);
        old_host.agent_says({});
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_UNSUPPORTED}, int{old_host.failure().code()});
    }

    void a_refused_conversation_is_for_the_operator() {
        Scene refused;
        FakeWebsocket& line = refused.agent_says({});
        line.on_send([&line](const std::string&) {
            line.message(said::error("missing_dynamic_variable", 1008, "missing: {'plan'}"));
            line.close(1008, "missing_dynamic_variable");
        });
        const Failure failed = refused.failure();
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_INVALID}, int{failed.code()});
        CPPUNIT_ASSERT(std::string(failed.what()).find("missing: {'plan'}") != std::string::npos);
        CPPUNIT_ASSERT(line.closed_with());
    }

    void a_broken_line_is_unavailable_unless_the_answer_is_whole() {
        Scene scene;
        FakeWebsocket& line = scene.agent_says({said::piece("start", "", 2)});
        react_then_break(line, {said::piece("start", "", 2)});
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_UNAVAILABLE}, int{scene.failure().code()});
        CPPUNIT_ASSERT(line.closed_with());

        Scene whole;
        react_then_break(whole.agent_says({}), {said::response("At nine.", 2)});
        whole.ask();
        CPPUNIT_ASSERT_EQUAL(std::string("At nine."), whole.reply.whole());

        Scene deaf;
        deaf.agent_says({}).break_sends("the connection broke");
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_UNAVAILABLE}, int{deaf.failure().code()});
        // Why it hung up was said before.
        Scene told;
        FakeWebsocket& refused = told.agent_says({});
        refused.message(said::error("override_error", 1008));
        refused.break_sends("the connection broke");
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_INVALID}, int{told.failure().code()});
    }

    void the_deadline_is_for_all_of_it() {
        Scene scene;
        FakeWebsocket& line = scene.agent_says({});
        scene.host.advance(7);
        scene.failure(5'000);
        CPPUNIT_ASSERT_EQUAL(5'000u, scene.host.requests().at(0).deadline_ms);
        CPPUNIT_ASSERT_EQUAL(5'000u, line.deadline_ms());
    }

    void no_turn_takes_more_than_thirty_seconds() {
        for (const std::uint32_t given : {0u, 600'000u, 5'000u}) {
            Scene scene;
            scene.agent_says({said::piece("start", "", 2)});
            const std::int64_t before = scene.host.host().clock().monotonic_ms();
            CPPUNIT_ASSERT_EQUAL(int{TANDEM_TIMEOUT}, int{scene.failure(given).code()});
            CPPUNIT_ASSERT_EQUAL(std::int64_t{given == 5'000 ? 5'000 : 30'000},
                                 scene.host.host().clock().monotonic_ms() - before);
        }
    }

    void an_agent_that_greets_is_waited_for_the_next_time() {
        Scene scene;
        scene.agent_says({said::response("At nine.", 2), said::complete()});
        ElevenLabs plugin(scene.host.host());
        scene.ask(plugin);
        // This time it is slow to greet, and the greeting still is not the answer.
        scene.host.answer_http(200, Json{{"signed_url", signed_url}}.dump());
        FakeWebsocket& line = scene.host.websocket();
        line.message(said::metadata());
        for (int i = 0; i < 3; ++i) line.message(said::ping(i));
        line.nothing();
        const std::int64_t before = scene.host.host().clock().monotonic_ms();
        line.on_send([&](const std::string& sent) {
            if (Json::parse(sent).at("type") != "user_message") return;
            line.message(said::response("At ten.", 2));
            line.message(said::complete());
        });
        scene.ask(plugin);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5'000},
                             scene.host.host().clock().monotonic_ms() - before);
        CPPUNIT_ASSERT_EQUAL(std::string("At nine.At ten."), scene.reply.whole());
    }

    void options_that_cannot_be_meant_are_refused() {
        for (const char* name : {"first_message_wait_ms", "answer_quiet_ms"}) {
            for (const char* value : {"-1", "10001"}) {
                Scene scene;
                scene.host.option(name, value);
                CPPUNIT_ASSERT_THROW(ElevenLabs(scene.host.host()), Failure);
            }
        }
    }

private:
    static void react_then_break(FakeWebsocket& line, std::vector<std::string> messages) {
        line.on_send([&line, messages = std::move(messages)](const std::string& sent) {
            const Json message = Json::parse(sent);
            if (message.at("type") == "conversation_initiation_client_data") {
                line.message(said::metadata());
                line.message(said::response("Hello, this is Bikes.", 1));
            } else if (message.at("type") == "user_message") {
                for (const std::string& one : messages) line.message(one);
                line.fail(TANDEM_UNAVAILABLE, "the connection broke");
            }
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RespondTest);

}  // namespace
