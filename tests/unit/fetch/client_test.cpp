#include "fetch/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "fetch/egress.h"
#include "fetch/websocket.h"
#include "unit/fetch/name_server.h"

namespace {

using namespace tandem;
using fetch::Client;

/// A provider on loopback: reads one request after the other on each connection and lets
/// the test's script write what it likes. Ends when it is destroyed.
class TinyServer {
public:
    /// Gives the bytes to answer with; empty: reset the connection.
    using Script = std::function<std::string(const std::string& request)>;

    explicit TinyServer(Script script) : script_(std::move(script)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 16);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }

    ~TinyServer() {
        ended_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (std::thread& connection : connections_) connection.join();
        ::close(listener_);
    }

    std::string url(const std::string& path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    unsigned connections() const { return accepted_; }
    unsigned requests() const { return requests_; }

private:
    void serve() {
        while (!ended_) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) continue;
            ++accepted_;
            connections_.emplace_back([this, socket] { talk(socket); });
        }
    }

    // The next whole request; empty: the client is gone or the test is over.
    std::string read_request(int socket) const {
        std::string request;
        while (!ended_) {
            const size_t end = request.find("\r\n\r\n");
            if (end != std::string::npos) {
                const size_t field = request.find("Content-Length: ");
                const size_t length =
                    field < end ? std::stoul(request.substr(field + 16)) : size_t{0};
                if (request.size() >= end + 4 + length) return request;
            }
            pollfd ready{socket, POLLIN, 0};
            if (::poll(&ready, 1, 50) <= 0) continue;
            char buffer[4096];
            const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
            if (got <= 0) return {};
            request.append(buffer, static_cast<size_t>(got));
        }
        return {};
    }

    void talk(int socket) {
        while (true) {
            const std::string request = read_request(socket);
            if (request.empty()) break;
            ++requests_;
            const std::string answer = script_(request);
            if (answer.empty()) {
                const linger reset{1, 0};
                ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                break;
            }
            size_t sent = 0;
            while (sent < answer.size()) {
                const ssize_t put =
                    ::send(socket, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (put <= 0) break;
                sent += static_cast<size_t>(put);
            }
            if (answer.find("Connection: close") != std::string::npos) break;
        }
        ::close(socket);
    }

    Script script_;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::atomic<bool> ended_{false};
    std::atomic<unsigned> accepted_{0}, requests_{0};
    std::vector<std::thread> connections_;  // of the accepting thread, until it ended
    std::thread thread_;
};

