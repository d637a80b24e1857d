#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "fetch/fetch.h"
#include "fetch/websocket.h"
#include "unit/fetch/authority.h"
#include "unit/fetch/websocket_server.h"

namespace {

using namespace tandem;
using test::Authority;
using test::Certified;
using test::secure_listener;
using test::WebSocketServer;

constexpr long day_s = 24 * 3600;

/// Real handshakes: whoever does not prove who he is learns nothing.
class CertificateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CertificateTest);
    CPPUNIT_TEST(a_certificate_that_fits_is_believed);
    CPPUNIT_TEST(each_wrong_certificate_is_a_failure_that_says_so);
    CPPUNIT_TEST(old_protocols_are_not_spoken);
    CPPUNIT_TEST(the_systems_authorities_count_where_none_is_named);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_certificate_that_fits_is_believed() {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            const auto server = serve(authority_.certify(), version);
            const fetch::Answer answer = send(*server, authority_.file());
            CPPUNIT_ASSERT_MESSAGE(answer.failure.text, answer.ok());
            CPPUNIT_ASSERT_EQUAL(std::string("served"), answer.body);
            CPPUNIT_ASSERT_EQUAL(1u, server->connections());
        }
    }

    void each_wrong_certificate_is_a_failure_that_says_so() {
        Authority stranger("A stranger"), namesake;
        struct Case {
            Authority::Files shown;
            const char* words;
        };
        const std::vector<Case> cases{
            {authority_.certify({.begins_s = -2 * day_s, .ends_s = -day_s}), "has expired"},
            {authority_.certify({.begins_s = -2 * day_s, .ends_s = -1}), "has expired"},
            {authority_.certify({.begins_s = day_s, .ends_s = 2 * day_s}), "not yet valid"},
            {authority_.certify({.place = "IP:127.0.0.2"}), "target host name"},
            {authority_.certify({.place = "DNS:api.example.com"}), "target host name"},
            {authority_.certify({.place = "DNS:127.0.0.1"}), "target host name"},
            {authority_.certify_itself(), "self-signed"},
            {stranger.certify(), "unable to get local issuer certificate"},
            {namesake.certify(), "asn1 encoding routines"},
        };
        for (const Case& wrong : cases) {
            const auto server = serve(wrong.shown);
            refuses(*server, wrong.words);
            // Never again without looking, neither at once nor with another request.
            refuses(*server, wrong.words);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(wrong.words, 0u, server->connections());
        }
    }

    void old_protocols_are_not_spoken() {
        for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
            const auto server = serve(authority_.certify(), version);
            const fetch::Answer answer = send(*server, authority_.file());
            CPPUNIT_ASSERT(answer.failure.code == Code::Unavailable);
            CPPUNIT_ASSERT(!answer.maybe_sent);
            CPPUNIT_ASSERT_MESSAGE(answer.failure.text,
                                   answer.failure.text.find("protocol") != std::string::npos);
            CPPUNIT_ASSERT(open(*server) == Code::Unavailable);
            CPPUNIT_ASSERT_EQUAL(0u, server->connections());
        }
    }

    void the_systems_authorities_count_where_none_is_named() {
        const auto server = serve(authority_.certify());
        const fetch::Answer answer = send(*server, "");
        CPPUNIT_ASSERT(answer.failure.code == Code::Unavailable && !answer.maybe_sent);
        CPPUNIT_ASSERT(answer.failure.text.find(fetch::distrust) != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(0u, server->connections());
    }

private:
    static std::unique_ptr<WebSocketServer> serve(const Authority::Files& shown, int newest = 0) {
        auto server = std::make_unique<WebSocketServer>(
            [](Poco::Net::WebSocket& socket, const Poco::Net::HTTPServerRequest&) {
                test::next_frame(socket);
            },
            secure_listener(shown, newest));
        server->answer("served");
        return server;
    }

    static fetch::Answer send(const WebSocketServer& server, const std::string& authorities) {
        const std::string url = "https://" + server.authority() + "/";
        fetch::Client client({*fetch::origin_of(url, true)}, authorities);
        return client.send({"POST", url, {}, "a secret", 20'000});
    }

    Code open(const WebSocketServer& server) const {
        const std::string host = server.authority() + "/";
        fetch::WebSocketClient client({*fetch::origin_of("https://" + host, true)},
                                      authority_.file());
        const auto made = client.open({"wss://" + host, {}, 20'000});
        return made ? Code::Ok : made.error().code;
    }

    void refuses(const WebSocketServer& server, const std::string& words) const {
        const fetch::Answer answer = send(server, authority_.file());
        const std::string& text = answer.failure.text;
        CPPUNIT_ASSERT_MESSAGE(words, answer.failure.code == Code::Unavailable);
        CPPUNIT_ASSERT_MESSAGE(words, !answer.maybe_sent);
        CPPUNIT_ASSERT_MESSAGE(text, text.find(words) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(text, text.find(fetch::distrust) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(words, open(server) == Code::Unavailable);
    }

    Authority authority_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CertificateTest);

}  // namespace
