#include "load/websockets.h"

#include <memory>
#include <string>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/services.h"
#include "tandem/plugin/websocket.hpp"
#include "unit/fetch/websocket_server.h"

namespace {

using namespace tandem;
using Poco::Net::HTTPServerRequest;
using test::next_frame;
using test::send_text;
using test::WebSocketServer;
using Socket = Poco::Net::WebSocket;
using Kind = plugin::Received::Kind;

class KeptLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view, std::string_view text,
               std::initializer_list<observe::Field> fields) override {
        std::string line(text);
        for (const auto& [name, value] : fields) line += " " + std::string(name) + "=" + value;
        lines.push_back(line);
    }
    std::vector<std::string> lines;
};

/// Through the C table, as the author's side of the SDK calls it.
class WebSocketsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebSocketsTest);
    CPPUNIT_TEST(it_begins_with_start);
    CPPUNIT_TEST(messages_go_both_ways_and_the_end_is_told);
    CPPUNIT_TEST(what_cannot_be_opened_says_why);
    CPPUNIT_TEST(what_is_left_open_is_closed_at_the_end);
    CPPUNIT_TEST_SUITE_END();

public:
    void it_begins_with_start() {
        WebSocketServer server(
            [](Socket& socket, const HTTPServerRequest&) { next_frame(socket); });
        const auto services = services_for(server.url());
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, refusal(*services, server.url()));
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
        services->open();
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, refusal(*services, server.url()));
    }

    void messages_go_both_ways_and_the_end_is_told() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest& request) {
            send_text(socket, request.get("X-A", "-") + " " + next_frame(socket).bytes);
            next_frame(socket);
            socket.shutdown(1008, "override_error");
            next_frame(socket);
        });
        const auto services = services_for(server.url());
        services->open();
        const auto connection =
            plugin::Websocket(services->table()).open({server.url(), {{"X-A", "b"}}, 20'000});
        connection->send("hello");
        const plugin::Received answer = connection->receive(20'000);
        CPPUNIT_ASSERT(answer.kind == Kind::Message);
        CPPUNIT_ASSERT_EQUAL(std::string("b hello"), answer.text);
        CPPUNIT_ASSERT(connection->receive(20).kind == Kind::Nothing);
        connection->send("go on");
        const plugin::Received end = connection->receive(20'000);
        CPPUNIT_ASSERT(end.kind == Kind::Closed);
        CPPUNIT_ASSERT_EQUAL(1008u, end.close_code);
        CPPUNIT_ASSERT_EQUAL(std::string("override_error"), end.reason);
        CPPUNIT_ASSERT_THROW(connection->receive(20), plugin::Failure);
        CPPUNIT_ASSERT_THROW(connection->send("late"), plugin::Failure);
    }

    void what_cannot_be_opened_says_why() {
        WebSocketServer server(
            [](Socket& socket, const HTTPServerRequest&) { next_frame(socket); });
        const auto services = services_for(server.url());
        services->open();
        CPPUNIT_ASSERT_EQUAL(TANDEM_FORBIDDEN, refusal(*services, "wss://elsewhere.example/"));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, refusal(*services, "no url"));
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
    }

    void what_is_left_open_is_closed_at_the_end() {
        std::atomic<unsigned> code{0};
        std::unique_ptr<load::InstanceServices> services;
        std::unique_ptr<plugin::Connection> connection;
        {
            WebSocketServer server([&](Socket& socket, const HTTPServerRequest&) {
                const test::Frame frame = next_frame(socket);
                if (frame.bytes.size() >= 2) {
                    code = static_cast<unsigned char>(frame.bytes[0]) * 256u +
                           static_cast<unsigned char>(frame.bytes[1]);
                }
            });
            services = services_for(server.url());
            services->open();
            connection = plugin::Websocket(services->table()).open({server.url(), {}, 20'000});
            services->close();
        }
        CPPUNIT_ASSERT_EQUAL(1001u, code.load());
        CPPUNIT_ASSERT(log_.lines.empty());
        CPPUNIT_ASSERT_EQUAL(TANDEM_CANCELLED, code_of([&] { connection->send("late"); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_CANCELLED, refusal(*services, "ws://127.0.0.1:1/"));
        CPPUNIT_ASSERT_EQUAL(std::string("a plugin called the host after its end "
                                         "plugin=com.example.acme instance=acme-1 "
                                         "service=websocket"),
                             log_.lines.at(0));
        // The plugin's destructors may still hold it, and that is no breach.
        connection.reset();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, log_.lines.size());
    }

private:
    std::unique_ptr<load::InstanceServices> services_for(const std::string& url) {
        load::Description description;
        description.id = "com.example.acme";
        load::TypedOptions options;
        options["url"] = {
            .type = TANDEM_OPTION_TEXT, .text = "http" + url.substr(2), .written = true};
        const auto lent = std::make_shared<load::Services>(load::Services{&log_, &clock_, nullptr});
        return std::make_unique<load::InstanceServices>(lent, "acme-1", description, options);
    }

    template <typename Body>
    static tandem_status code_of(Body&& body) {
        try {
            body();
            return TANDEM_OK;
        } catch (const plugin::Failure& failure) {
            return failure.code();
        }
    }

    static tandem_status refusal(load::InstanceServices& services, const std::string& url) {
        return code_of([&] {
            plugin::Websocket(services.table()).open({url, {}, 20'000})->close();
        });
    }

    KeptLog log_;
    SystemClock clock_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebSocketsTest);

}  // namespace