std::string ok(const std::string& body) {
    return "HTTP/1.1 201 Created\r\nX-Request: 7\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

class ClientTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientTest);
    CPPUNIT_TEST(a_request_goes_out_as_given_and_the_whole_answer_comes_back);
    CPPUNIT_TEST(a_connection_is_kept_for_the_next_request);
    CPPUNIT_TEST(a_closed_client_keeps_no_connection);
    CPPUNIT_TEST(a_reset_after_the_request_is_maybe_sent_and_never_repeated);
    CPPUNIT_TEST(a_post_is_not_repeated_when_a_kept_connection_dies);
    CPPUNIT_TEST(a_closed_port_is_nothing_sent);
    CPPUNIT_TEST(a_server_that_never_answers_is_given_up_at_the_deadline);
    CPPUNIT_TEST(a_name_server_that_never_answers_is_given_up_at_the_deadline);
    CPPUNIT_TEST(an_answer_beyond_the_bound_is_corrupt);
    CPPUNIT_TEST(too_many_header_fields_are_corrupt);
    CPPUNIT_TEST(a_redirect_is_an_answer_and_not_followed);
    CPPUNIT_TEST(only_origins_among_the_options_are_talked_to);
    CPPUNIT_TEST(a_default_s_name_that_leads_to_loopback_is_not_connected_to);
    CPPUNIT_TEST(what_would_break_framing_is_refused);
    CPPUNIT_TEST(only_public_addresses_are_public);
    CPPUNIT_TEST(urls_are_read_as_origins);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_request_goes_out_as_given_and_the_whole_answer_comes_back() {
        std::string seen;
        TinyServer server([&](const std::string& request) {
            seen = request;
            return ok("done");
        });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto result = client.send({"POST",
                                         server.url("/a?b=c"),
                                         {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                         "{}",
                                         20'000});
        CPPUNIT_ASSERT_MESSAGE(result.failure.text, result.ok());
        CPPUNIT_ASSERT_EQUAL(201, result.status);
        CPPUNIT_ASSERT_EQUAL(std::string("done"), result.body);
        CPPUNIT_ASSERT_EQUAL(std::string("X-Request"), result.headers.at(0).first);
        CPPUNIT_ASSERT_EQUAL(std::string("7"), result.headers.at(0).second);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, seen.find("POST /a?b=c HTTP/1.1\r\n"));
        for (const char* line : {"Content-Type: application/json\r\n", "X-Empty:", "\r\n\r\n{}"}) {
            CPPUNIT_ASSERT_MESSAGE(seen, seen.find(line) != std::string::npos);
        }
        CPPUNIT_ASSERT_MESSAGE(seen, seen.find("Expect") == std::string::npos);
    }

    void a_connection_is_kept_for_the_next_request() {
        TinyServer server([](const std::string&) { return ok("x"); });
        Client client({*fetch::origin_of(server.url(), true)});
        for (int i = 0; i < 3; ++i) CPPUNIT_ASSERT(post(client, server).ok());
        CPPUNIT_ASSERT_EQUAL(3u, server.requests());
        CPPUNIT_ASSERT_EQUAL(1u, server.connections());
    }

    void a_closed_client_keeps_no_connection() {
        TinyServer server([](const std::string&) { return ok("x"); });
        Client client({*fetch::origin_of(server.url(), true)});
        CPPUNIT_ASSERT(post(client, server).ok());
        client.close();
        for (int i = 0; i < 2; ++i) CPPUNIT_ASSERT(post(client, server).ok());
        CPPUNIT_ASSERT_EQUAL(3u, server.connections());
    }

    void a_reset_after_the_request_is_maybe_sent_and_never_repeated() {
        TinyServer server([](const std::string&) { return std::string(); });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto result = post(client, server);
        CPPUNIT_ASSERT(result.failure.code == Code::Unavailable);
        CPPUNIT_ASSERT(result.maybe_sent);
        CPPUNIT_ASSERT_EQUAL(1u, server.requests());
    }

    // curl would send it again on a new connection, and the customer get two messages.
    void a_post_is_not_repeated_when_a_kept_connection_dies() {
        std::atomic<int> count{0};
        TinyServer server([&](const std::string&) { return ++count == 1 ? ok("x") : ""; });
        Client client({*fetch::origin_of(server.url(), true)});
        CPPUNIT_ASSERT(post(client, server).ok());
        const auto second = post(client, server);
        CPPUNIT_ASSERT(!second.ok());
        CPPUNIT_ASSERT(second.maybe_sent);
        CPPUNIT_ASSERT_EQUAL(2u, server.requests());
    }

    void a_closed_port_is_nothing_sent() {
        std::string url;
        {
            TinyServer server([](const std::string&) { return ok(""); });
            url = server.url();
        }
        Client client({*fetch::origin_of(url, true)});
        const auto result = client.send({"POST", url, {}, "x", 20'000});
        CPPUNIT_ASSERT(result.failure.code == Code::Unavailable);
        CPPUNIT_ASSERT(!result.maybe_sent);
        CPPUNIT_ASSERT(!result.failure.text.empty());
    }

    void a_server_that_never_answers_is_given_up_at_the_deadline() {
        std::atomic<bool> over{false};
        TinyServer server([&](const std::string&) {
            while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
            return ok("late");
        });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto begin = std::chrono::steady_clock::now();
        const auto result = client.send({"POST", server.url(), {}, "x", 1'000});
        const auto took = std::chrono::steady_clock::now() - begin;
        over = true;
        CPPUNIT_ASSERT(result.failure.code == Code::Timeout);
        CPPUNIT_ASSERT(result.maybe_sent);
        CPPUNIT_ASSERT(took >= std::chrono::milliseconds(950) && took < std::chrono::seconds(20));
    }

    void a_name_server_that_never_answers_is_given_up_at_the_deadline() {
        const test::SilentNameServer silent;
        const std::string place = std::string(test::SilentNameServer::name) + "/";
        const fetch::Origin origin = *fetch::origin_of("https://" + place, true);
        const auto begin = std::chrono::steady_clock::now();
        const auto result = Client({origin}).send({"GET", "https://" + place, {}, "", 300});
        const auto socket = fetch::WebSocketClient({origin}).open({"wss://" + place, {}, 300});
        const auto took = std::chrono::steady_clock::now() - begin;
        CPPUNIT_ASSERT_MESSAGE(result.failure.text, result.failure.code == Code::Timeout);
        CPPUNIT_ASSERT(!result.maybe_sent);
        CPPUNIT_ASSERT(!socket && socket.error().code == Code::Timeout);
        CPPUNIT_ASSERT(took < test::SilentNameServer::silence);
    }

    void an_answer_beyond_the_bound_is_corrupt() {
        const std::string body(Client::max_body_bytes + 1, 'x');
        TinyServer server([&](const std::string&) { return ok(body); });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto result = post(client, server);
        CPPUNIT_ASSERT(result.failure.code == Code::Corrupt);
        CPPUNIT_ASSERT(result.maybe_sent);
    }

    void too_many_header_fields_are_corrupt() {
        TinyServer server([](const std::string&) {
            std::string answer = "HTTP/1.1 200 OK\r\n";
            for (int i = 0; i < 101; ++i) answer += "X-" + std::to_string(i) + ": y\r\n";
            return answer + "Content-Length: 0\r\n\r\n";
        });
        Client client({*fetch::origin_of(server.url(), true)});
        CPPUNIT_ASSERT(post(client, server).failure.code == Code::Corrupt);
    }

    void a_redirect_is_an_answer_and_not_followed() {
        TinyServer server([](const std::string&) {
            return "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
        });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto result = client.send({"GET", server.url(), {}, "", 20'000});
        CPPUNIT_ASSERT(result.ok());
        CPPUNIT_ASSERT_EQUAL(302, result.status);
        CPPUNIT_ASSERT_EQUAL(1u, server.requests());
    }

    void only_origins_among_the_options_are_talked_to() {
        TinyServer server([](const std::string&) { return ok("x"); });
        Client client({*fetch::origin_of("https://api.example.com/v1", true)});
        for (const std::string& url : {server.url(), std::string("http://api.example.com/v1"),
                                       std::string("https://api.example.com:8443/"),
                                       std::string("https://api.example.com.evil.test/"),
                                       std::string("https://evil.test/api.example.com")}) {
            const auto result = client.send({"GET", url, {}, "", 2'000});
            CPPUNIT_ASSERT_MESSAGE(url, result.failure.code == Code::Forbidden);
            CPPUNIT_ASSERT(!result.maybe_sent);
        }
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
    }

    void a_default_s_name_that_leads_to_loopback_is_not_connected_to() {
        TinyServer server([](const std::string&) { return ok("x"); });
        std::string url = server.url();
        url.replace(0, 16, "https://localhost");
        Client client({*fetch::origin_of(url, false)});
        const auto result = client.send({"GET", url, {}, "", 20'000});
        CPPUNIT_ASSERT_MESSAGE(result.failure.text, result.failure.code == Code::Forbidden);
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
        // And plain http is nothing that a default can allow.
        Client plain({*fetch::origin_of(server.url(), false)});
        CPPUNIT_ASSERT(post(plain, server).failure.code == Code::Forbidden);
    }

    void what_would_break_framing_is_refused() {
        TinyServer server([](const std::string&) { return ok("x"); });
        Client client({*fetch::origin_of(server.url(), true)});
        const auto status = [&](fetch::Request request) {
            return client.send(request).failure.code;
        };
        for (const auto& field : fetch::Fields{{"X-A", "b\r\nX-C: d"},
                                               {"X A", "b"},
                                               {"", "b"},
                                               {"Host", "other"},
                                               {"transfer-encoding", "chunked"},
                                               {"Content-Length", "3"}}) {
            CPPUNIT_ASSERT(status({"GET", server.url(), {field}, "", 2'000}) == Code::Invalid);
        }
        CPPUNIT_ASSERT(status({"CONNECT", server.url(), {}, "", 2'000}) == Code::Invalid);
        CPPUNIT_ASSERT(status({"GET", "file:///etc/passwd", {}, "", 2'000}) == Code::Invalid);
        std::string with_user = server.url();
        with_user.insert(7, "user:word@");
        CPPUNIT_ASSERT(status({"GET", with_user, {}, "", 2'000}) == Code::Invalid);
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
    }

    void only_public_addresses_are_public() {
        for (const char* address : {"0.0.0.0",
                                    "10.1.2.3",
                                    "100.64.0.1",
                                    "100.127.255.255",
                                    "127.0.0.1",
                                    "169.254.169.254",
                                    "172.16.0.1",
                                    "172.31.255.255",
                                    "192.0.0.8",
                                    "192.0.2.1",
                                    "192.168.1.1",
                                    "198.18.0.1",
                                    "198.51.100.1",
                                    "203.0.113.1",
                                    "224.0.0.1",
                                    "255.255.255.255",
                                    "::",
                                    "::1",
                                    "::ffff:127.0.0.1",
                                    "::ffff:8.8.8.8",
                                    "64:ff9b::7f00:1",
                                    "fe80::1",
                                    "fec0::1",
                                    "fc00::1",
                                    "fd12::1",
                                    "ff02::1",
                                    "2001:db8::1",
                                    "2001::1",
                                    "2002:7f00:1::"}) {
            CPPUNIT_ASSERT_MESSAGE(address, !is_public(address));
        }
        for (const char* address : {"8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "54.1.2.3",
                                    "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888"}) {
            CPPUNIT_ASSERT_MESSAGE(address, is_public(address));
        }
    }

    void urls_are_read_as_origins() {
        const auto origin = fetch::origin_of("https://API.Example.com/v1?x", true);
        CPPUNIT_ASSERT(origin);
        CPPUNIT_ASSERT_EQUAL(std::string("api.example.com"), origin->host);
        CPPUNIT_ASSERT_EQUAL(uint16_t{443}, origin->port);
        for (const char* text : {"", "plain", "ftp://a.example", "https://", "https://a b/",
                                 "https://a\nb/", "//a.example/"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !fetch::origin_of(text, true));
        }
    }

private:
    static fetch::Answer post(Client& client, const TinyServer& server) {
        return client.send({"POST", server.url(), {}, "Body=x", 20'000});
    }

    static bool is_public(const char* text) {
        sockaddr_storage address{};
        auto& v4 = reinterpret_cast<sockaddr_in&>(address);
        auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
        if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
            v4.sin_family = AF_INET;
        } else {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, 1, ::inet_pton(AF_INET6, text, &v6.sin6_addr));
            v6.sin6_family = AF_INET6;
        }
        return fetch::is_public(reinterpret_cast<const sockaddr&>(address));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClientTest);

}  // namespace
