#include "fetch/websocket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <openssl/evp.h>

#include "unit/fetch/authority.h"
#include "unit/fetch/websocket_server.h"

namespace {

using namespace tandem;
using namespace std::chrono_literals;
using fetch::Received;
using fetch::WebSocketClient;
using Poco::Net::HTTPServerRequest;
using test::Frame;
using test::next_frame;
using test::send_frame;
using test::send_text;
using test::WebSocketServer;
using Socket = Poco::Net::WebSocket;
using Kind = Received::Kind;

constexpr Milliseconds long_enough{20'000};

/// Takes one connection, reads until the handshake's end, and lets the test write bytes of
/// its own.
class RawServer {
public:
    using Script = std::function<void(int socket, const std::string& request)>;

    explicit RawServer(Script script) : script_(std::move(script)) {
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
    ~RawServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }

    static void write(int socket, const std::string& bytes) {
        static_cast<void>(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    /// Waits until the client has gone.
    static void await_end(int socket) {
        char bytes[4096];
        while (::recv(socket, bytes, sizeof bytes, 0) > 0) {
        }
    }

private:
    void serve() {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        std::string request;
        while (request.find("\r\n\r\n") == std::string::npos) {
            char bytes[4096];
            const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
            if (got <= 0) break;
            request.append(bytes, static_cast<size_t>(got));
        }
        script_(socket, request);
        ::close(socket);
    }

    Script script_;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::thread thread_;
};

void echo(Socket& socket, const HTTPServerRequest&) {
    for (;;) {
        const Frame frame = next_frame(socket);
        if (frame.flags == 0 || frame.opcode() == Socket::FRAME_OP_CLOSE) return;
        send_frame(socket, frame.bytes, frame.flags);
    }
}

std::vector<fetch::Origin> allowed(const std::string& url) {
    return {*fetch::origin_of("http" + url.substr(2), true)};
}

std::unique_ptr<fetch::WebSocket> opened(const std::string& url) {
    WebSocketClient client(allowed(url));
    auto made = client.open({url, {}, 20'000});
    CPPUNIT_ASSERT_MESSAGE(made ? "" : made.error().text, made);
    return std::move(*made);
}

Code refused(const std::string& url, uint32_t deadline_ms = 20'000) {
    WebSocketClient client(allowed(url));
    const auto made = client.open({url, {}, deadline_ms});
    return made ? Code::Ok : made.error().code;
}

Received received(fetch::WebSocket& socket) {
    auto next = socket.receive(long_enough);
    CPPUNIT_ASSERT_MESSAGE(next ? "" : next.error().text, next);
    return *next;
}

Code failure(fetch::WebSocket& socket) {
    const auto next = socket.receive(long_enough);
    return next ? Code::Ok : next.error().code;
}

class WebSocketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebSocketTest);
    CPPUNIT_TEST(messages_of_all_sizes_come_back_as_they_went);
    CPPUNIT_TEST(the_handshake_carries_target_and_fields);
    CPPUNIT_TEST(fragments_become_one_message);
    CPPUNIT_TEST(pings_are_answered_and_are_no_messages);
    CPPUNIT_TEST(nothing_comes_in_time_and_nothing_is_lost_by_it);
    CPPUNIT_TEST(a_message_that_trickles_is_kept_from_one_wait_to_the_next);
    CPPUNIT_TEST(pings_without_end_do_not_hold_a_wait);
    CPPUNIT_TEST(a_close_tells_its_code_and_reason);
    CPPUNIT_TEST(a_close_without_code_is_1005);
    CPPUNIT_TEST(our_close_tells_its_code);
    CPPUNIT_TEST(destroyed_it_says_that_it_goes_away);
    CPPUNIT_TEST(a_peer_that_never_says_goodbye_holds_nobody);
    CPPUNIT_TEST(an_oversized_message_is_corrupt_and_ends_it);
    CPPUNIT_TEST(a_message_of_no_utf8_or_no_text_is_corrupt);
    CPPUNIT_TEST(broken_frames_end_it);
    CPPUNIT_TEST(a_reset_is_unavailable);
    CPPUNIT_TEST(an_oversized_message_is_not_sent);
    CPPUNIT_TEST(a_peer_that_speaks_no_websocket_is_unavailable);
    CPPUNIT_TEST(statuses_401_and_403_are_told);
    CPPUNIT_TEST(a_handshake_that_stalls_is_given_up_at_the_deadline);
    CPPUNIT_TEST(only_origins_among_the_options_are_talked_to);
    CPPUNIT_TEST(what_would_break_the_handshake_is_refused);
    CPPUNIT_TEST(only_so_many_connections_are_open_at_once);
    CPPUNIT_TEST(over_tls_the_certificate_decides);
    CPPUNIT_TEST_SUITE_END();

public:
    void messages_of_all_sizes_come_back_as_they_went() {
        WebSocketServer server(echo);
        const auto socket = opened(server.url());
        for (const size_t size : {0u, 1u, 125u, 126u, 4096u, 65535u, 65536u, 1u << 20}) {
            const std::string text(size, 'x');
            CPPUNIT_ASSERT(socket->send(text));
            const Received answer = received(*socket);
            CPPUNIT_ASSERT(answer.kind == Kind::Message);
            CPPUNIT_ASSERT_EQUAL(size, answer.text.size());
            CPPUNIT_ASSERT(answer.text == text);
        }
        CPPUNIT_ASSERT(socket->send("gr\u00fc\u00df Gott \U0001F600"));
        CPPUNIT_ASSERT_EQUAL(std::string("gr\u00fc\u00df Gott \U0001F600"), received(*socket).text);
    }

    void the_handshake_carries_target_and_fields() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest& request) {
            send_text(socket, request.getURI() + " " + request.getHost() + " " +
                                  request.get("X-A", "-") + " " + request.get("User-Agent", "-"));
            next_frame(socket);
        });
        const std::string url = server.url("/a/b?c=d%20e&f");
        WebSocketClient client(allowed(url));
        auto socket = client.open({url, {{"X-A", "b"}}, 0});
        CPPUNIT_ASSERT(socket);
        const std::string seen = received(**socket).text;
        CPPUNIT_ASSERT_EQUAL("/a/b?c=d%20e&f " + server.authority() + " b tandem/",
                             seen.substr(0, seen.rfind('/') + 1));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, received_target(server.authority()).find("/?c=d "));
    }

