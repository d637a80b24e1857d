#include "limit/limiter.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "unit/deliver/world.h"

namespace tandem::limit {

class LimiterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LimiterTest);
    CPPUNIT_TEST(an_address_has_its_rate_and_a_proxy_none);
    CPPUNIT_TEST(an_ipv6_network_is_one_client);
    CPPUNIT_TEST(credentials_of_one_organisation_are_apart);
    CPPUNIT_TEST(one_organisations_flood_takes_nothing_from_another);
    CPPUNIT_TEST(an_organisation_may_have_rates_of_its_own);
    CPPUNIT_TEST(a_number_has_its_rate_and_takes_nothing_from_the_organisation);
    CPPUNIT_TEST(whoever_waits_for_the_organisation_is_spread_over_its_rate);
    CPPUNIT_TEST(answers_of_the_ai_to_one_number_are_five_in_a_minute);
    CPPUNIT_TEST(nothing_is_limited_where_nothing_is_asked_for);
    CPPUNIT_TEST(answers_tell_what_is_left);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_address_has_its_rate_and_a_proxy_none() {
        Rates rates;
        rates.requests_of_address = 8;
        rates.exempt = listen::parse_networks({"10.0.0.0/8"});
        Limiter limiter(rates, clock_, metrics_);
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.request_from("203.0.113.7"); }));
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.request_from("203.0.113.8"); }));
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.request_from("10.1.2.3"); }));
        const Verdict refused = limiter.request_from("203.0.113.7");
        CPPUNIT_ASSERT(refused.retry_after == Milliseconds{7500});
        CPPUNIT_ASSERT(metrics_.value("tandem_rate_limited_total address refused") > 0);
    }

    void an_ipv6_network_is_one_client() {
        CPPUNIT_ASSERT(key_of_client("2001:db8:1:2::1") == key_of_client("2001:db8:1:2:ffff::9"));
        CPPUNIT_ASSERT(key_of_client("2001:db8:1:2::1") != key_of_client("2001:db8:1:3::1"));
        CPPUNIT_ASSERT(key_of_client("203.0.113.7") == key_of_client("::ffff:203.0.113.7"));
        CPPUNIT_ASSERT(key_of_client("203.0.113.7") != key_of_client("203.0.113.8"));
        CPPUNIT_ASSERT_EQUAL(std::string("control"), key_of_client("control"));
    }

    void credentials_of_one_organisation_are_apart() {
        Rates rates;
        rates.requests = 12;
        Limiter limiter(rates, clock_, metrics_);
        const auto asks = [&](const char* subject, const char* credential) {
            domain::Identity identity;
            identity.organization = "a";
            identity.subject = subject;
            identity.credential_id = credential;
            return passing([&] { return limiter.request_of(identity); });
        };
        CPPUNIT_ASSERT_EQUAL(3, asks("ann", "token-1"));
        CPPUNIT_ASSERT_EQUAL(0, asks("ann", "token-1"));
        CPPUNIT_ASSERT_EQUAL(3, asks("ann", "token-2"));
        CPPUNIT_ASSERT_EQUAL(3, asks("ann", ""));
        CPPUNIT_ASSERT_EQUAL(3, asks("bob", ""));
    }

    void one_organisations_flood_takes_nothing_from_another() {
        Rates rates;
        rates.messages = rates.calls = 40;
        Limiter limiter(rates, clock_, metrics_);
        CPPUNIT_ASSERT_EQUAL(10, passing([&] { return limiter.message(a_, "+1"); }));
        CPPUNIT_ASSERT_EQUAL(10, passing([&] { return limiter.call(a_, "+1"); }));
        CPPUNIT_ASSERT_EQUAL(10, passing([&] { return limiter.message(b_, "+1"); }));
        CPPUNIT_ASSERT_EQUAL(10, passing([&] { return limiter.call(b_, "+1"); }));
    }

    void an_organisation_may_have_rates_of_its_own() {
        Rates rates;
        rates.messages = rates.calls = rates.requests = 40;
        Limiter limiter(rates, clock_, metrics_);
        domain::Organization own = a_;
        own.messages_per_minute = 8;
        own.calls_per_minute = 0;
        own.requests_per_minute = 4;
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(own, "+1"); }));
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.call(own, "+1"); }));
        const domain::Organizations all({own, b_});
        limiter.organizations(&all);
        domain::Identity identity;
        identity.organization = "a";
        CPPUNIT_ASSERT_EQUAL(1, passing([&] { return limiter.request_of(identity); }));
        identity.organization = "b";
        CPPUNIT_ASSERT_EQUAL(10, passing([&] { return limiter.request_of(identity); }));
    }

    void a_number_has_its_rate_and_takes_nothing_from_the_organisation() {
        Rates rates;
        rates.messages = 40;
        rates.messages_to_number = 8;
        rates.calls_to_number = 4;
        Limiter limiter(rates, clock_, metrics_);
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+1"); }));
        CPPUNIT_ASSERT(limiter.message(a_, "+1").policy == "messages-to-number");
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+2"); }));
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+3"); }));
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+4"); }));
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+5"); }));
        // Now the organisation's ten are gone, and a number that has its own left keeps it.
        CPPUNIT_ASSERT_EQUAL(0, passing([&] { return limiter.message(a_, "+6"); }));
        CPPUNIT_ASSERT(limiter.message(a_, "+6").policy == "messages");
        CPPUNIT_ASSERT_EQUAL(1, passing([&] { return limiter.call(a_, "+1"); }));
        clock_.advance(std::chrono::seconds{3});
        CPPUNIT_ASSERT_EQUAL(2, passing([&] { return limiter.message(a_, "+6"); }));
    }

    void whoever_waits_for_the_organisation_is_spread_over_its_rate() {
        Rates rates;
        rates.messages = 60;
        Limiter limiter(rates, clock_, metrics_);
        while (limiter.message(a_, "+1").passes) {
        }
        Milliseconds last{0};
        for (int i = 0; i < 100; ++i) {
            const Milliseconds turn =
                limiter.message_turn(a_, "+" + std::to_string(i), true, false);
            CPPUNIT_ASSERT(turn >= last + Milliseconds{1000});
            last = turn;
        }
        CPPUNIT_ASSERT(last <= Milliseconds{100001});
        // Who comes in its turn and finds that people were faster waits for one more only.
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, true) <= Milliseconds{1000});
        clock_.advance(Milliseconds{1000});
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, true).count() == 0);
        limiter.give_back_message(a_, "+1", true);
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, true).count() == 0);
        CPPUNIT_ASSERT(metrics_.value("tandem_rate_limited_total messages waits") > 0);
    }

    void answers_of_the_ai_to_one_number_are_five_in_a_minute() {
        Rates rates;
        rates.automatic_to_number = 5;
        Limiter limiter(rates, clock_, metrics_);
        for (int i = 0; i < 5; ++i) {
            CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, false).count() == 0);
            clock_.advance(Milliseconds{1000});
        }
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, false) == Milliseconds{55000});
        // People may write, other numbers and other organisations' too.
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", false, false).count() == 0);
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+2", true, false).count() == 0);
        CPPUNIT_ASSERT(limiter.message_turn(b_, "+1", true, false).count() == 0);
        clock_.advance(Milliseconds{55000});
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, true).count() == 0);
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, true) == Milliseconds{1000});
    }

    void nothing_is_limited_where_nothing_is_asked_for() {
        Limiter limiter({}, clock_, metrics_);
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.request_from("203.0.113.7"); }));
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.request_of({}); }));
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.message(a_, "+1"); }));
        CPPUNIT_ASSERT_EQUAL(100, passing([&] { return limiter.bad_signature_from("::1"); }));
        CPPUNIT_ASSERT(limiter.message_turn(a_, "+1", true, false).count() == 0);
        CPPUNIT_ASSERT(rate_fields(limiter.request_of({})).empty());
    }

    void answers_tell_what_is_left() {
        Rates rates;
        rates.messages = 60;
        Limiter limiter(rates, clock_, metrics_);
        const auto fields = rate_fields(limiter.message(a_, "+1"));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, fields.size());
        CPPUNIT_ASSERT_EQUAL(std::string("RateLimit-Policy"), fields[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("\"messages\";q=60;w=60"), fields[0].value);
        CPPUNIT_ASSERT_EQUAL(std::string("RateLimit"), fields[1].name);
        CPPUNIT_ASSERT_EQUAL(std::string("\"messages\";r=14;t=1"), fields[1].value);
        Verdict refused = limiter.message(a_, "+1");
        while (refused.passes) refused = limiter.message(a_, "+1");
        const serve::Problem problem = refusal(refused);
        CPPUNIT_ASSERT_EQUAL(429, problem.status);
        CPPUNIT_ASSERT_EQUAL(std::string("RATE_LIMITED"), problem.code);
        CPPUNIT_ASSERT_EQUAL(1u, problem.retry_after_s);
        CPPUNIT_ASSERT_EQUAL(std::string("\"messages\";r=0;t=1"), problem.headers.at(1).value);
        refused.told = false;
        CPPUNIT_ASSERT(rate_fields(refused).empty());
    }

private:
    /// Of a hundred at one instant.
    template <typename Ask>
    static int passing(Ask ask) {
        int passed = 0;
        for (int i = 0; i < 100; ++i)
            if (ask().passes) ++passed;
        return passed;
    }

    static domain::Organization organization(const std::string& id) {
        domain::Organization one;
        one.id = domain::OrganizationId::vouched(id);
        return one;
    }

    testing::HeldClock clock_;
    store::CountingMetrics metrics_;
    const domain::Organization a_ = organization("a"), b_ = organization("b");
};

CPPUNIT_TEST_SUITE_REGISTRATION(LimiterTest);

}  // namespace tandem::limit
