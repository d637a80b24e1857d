#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "admit/gate.h"
#include "jwt.h"
#include "tandem/plugin/testing.hpp"
#include "tokens.h"
#include "unit/store/quiet.h"

namespace tandem::jwt {

namespace {

using namespace testing;

class HeldClock : public Clock {
public:
    Time now() const override { return time; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
    Time time{Milliseconds{1795324691000}};
};

/// The plugin behind the rooms' port, without the waist between.
class Behind : public admit::Authenticator {
public:
    explicit Behind(Jwt& jwt) : jwt_(jwt) {}
    const std::string& instance() const override { return instance_; }
    Result<domain::Identity> authenticate(std::string_view token, Time now) override {
        try {
            const auto from = jwt_.authenticate(token, now.time_since_epoch().count());
            domain::Identity identity;
            identity.subject = from.subject;
            identity.organization = domain::OrganizationId::vouched(from.organization);
            identity.permissions = from.permissions;
            identity.expires_at = Time{Milliseconds{from.expires_at}};
            return identity;
        } catch (const plugin::Failure& failure) {
            const bool foreign = failure.code() == TANDEM_UNSUPPORTED;
            return Error{foreign ? Code::Unsupported : Code::Unauthorized, failure.what()};
        }
    }

private:
    const std::string instance_ = "jwt";
    Jwt& jwt_;
};

}  // namespace

class AdmittedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AdmittedTest);
    CPPUNIT_TEST(t05_a_request_has_a_minute_after_expiry);
    CPPUNIT_TEST(t09_a_token_of_another_organisation_reaches_nothing);
    CPPUNIT_TEST(t24_a_token_stands_in_the_authorization_field_alone);
    CPPUNIT_TEST(t26_a_missing_permission_is_403);
    CPPUNIT_TEST(refused_tokens_get_one_answer_for_every_reason);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_.option("secret", secret);
        host_.apply_defaults<Jwt>();
        jwt_ = std::make_unique<Jwt>(host_.host());
        gate_ = std::make_unique<admit::Gate>(
            clock_, organizations_,
            std::vector<std::shared_ptr<admit::Authenticator>>{std::make_shared<Behind>(*jwt_)},
            admit::GateOptions{}, log_, metrics_);
    }

    void t05_a_request_has_a_minute_after_expiry() {
        const auto expired = [&](int64_t seconds) {
            return "Bearer " + token({{"exp", std::to_string(now_s() - seconds)}});
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), code(expired(59)));
        CPPUNIT_ASSERT_EQUAL(std::string("TOKEN_EXPIRED"), code(expired(61)));
        // A forged token is not told that it is old.
        CPPUNIT_ASSERT_EQUAL(std::string("INVALID_TOKEN"),
                             code("Bearer " + sign(good_header, claims_at(now_s(), {{"exp", "1"}}),
                                                   std::string(32, 'x'))));
    }

    void t09_a_token_of_another_organisation_reaches_nothing() {
        CPPUNIT_ASSERT_EQUAL(std::string("INVALID_TOKEN"),
                             code("Bearer " + token({{"organizationId", R"("elsewhere")"}})));
        CPPUNIT_ASSERT_EQUAL(std::string("ORGANIZATION_ACCESS_DENIED"),
                             code("Bearer " + token(), "organizationId=elsewhere"));
    }

    void t24_a_token_stands_in_the_authorization_field_alone() {
        CPPUNIT_ASSERT_EQUAL(std::string(), code("bearer " + token()));
        for (const std::string& wrong : {"Bearer Bearer " + token(), "Bearer\t" + token(),
                                         "Bearer " + token() + " x", "Bearer \"" + token() + '"'})
            CPPUNIT_ASSERT_EQUAL(std::string("INVALID_TOKEN"), code(wrong));
        for (const std::string& none : {std::string("Bearer"), "Basic " + token()})
            CPPUNIT_ASSERT_EQUAL(std::string("MISSING_TOKEN"), code(none));
        CPPUNIT_ASSERT_EQUAL(std::string("MISSING_TOKEN"), code("", "token=" + token()));
    }

    void t26_a_missing_permission_is_403() {
        for (const char* permissions : {R"(["leads:read"])", "[]", R"("conversations:read")"})
            CPPUNIT_ASSERT_EQUAL(std::string("PERMISSION_DENIED"),
                                 code("Bearer " + token({{"permissions", permissions}})));
        CPPUNIT_ASSERT_EQUAL(
            std::string(),
            code("Bearer " + token({{"permissions", ""}, {"scope", R"("x conversations:read")"}})));
    }

    void refused_tokens_get_one_answer_for_every_reason() {
        std::string first;
        for (const std::string& wrong :
             {sign(R"({"alg":"none"})", claims_at(now_s())), token({{"sub", ""}}),
              token({{"nbf", "9e15"}}), token() + 'A', std::string("a.b.c"),
              std::string("opaque")}) {
            serve::Request request = with("Bearer " + wrong);
            const auto answer = gate_->check(request, route());
            CPPUNIT_ASSERT(answer);
            if (first.empty()) first = answer->body;
            CPPUNIT_ASSERT_EQUAL(first, answer->body);
            CPPUNIT_ASSERT_EQUAL(401, answer->status);
        }
    }

private:
    int64_t now_s() const { return clock_.time.time_since_epoch().count() / 1000; }
    std::string token(const std::map<std::string, std::string>& changes = {}) const {
        return sign(good_header, claims_at(now_s(), changes));
    }
    static serve::Route route() {
        serve::Route route;
        route.method = "GET";
        route.pattern = "/api/conversations";
        route.permission = "conversations:read";
        return route;
    }
    static serve::Request with(const std::string& authorization) {
        serve::Request request;
        request.method = "GET";
        request.peer = request.client = "192.0.2.1";
        if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
        return request;
    }
    /// The code of the refusal; empty: let in.
    std::string code(const std::string& authorization, const std::string& query = {}) {
        serve::Request request = with(authorization);
        request.raw_query = query;
        const auto answer = gate_->check(request, route());
        if (!answer) return {};
        const size_t start = answer->body.find("\"code\":\"") + 8;
        return answer->body.substr(start, answer->body.find('"', start) - start);
    }
    static domain::Organization organization() {
        domain::Organization row;
        row.id = "bici-demo";
        return row;
    }

    HeldClock clock_;
    domain::Organizations organizations_{{organization()}};
    store::QuietLog log_;
    store::CountingMetrics metrics_;
    plugin::testing::FakeHost host_{"jwt"};
    std::unique_ptr<Jwt> jwt_;
    std::unique_ptr<admit::Gate> gate_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AdmittedTest);

}  // namespace tandem::jwt