    void fragments_become_one_message() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            send_frame(socket, "one ", Socket::FRAME_OP_TEXT);
            send_frame(socket, "two \xC3", Socket::FRAME_OP_CONT);
            send_frame(socket, "ping between", test::whole_ping);
            send_frame(socket, "\xA4", Socket::FRAME_OP_CONT);
            send_frame(socket, "", test::last_part);
            next_frame(socket);
        });
        const auto socket = opened(server.url());
        CPPUNIT_ASSERT_EQUAL(std::string("one two \u00e4"), received(*socket).text);
    }

    void pings_are_answered_and_are_no_messages() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            send_frame(socket, "alive?", test::whole_ping);
            const Frame pong = next_frame(socket);
            send_text(socket, pong.opcode() == Socket::FRAME_OP_PONG ? pong.bytes : "no pong");
            next_frame(socket);
        });
        const auto socket = opened(server.url());
        CPPUNIT_ASSERT_EQUAL(std::string("alive?"), received(*socket).text);
    }

    void nothing_comes_in_time_and_nothing_is_lost_by_it() {
        WebSocketServer server(echo);
        const auto socket = opened(server.url());
        for (int i = 0; i < 3; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            const auto nothing = socket->receive(100ms);
            CPPUNIT_ASSERT(nothing && nothing->kind == Kind::Nothing);
            CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin >= 100ms);
            CPPUNIT_ASSERT(socket->receive(0ms)->kind == Kind::Nothing);
            CPPUNIT_ASSERT(socket->send("number " + std::to_string(i)));
            CPPUNIT_ASSERT_EQUAL("number " + std::to_string(i), received(*socket).text);
        }
    }

    void a_message_that_trickles_is_kept_from_one_wait_to_the_next() {
        check_trickle("a slow message");
    }

    void pings_without_end_do_not_hold_a_wait() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            for (;;) send_frame(socket, "", test::whole_ping);
        });
        const auto socket = opened(server.url());
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(socket->receive(200ms)->kind == Kind::Nothing);
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < 10s);
    }

    void a_close_tells_its_code_and_reason() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            send_text(socket, "last words");
            socket.shutdown(1008, "missing_dynamic_variable");
            next_frame(socket);
        });
        const auto socket = opened(server.url());
        CPPUNIT_ASSERT_EQUAL(std::string("last words"), received(*socket).text);
        const Received end = received(*socket);
        CPPUNIT_ASSERT(end.kind == Kind::Closed);
        CPPUNIT_ASSERT_EQUAL(uint16_t{1008}, end.close_code);
        CPPUNIT_ASSERT_EQUAL(std::string("missing_dynamic_variable"), end.text);
        CPPUNIT_ASSERT(failure(*socket) == Code::Unavailable);
        CPPUNIT_ASSERT(socket->send("too late").error().code == Code::Unavailable);
    }

    void a_close_without_code_is_1005() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            send_frame(socket, "", test::whole_close);
            next_frame(socket);
        });
        const Received end = received(*opened(server.url()));
        CPPUNIT_ASSERT(end.kind == Kind::Closed);
        CPPUNIT_ASSERT_EQUAL(uint16_t{1005}, end.close_code);
    }

    void our_close_tells_its_code() {
        CPPUNIT_ASSERT_EQUAL(1000u,
                             code_seen([](fetch::WebSocket& socket) { socket.close(1000); }));
    }

    void destroyed_it_says_that_it_goes_away() {
        CPPUNIT_ASSERT_EQUAL(1001u, code_seen([](fetch::WebSocket&) {}));
    }

    void a_peer_that_never_says_goodbye_holds_nobody() {
        RawServer server([&](int socket, const std::string& request) {
            RawServer::write(socket, accepted(request));
            RawServer::await_end(socket);
        });
        const auto socket = opened(server.url());
        const auto begin = std::chrono::steady_clock::now();
        socket->close(1000);
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < 10s);
    }

    void an_oversized_message_is_corrupt_and_ends_it() {
        WebSocketServer server([](Socket& socket, const HTTPServerRequest&) {
            send_text(socket, std::string(fetch::WebSocket::max_message_bytes + 1, 'x'));
            next_frame(socket);
        });
        const auto socket = opened(server.url());
        CPPUNIT_ASSERT(failure(*socket) == Code::Corrupt);
        CPPUNIT_ASSERT(failure(*socket) == Code::Unavailable);
    }

    void a_message_of_no_utf8_or_no_text_is_corrupt() {
        for (const int flags : {int{Socket::FRAME_TEXT}, int{Socket::FRAME_BINARY}}) {
            WebSocketServer server([flags](Socket& socket, const HTTPServerRequest&) {
                send_frame(socket, "\xFF\xFE", flags);
                next_frame(socket);
            });
            const auto socket = opened(server.url());
            CPPUNIT_ASSERT(failure(*socket) == Code::Corrupt);
            CPPUNIT_ASSERT(failure(*socket) == Code::Unavailable);
        }
    }

    void broken_frames_end_it() {
        // A masked frame of a server, reserved bits, an unknown opcode, a long ping, a
        // continuation of nothing, a length of 2^63.
        for (const std::string& bytes :
             {std::string("\x81\x81____x", 7), std::string("\xF1\x01x", 3),
              std::string("\x83\x01x", 3),
              std::string("\x89\x7E\x01\x00", 4) + std::string(256, 'x'),
              std::string("\x80\x01x", 3), std::string("\x81\x7F\x80\0\0\0\0\0\0\0", 10)}) {
            RawServer server([&](int socket, const std::string& request) {
                RawServer::write(socket, accepted(request) + bytes);
                RawServer::await_end(socket);
            });
            const auto socket = opened(server.url());
            const Code code = failure(*socket);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(static_cast<int>(code)),
                                   code == Code::Unavailable || code == Code::Corrupt);
        }
    }

    void a_reset_is_unavailable() {
        RawServer server([&](int socket, const std::string& request) {
            RawServer::write(socket, accepted(request) + "\x81\x05hal");
            char byte = 0;
            ::recv(socket, &byte, 1, 0);
            const linger reset{1, 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        });
        const auto socket = opened(server.url());
        CPPUNIT_ASSERT(socket->receive(50ms)->kind == Kind::Nothing);
        // The reset may be seen by either of them.
        if (const auto sent = socket->send("go"); !sent) {
            CPPUNIT_ASSERT(sent.error().code == Code::Unavailable);
        }
        CPPUNIT_ASSERT(failure(*socket) == Code::Unavailable);
    }

    void an_oversized_message_is_not_sent() {
        WebSocketServer server(echo);
        const auto socket = opened(server.url());
        const std::string large(fetch::WebSocket::max_message_bytes + 1, 'x');
        CPPUNIT_ASSERT(socket->send(large).error().code == Code::Limited);
        CPPUNIT_ASSERT(socket->send("small"));
        CPPUNIT_ASSERT_EQUAL(std::string("small"), received(*socket).text);
    }

    void a_peer_that_speaks_no_websocket_is_unavailable() {
        for (const std::string& answer :
             {std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
              std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string(100'000, '\0'), std::string(),
              std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n"),
              std::string("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n"
                          "Content-Length: 0\r\n\r\n")}) {
            RawServer server(
                [&](int socket, const std::string&) { RawServer::write(socket, answer); });
            CPPUNIT_ASSERT_MESSAGE(answer, refused(server.url()) == Code::Unavailable);
        }
        std::string closed_port;
        {
            WebSocketServer server(echo);
            closed_port = server.url();
        }
        CPPUNIT_ASSERT(refused(closed_port) == Code::Unavailable);
    }

    void statuses_401_and_403_are_told() {
        for (const auto& [status, code] : {std::pair{"401 Unauthorized", Code::Unauthorized},
                                           std::pair{"403 Forbidden", Code::Forbidden},
                                           std::pair{"503 Unavailable", Code::Unavailable}}) {
            const std::string line = status;
            RawServer server([&](int socket, const std::string&) {
                RawServer::write(socket, "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n\r\n");
            });
            CPPUNIT_ASSERT_MESSAGE(line, refused(server.url()) == code);
        }
    }

    void a_handshake_that_stalls_is_given_up_at_the_deadline() {
        RawServer server([](int socket, const std::string&) {
            RawServer::write(socket, "HTTP/1.1 101 Swi");
            RawServer::await_end(socket);
        });
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(refused(server.url(), 300) == Code::Timeout);
        const auto took = std::chrono::steady_clock::now() - begin;
        CPPUNIT_ASSERT(took >= 250ms && took < 10s);
    }

    void only_origins_among_the_options_are_talked_to() {
        WebSocketServer server(echo);
        WebSocketClient elsewhere({*fetch::origin_of("https://api.example.com/v1", true)});
        for (const std::string& url : {server.url(), std::string("ws://api.example.com/"),
                                       std::string("wss://api.example.com:8443/"),
                                       std::string("wss://api.example.com.evil.test/")}) {
            const auto made = elsewhere.open({url, {}, 2'000});
            CPPUNIT_ASSERT_MESSAGE(url, !made && made.error().code == Code::Forbidden);
        }
        // A plugin's default allows no plain ws, and no name that leads to loopback.
        WebSocketClient plain({*fetch::origin_of("http://" + server.authority(), false)});
        CPPUNIT_ASSERT(plain.open({server.url(), {}, 2'000}).error().code == Code::Forbidden);
        const std::string local = "localhost" + server.authority().substr(9);
        WebSocketClient named({*fetch::origin_of("https://" + local, false)});
        CPPUNIT_ASSERT(named.open({"wss://" + local, {}, 2'000}).error().code == Code::Forbidden);
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
    }

    void what_would_break_the_handshake_is_refused() {
        WebSocketServer server(echo);
        WebSocketClient client(allowed(server.url()));
        const auto code = [&](const std::string& url, fetch::Fields headers) {
            return client.open({url, std::move(headers), 2'000}).error().code;
        };
        for (const auto& field :
             fetch::Fields{{"X-A", "b\r\nX-C: d"},
                           {"X A", "b"},
                           {"Host", "other"},
                           {"upgrade", "h2c"},
                           {"Sec-WebSocket-Key", "k"},
                           {"sec-websocket-extensions", "permessage-deflate"}}) {
            CPPUNIT_ASSERT_MESSAGE(field.first, code(server.url(), {field}) == Code::Invalid);
        }
        CPPUNIT_ASSERT(code("http://" + server.authority(), {}) == Code::Invalid);
        CPPUNIT_ASSERT(code("ws://user@" + server.authority(), {}) == Code::Invalid);
        CPPUNIT_ASSERT(code(server.url("/a b"), {}) == Code::Invalid);
        CPPUNIT_ASSERT(code(server.url("/\u00e4"), {}) == Code::Invalid);
        CPPUNIT_ASSERT(code("", {}) == Code::Invalid);
        CPPUNIT_ASSERT_EQUAL(0u, server.connections());
    }

    void only_so_many_connections_are_open_at_once() {
        WebSocketServer server(echo);
        WebSocketClient client(allowed(server.url()));
        std::vector<std::unique_ptr<fetch::WebSocket>> open;
        for (unsigned i = 0; i < WebSocketClient::max_connections; ++i) {
            auto made = client.open({server.url(), {}, 20'000});
            CPPUNIT_ASSERT_MESSAGE(made ? "" : made.error().text, made);
            open.push_back(std::move(*made));
        }
        CPPUNIT_ASSERT(client.open({server.url(), {}, 2'000}).error().code == Code::Limited);
        open.pop_back();
        CPPUNIT_ASSERT(client.open({server.url(), {}, 20'000}));
        CPPUNIT_ASSERT(client.open({"ws://127.0.0.1:1/", {}, 2'000}).error().code ==
                       Code::Forbidden);
        CPPUNIT_ASSERT(client.open({server.url(), {}, 20'000}));
    }

    void over_tls_the_certificate_decides() {
        test::Authority authority;
        WebSocketServer server(echo, test::secure_listener(authority.certify()));
        const std::string url = "wss://" + server.authority() + "/";
        WebSocketClient trusting(allowed(url), authority.file());
        auto socket = trusting.open({url, {}, 20'000});
        CPPUNIT_ASSERT_MESSAGE(socket ? "" : socket.error().text, socket);
        for (const size_t size : {3u, 70'000u, 1u << 20}) {
            CPPUNIT_ASSERT((*socket)->send(std::string(size, 'x')));
            CPPUNIT_ASSERT_EQUAL(size, received(**socket).text.size());
            CPPUNIT_ASSERT((*socket)->receive(20ms)->kind == Kind::Nothing);
        }
        WebSocketClient wary(allowed(url));
        CPPUNIT_ASSERT(wary.open({url, {}, 20'000}).error().code == Code::Unavailable);
    }

private:
    static std::string received_target(const std::string& authority) {
        std::string seen;
        const std::string url = "ws://" + authority + "?c=d";
        WebSocketClient client(allowed(url));
        auto socket = client.open({url, {}, 0});
        CPPUNIT_ASSERT(socket);
        return received(**socket).text;
    }

    /// The answer that completes this handshake.
    static std::string accepted(const std::string& request) {
        const size_t at = request.find("Sec-WebSocket-Key: ") + 19;
        const std::string whole = request.substr(at, request.find("\r\n", at) - at) +
                                  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        unsigned char digest[20];
        size_t size = sizeof digest;
        EVP_Q_digest(nullptr, "SHA1", nullptr, whole.data(), whole.size(), digest, &size);
        char encoded[32];
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded), digest, sizeof digest);
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
               std::string(encoded) + "\r\n\r\n";
    }

    void check_trickle(const std::string& text) {
        std::atomic<int> waits{0};
        RawServer server([&](int socket, const std::string& request) {
            for (const char byte : accepted(request)) {
                RawServer::write(socket, std::string(1, byte));
                std::this_thread::sleep_for(1ms);
            }
            const std::string frame =
                "\x81" + std::string(1, static_cast<char>(text.size())) + text;
            const auto end = std::chrono::steady_clock::now() + long_enough;
            for (const char byte : frame) {
                // The client has asked in vain since the byte before.
                const int before = waits;
                while (waits == before && std::chrono::steady_clock::now() < end)
                    std::this_thread::sleep_for(1ms);
                RawServer::write(socket, std::string(1, byte));
            }
            RawServer::await_end(socket);
        });
        const auto socket = opened(server.url());
        Received next;
        for (; waits < 50'000 && next.kind == Kind::Nothing; ++waits) next = *socket->receive(1ms);
        CPPUNIT_ASSERT_EQUAL(text, next.text);
        CPPUNIT_ASSERT(waits > 3);
    }

    static unsigned code_seen(const std::function<void(fetch::WebSocket&)>& end) {
        std::atomic<unsigned> code{0};
        {
            WebSocketServer server([&](Socket& socket, const HTTPServerRequest&) {
                const Frame frame = next_frame(socket);
                if (frame.opcode() == Socket::FRAME_OP_CLOSE && frame.bytes.size() >= 2) {
                    code = static_cast<unsigned char>(frame.bytes[0]) * 256u +
                           static_cast<unsigned char>(frame.bytes[1]);
                }
                socket.shutdown(static_cast<Poco::UInt16>(code.load()));
            });
            const auto socket = opened(server.url());
            end(*socket);
        }
        return code;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebSocketTest);

}  // namespace
