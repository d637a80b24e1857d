#include "fetch/egress.h"

#include <arpa/inet.h>
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "fetch/fetch.h"
#include "fetch/websocket.h"

namespace tandem::fetch {

namespace {

/// Listens on 127.0.0.1 and, where there is one, on ::1, at one port, and counts who came.
class Loopback {
public:
    Loopback() {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof four;
        listeners_[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CPPUNIT_ASSERT(::bind(listeners_[0], reinterpret_cast<sockaddr*>(&four), size) == 0);
        ::listen(listeners_[0], 64);
        ::getsockname(listeners_[0], reinterpret_cast<sockaddr*>(&four), &size);
        port_ = ntohs(four.sin_port);
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        six.sin6_port = four.sin_port;
        listeners_[1] = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (::bind(listeners_[1], reinterpret_cast<sockaddr*>(&six), sizeof six) == 0)
            ::listen(listeners_[1], 64);
    }
    ~Loopback() {
        for (const int listener : listeners_) ::close(listener);
    }

    std::string port() const { return std::to_string(port_); }
    /// Since it was asked last.
    unsigned came() {
        unsigned count = 0;
        for (const int listener : listeners_)
            for (int peer = 0; (peer = ::accept(listener, nullptr, nullptr)) >= 0; ++count)
                ::close(peer);
        return count;
    }

private:
    uint16_t port_ = 0;
    std::array<int, 2> listeners_{-1, -1};
};

/// Ways to write a place that no provider is at; PORT is the listener's.
const std::vector<std::string>& closed_places() {
    static const std::vector<std::string> places{
        // Loopback in all the forms that resolvers read.
        "127.0.0.1:PORT", "127.0.0.2:PORT", "127.255.255.254:PORT", "127.1:PORT", "127.0.1:PORT",
        "2130706433:PORT", "017700000001:PORT", "0x7f000001:PORT", "0x7F000001:PORT",
        "0177.0.0.1:PORT", "0177.0.0.01:PORT", "0x7f.0.0.1:PORT", "0x7f.1:PORT", "127.0x0.0.1:PORT",
        "127.000.000.001:PORT", "0:PORT", "0.0.0.0:PORT", "0x0:PORT", "localhost:PORT",
        "LOCALHOST:PORT", "localhost.:PORT", "ip6-localhost:PORT", "127.0.0.1.:PORT",
        "%31%32%37.0.0.1:PORT", "127%2e0%2e0%2e1:PORT",
        // The same in IPv6.
        "[::1]:PORT", "[0:0:0:0:0:0:0:1]:PORT", "[::0001]:PORT", "[::]:PORT",
        "[::ffff:127.0.0.1]:PORT", "[::ffff:7f00:1]:PORT", "[::127.0.0.1]:PORT",
        "[::ffff:0:127.0.0.1]:PORT", "[64:ff9b::127.0.0.1]:PORT", "[64:ff9b::7f00:1]:PORT",
        "[64:ff9b:1::7f00:1]:PORT", "[2002:7f00:1::]:PORT", "[2001:0:7f00:1::]:PORT",
        "[::1%25lo]:PORT", "[fe80::1%25lo]:PORT", "[fe80::1]:PORT", "[fc00::1]:PORT",
        "[fd00:ec2::254]:PORT", "[fec0::1]:PORT", "[ff02::1]:PORT", "[100::1]:PORT",
        "[2001:db8::1]:PORT", "[3fff::1]:PORT", "[5f00::1]:PORT",
        // Other networks that are nobody's or everybody's.
        "10.0.0.1:PORT", "10.1:PORT", "172.16.0.1:PORT", "172.31.255.255:PORT", "192.168.0.1:PORT",
        "3232235521:PORT", "100.64.0.1:PORT", "100.127.255.254:PORT", "169.254.169.254:PORT",
        "2852039166:PORT", "0xa9fea9fe:PORT", "0251.0376.0251.0376:PORT",
        "[::ffff:169.254.169.254]:PORT", "192.0.0.1:PORT", "192.0.2.1:PORT", "192.88.99.1:PORT",
        "198.18.0.1:PORT", "198.51.100.1:PORT", "203.0.113.1:PORT", "224.0.0.1:PORT",
        "240.0.0.1:PORT", "255.255.255.255:PORT", "0.1.2.3:PORT"};
    return places;
}

/// URLs that look like the provider's and lead elsewhere, or are none.
const std::vector<std::string>& tricks() {
    static const std::vector<std::string> urls{"https://api.example.com@127.0.0.1:PORT/",
                                               "https://api.example.com:443@127.0.0.1:PORT/",
                                               "https://user:pass@api.example.com/",
                                               "https://@api.example.com/",
                                               "https://127.0.0.1:PORT/@api.example.com",
                                               "https://127.0.0.1:PORT#@api.example.com/",
                                               "https://127.0.0.1:PORT?@api.example.com/",
                                               "https://api.example.com\\@127.0.0.1:PORT/",
                                               "https://127.0.0.1:PORT\\@api.example.com/",
                                               "https://api.example.com.127.0.0.1:PORT/",
                                               "https://api.example.com:PORT/",
                                               "https://api.example.com:8443/",
                                               "https://api.example.com:80/",
                                               "http://api.example.com/",
                                               "http://api.example.com:443/",
                                               "https://api.example.com./",
                                               "https://xapi.example.com/",
                                               "https://example.com/",
                                               "https://api.example.com%00.127.0.0.1:PORT/",
                                               "https://api.example.com%2f@127.0.0.1:PORT/",
                                               "https:127.0.0.1:PORT",
                                               "https:/127.0.0.1:PORT",
                                               "https:///127.0.0.1:PORT",
                                               "//127.0.0.1:PORT/",
                                               "127.0.0.1:PORT",
                                               "ftp://api.example.com/",
                                               "file:///etc/passwd",
                                               "gopher://127.0.0.1:PORT/_x",
                                               "dict://127.0.0.1:PORT/",
                                               "javascript:alert(1)",
                                               "",
                                               "https://",
                                               "https://:443/",
                                               "https://[::1",
                                               "https://api.example.com:99999/",
                                               "https://api.example.com:-1/",
                                               "https://api.exa mple.com/",
                                               "https://api.example.com\r\nHost: 127.0.0.1/",
                                               "https://api.example.com\t/",
                                               "http://127.0.0.1:PORT/",
                                               "https://①②⑦.0.0.1:PORT/"};
    return urls;
}

std::string with_port(std::string text, const std::string& port) {
    const size_t at = text.find("PORT");
    return at == std::string::npos ? text : text.replace(at, 4, port);
}

Origin origin(const std::string& url, bool written_by_operator) {
    const auto found = origin_of(url, written_by_operator);
    CPPUNIT_ASSERT_MESSAGE(url, found);
    return *found;
}

Answer ask(const std::vector<Origin>& allowed, const std::string& url) {
    Client client(allowed);
    Request request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"Authorization", "Bearer secret"}};
    request.body = "secret";
    request.deadline_ms = 3000;
    return client.send(request);
}

}  // namespace

class EgressTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EgressTest);
    CPPUNIT_TEST(nothing_but_the_named_place_is_reached_however_it_is_written);
    CPPUNIT_TEST(a_default_that_names_a_closed_place_reaches_nobody);
    CPPUNIT_TEST(websockets_go_by_the_same_rules);
    CPPUNIT_TEST(what_an_operator_wrote_is_taken_as_written);
    CPPUNIT_TEST_SUITE_END();

public:
    void nothing_but_the_named_place_is_reached_however_it_is_written() {
        CPPUNIT_ASSERT(closed_places().size() + tricks().size() >= 100);
        const std::vector<Origin> allowed{origin("https://api.example.com/v1", false)};
        for (const std::string& place : closed_places())
            refused(ask(allowed, "https://" + with_port(place, loopback_.port()) + "/"), place);
        for (const std::string& trick : tricks()) {
            const std::string url = with_port(trick, loopback_.port());
            const Answer answer = ask(allowed, url);
            refused(answer, trick);
            CPPUNIT_ASSERT_MESSAGE(trick, answer.failure.code == Code::Invalid ||
                                              answer.failure.code == Code::Forbidden);
        }
    }

    /// As if the plugin's own default had been poisoned: names and numbers are judged where
    /// they lead to.
    void a_default_that_names_a_closed_place_reaches_nobody() {
        for (const std::string& place : closed_places()) {
            const std::string url = "https://" + with_port(place, loopback_.port()) + "/";
            const auto named = origin_of(url, false);
            if (!named) continue;  // no URL at all
            refused(ask({*named}, url), place);
            auto plain = *named;
            plain.scheme = "http";
            refused(ask({plain}, "http://" + with_port(place, loopback_.port()) + "/"), place);
        }
    }

    void websockets_go_by_the_same_rules() {
        const std::vector<Origin> allowed{origin("https://api.example.com/v1", false)};
        for (const std::string& place : closed_places()) {
            const std::string rest = with_port(place, loopback_.port()) + "/";
            WebSocketClient foreign(allowed);
            CPPUNIT_ASSERT_MESSAGE(place, !foreign.open({"wss://" + rest, {}, 1000}));
            const auto named = origin_of("https://" + rest, false);
            if (named) {
                WebSocketClient poisoned({*named});
                CPPUNIT_ASSERT_MESSAGE(place, !poisoned.open({"wss://" + rest, {}, 1000}));
                CPPUNIT_ASSERT_MESSAGE(place, !poisoned.open({"ws://" + rest, {}, 1000}));
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(place, 0u, loopback_.came());
        }
    }

    void what_an_operator_wrote_is_taken_as_written() {
        const std::string url = "http://127.0.0.1:" + loopback_.port() + "/v1";
        const Answer answer = ask({origin(url, true)}, url);
        // It came, and nobody answered.
        CPPUNIT_ASSERT(!answer.ok());
        CPPUNIT_ASSERT_EQUAL(1u, loopback_.came());
        refused(ask({origin(url, true)}, "https://127.0.0.1:" + loopback_.port() + "/v1"), url);
        refused(ask({origin(url, true)}, "http://localhost:" + loopback_.port() + "/v1"), url);
        refused(ask({origin(url, true)}, "http://x@127.0.0.1:" + loopback_.port() + "/v1"), url);
    }

private:
    void refused(const Answer& answer, const std::string& what) {
        CPPUNIT_ASSERT_MESSAGE(what, !answer.ok());
        CPPUNIT_ASSERT_MESSAGE(what, !answer.maybe_sent);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, 0u, loopback_.came());
    }

    Loopback loopback_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EgressTest);

}  // namespace tandem::fetch
