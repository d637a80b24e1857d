#include <atomic>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "elevenlabs.h"
#include "load/services.h"
#include "tandem/plugin/testing.hpp"
#include "unit/elevenlabs_turns/said.h"
#include "unit/fetch/websocket_server.h"

namespace {

using namespace tandem;
using elevenlabs::ElevenLabs;
using elevenlabs::Json;
using plugin::Failure;
using plugin::testing::RecordedReply;
using Poco::Net::HTTPServerRequest;
using test::next_frame;
using test::send_text;
using test::WebSocketServer;
using Socket = Poco::Net::WebSocket;
namespace said = test::said;

/// The plugin as the gateway lends it a network, and a provider on loopback.
class SocketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SocketTest);
    CPPUNIT_TEST(a_turn_over_a_real_socket);
    CPPUNIT_TEST(turns_of_many_customers_do_not_mix);
    CPPUNIT_TEST(a_reset_in_the_middle_is_unavailable);
    CPPUNIT_TEST(the_deadline_is_kept_to_the_second);
    CPPUNIT_TEST(a_signed_url_that_leads_elsewhere_is_not_followed);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_turn_over_a_real_socket() {
        std::string target;
        std::atomic<unsigned> close_code{0};
        {
            WebSocketServer server([&](Socket& socket, const HTTPServerRequest& request) {
                target = request.getURI();
                agent(socket);
                const test::Frame end = next_frame(socket);
                if (end.opcode() != Socket::FRAME_OP_CLOSE || end.bytes.size() < 2) return;
                close_code = static_cast<unsigned char>(end.bytes[0]) * 256u +
                             static_cast<unsigned char>(end.bytes[1]);
                socket.shutdown();
            });
            server.answer(signed_url(server.url("/v1/conversation?token=a%2Fb")));
            const auto services = services_for(server);
            RecordedReply reply;
            ElevenLabs plugin(plugin::Host(services->table(), "elevenlabs"));
            respond(plugin, "When do you open?", 20'000, reply);
            CPPUNIT_ASSERT_EQUAL(std::string("You asked: When do you open?"), reply.whole());
            CPPUNIT_ASSERT_EQUAL(2u, server.connections());
        }
        CPPUNIT_ASSERT_EQUAL(std::string("/v1/conversation?token=a%2Fb"), target);
        CPPUNIT_ASSERT_EQUAL(1000u, close_code.load());
    }

    void turns_of_many_customers_do_not_mix() {
        WebSocketServer server([&](Socket& socket, const HTTPServerRequest&) {
            agent(socket);
            next_frame(socket);
            socket.shutdown();
        });
        server.answer(signed_url(server.url()));
        const auto services = services_for(server);
        ElevenLabs plugin(plugin::Host(services->table(), "elevenlabs"));
        std::vector<std::string> answers(8);
        std::vector<std::thread> customers;
        for (size_t i = 0; i < answers.size(); ++i) {
            customers.emplace_back([&, i] {
                try {
                    RecordedReply reply;
                    respond(plugin, "number " + std::to_string(i), 30'000, reply);
                    answers[i] = reply.whole();
                } catch (const std::exception& failure) {
                    answers[i] = failure.what();
                }
            });
        }
        for (std::thread& customer : customers) customer.join();
        for (size_t i = 0; i < answers.size(); ++i)
            CPPUNIT_ASSERT_EQUAL("You asked: number " + std::to_string(i), answers[i]);
    }

    void a_reset_in_the_middle_is_unavailable() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            next_frame(socket);
            send_text(socket, said::metadata());
            send_text(socket, said::response("Hello", 1));
            next_frame(socket);
            send_text(socket, said::piece("start", "", 2));
            socket.setLinger(true, 0);
            socket.close();
        });
        server.answer(signed_url(server.url()));
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_UNAVAILABLE}, int{failure(server, 20'000)});
    }

    void the_deadline_is_kept_to_the_second() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            next_frame(socket);
            send_text(socket, said::metadata());
            for (int i = 1;; ++i) {
                send_text(socket, said::ping(i));
                next_frame(socket);
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        });
        server.answer(signed_url(server.url()));
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_TIMEOUT}, int{failure(server, 2'000)});
        const auto took = std::chrono::steady_clock::now() - begin;
        CPPUNIT_ASSERT(took >= std::chrono::milliseconds(1'900));
        CPPUNIT_ASSERT(took < std::chrono::seconds(12));
    }

    void a_signed_url_that_leads_elsewhere_is_not_followed() {
        WebSocketServer elsewhere(
            [](Socket& socket, const HTTPServerRequest&) { next_frame(socket); });
        WebSocketServer server(
            [](Socket& socket, const HTTPServerRequest&) { next_frame(socket); });
        server.answer(signed_url(elsewhere.url()));
        CPPUNIT_ASSERT_EQUAL(int{TANDEM_FORBIDDEN}, int{failure(server, 20'000)});
        CPPUNIT_ASSERT_EQUAL(0u, elsewhere.connections());
    }

private:
    /// One that greets, pings, speaks in fragments and repeats the question.
    static void agent(Socket& socket) {
        const Json first = Json::parse(next_frame(socket).bytes);
        CPPUNIT_ASSERT_EQUAL(std::string("conversation_initiation_client_data"),
                             first.at("type").get<std::string>());
        send_text(socket, said::metadata());
        send_text(socket, said::response("Hello, this is Bikes.", 1));
        const std::string question =
            Json::parse(next_frame(socket).bytes).at("text").get<std::string>();
        test::send_frame(socket, "", test::whole_ping);
        send_text(socket, said::ping(3));
        send_text(socket, said::piece("start", "", 2));
        send_text(socket, said::piece("stop", "", 2));
        const std::string answer = said::response("You asked: " + question, 2);
        test::send_frame(socket, answer.substr(0, 20), Socket::FRAME_OP_TEXT);
        test::send_frame(socket, answer.substr(20), test::last_part);
        bool pong = false, answered = false;
        while (!pong || !answered) {
            const test::Frame frame = next_frame(socket);
            if (frame.opcode() == Socket::FRAME_OP_PONG)
                pong = true;
            else
                answered = Json::parse(frame.bytes).at("event_id") == 3;
        }
        send_text(socket, said::complete());
    }

    static std::string signed_url(const std::string& url) {
        return Json{{"signed_url", url}}.dump();
    }

    std::unique_ptr<load::InstanceServices> services_for(const WebSocketServer& server) {
        load::Description description;
        description.id = "org.tandem.elevenlabs";
        load::TypedOptions options;
        for (const plugin::Option& option : ElevenLabs::describe().options) {
            if (!option.default_value) continue;
            auto& typed = options[option.name];
            typed.type = option.type;
            typed.text = *option.default_value;
            if (option.type == TANDEM_OPTION_INTEGER) typed.integer = std::stoll(typed.text);
        }
        options["api_key"] = {.type = TANDEM_OPTION_TEXT, .text = "xi-key"};
        options["agent_id"] = {.type = TANDEM_OPTION_TEXT, .text = "agent_1"};
        options["api_base_url"] = {
            .type = TANDEM_OPTION_TEXT, .text = "http://" + server.authority(), .written = true};
        auto services = std::make_unique<load::InstanceServices>(
            std::make_shared<load::Services>(load::Services{nullptr, &clock_, nullptr}),
            "elevenlabs", description, options);
        services->open();
        return services;
    }

    static void respond(ElevenLabs& plugin, const std::string& text, std::uint32_t deadline_ms,
                        RecordedReply& reply) {
        plugin::Turn turn;
        turn.deadline_ms = deadline_ms;
        turn.turn_id = "t1";
        turn.customer = "+14155550100";
        turn.text = text;
        turn.variables = {{"name", "Ann"}};
        plugin.respond(turn, reply.sink());
    }

    tandem_status failure(const WebSocketServer& server, std::uint32_t deadline_ms) {
        const auto services = services_for(server);
        ElevenLabs plugin(plugin::Host(services->table(), "elevenlabs"));
        RecordedReply reply;
        try {
            respond(plugin, "Hello?", deadline_ms, reply);
        } catch (const Failure& failed) {
            return failed.code();
        }
        return TANDEM_OK;
    }

    SystemClock clock_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SocketTest);

}  // namespace
