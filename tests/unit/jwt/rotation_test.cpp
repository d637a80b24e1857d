#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "fakes/issuer.h"
#include "fetch/fetch.h"
#include "made.h"
#include "tokens.h"

namespace tandem::jwt {

namespace {

using namespace testing;
using fakes::key_set;
using fakes::SigningKey;

constexpr tandem_time now = 1795324691000;
constexpr std::int64_t minute_ms = 60 * 1000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

const SigningKey& first() {
    static const SigningKey key("ES256");
    return key;
}
const SigningKey& second() {
    static const SigningKey key("ES256");
    return key;
}

bool await(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

}  // namespace

/// Against a real server, through the client that the host lends to plugins; only the clock
/// is the test's.
class RotationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RotationTest);
    CPPUNIT_TEST(t22_a_new_key_counts_with_its_first_token);
    CPPUNIT_TEST(t22_a_key_that_was_taken_away_counts_no_longer);
    CPPUNIT_TEST(t22_an_empty_set_takes_all_keys_away);
    CPPUNIT_TEST(t22_an_issuer_may_be_away_for_a_day_and_not_longer);
    CPPUNIT_TEST(t20_unknown_kids_cause_one_fetch_in_five_minutes);
    CPPUNIT_TEST(t20_few_requests_wait_for_a_silent_issuer_and_none_for_long);
    CPPUNIT_TEST(t21_whatever_is_no_key_set_lets_nobody_in);
    CPPUNIT_TEST(t21_whatever_is_no_key_set_leaves_the_last_good_one);
    CPPUNIT_TEST(an_empty_credential_asks_whether_there_are_keys);
    CPPUNIT_TEST(t21_a_redirect_is_not_followed);
    CPPUNIT_TEST(t18_what_a_token_points_to_is_never_fetched);
    CPPUNIT_TEST(t19_no_kid_and_two_keys_is_nobody_and_causes_no_fetch);
    CPPUNIT_TEST(an_absent_issuer_is_asked_again_ever_more_seldom);
    CPPUNIT_TEST(a_file_is_read_again);
    CPPUNIT_TEST(a_replaced_key_file_counts_with_its_first_token);
    CPPUNIT_TEST(a_key_file_that_is_gone_serves_for_a_day_and_not_longer);
    CPPUNIT_TEST(nothing_is_fetched_after_stop);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        issuer_ = std::make_unique<fakes::Issuer>();
        issuer_->publishes(key_set(first().jwk("1")));
    }
    void tearDown() override {
        if (made_) made_->jwt->stop();
        made_.reset();
        client_.reset();
        issuer_.reset();
    }

    void t22_a_new_key_counts_with_its_first_token() {
        start();
        expect("accepted", first(), "1");
        issuer_->publishes(key_set(first().jwk("1") + "," + second().jwk("2")));
        expect_soon("accepted", second(), "2");
        expect("accepted", first(), "1");
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());
    }

    void t22_a_key_that_was_taken_away_counts_no_longer() {
        start();
        issuer_->publishes(key_set(second().jwk("2")));
        expect("accepted", first(), "1");  // nobody has told yet
        made_->host.advance(15 * minute_ms);
        CPPUNIT_ASSERT(await([&] { return judge(first(), "1") == "refused"; }));
        expect("accepted", second(), "2");
        // The same name for another key.
        issuer_->publishes(key_set(second().jwk("1")));
        made_->host.advance(15 * minute_ms);
        CPPUNIT_ASSERT(await([&] { return judge(second(), "1") == "accepted"; }));
        expect("refused", first(), "1");
    }

    void t22_an_empty_set_takes_all_keys_away() {
        start();
        issuer_->publishes(key_set(""));
        made_->host.advance(15 * minute_ms);
        CPPUNIT_ASSERT(await([&] { return judge(first(), "1") == "refused"; }));
    }

    void t22_an_issuer_may_be_away_for_a_day_and_not_longer() {
        start();
        issuer_->answers(503, "");
        unsigned asked = issuer_->requests();
        for (int hour = 1; hour <= 24; ++hour) {
            made_->host.advance(hour_ms);
            expect("accepted", first(), "1");
            await_fetch();
            CPPUNIT_ASSERT(issuer_->requests() > asked);
            asked = issuer_->requests();
        }
        made_->host.advance(hour_ms);
        expect("unavailable", first(), "1");
        // It comes back, and needs no restart of ours.
        issuer_->publishes(key_set(first().jwk("1")));
        made_->host.advance(hour_ms);
        CPPUNIT_ASSERT(await([&] { return judge(first(), "1") == "accepted"; }));
    }

    void t20_unknown_kids_cause_one_fetch_in_five_minutes() {
        start();
        std::vector<std::thread> attackers;
        std::atomic<int> refused{0};
        for (int thread = 0; thread < 4; ++thread)
            attackers.emplace_back([&, thread] {
                for (int i = 0; i < 250; ++i)
                    if (judge(second(), "made-up-" + std::to_string(thread * 250 + i)) == "refused")
                        ++refused;
            });
        for (std::thread& attacker : attackers) attacker.join();
        CPPUNIT_ASSERT_EQUAL(1000, refused.load());
        await_fetch();
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());  // the first, and one for all of them
        expect("accepted", first(), "1");

        made_->host.advance(5 * minute_ms - 1);
        for (int i = 0; i < 100; ++i) expect("refused", second(), "later");
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());
        made_->host.advance(1);
        for (int i = 0; i < 100; ++i) expect("refused", second(), "later");
        await_fetch();
        CPPUNIT_ASSERT_EQUAL(3u, issuer_->requests());
    }

    void t20_few_requests_wait_for_a_silent_issuer_and_none_for_long() {
        // Whom the machine itself holds up counts as slow as well, and then it is tried again.
        int slow = 0;
        for (int i = 0; i < 3 && (i == 0 || slow > most_waiting); ++i) {
            tearDown();
            setUp();
            start();
            issuer_->falls_silent();
            slow = slow_of_a_crowd();
        }
        CPPUNIT_ASSERT(slow >= 1);
        CPPUNIT_ASSERT(slow <= most_waiting);
        // Whoever brings a known key notices nothing.
        expect("accepted", first(), "1");
        issuer_->publishes(key_set(first().jwk("1")));
    }

    void t21_whatever_is_no_key_set_lets_nobody_in() {
        for (const auto& bad : bad_answers()) {
            tearDown();
            issuer_ = std::make_unique<fakes::Issuer>();
            bad(*issuer_);
            start();
            expect("unavailable", first(), "1");
            expect("unavailable", second(), "2");
        }
    }

    void t21_whatever_is_no_key_set_leaves_the_last_good_one() {
        start();
        for (const auto& bad : bad_answers()) {
            bad(*issuer_);
            const unsigned asked = issuer_->requests();
            made_->host.advance(15 * minute_ms);
            expect("accepted", first(), "1");
            CPPUNIT_ASSERT(await([&] { return issuer_->requests() > asked; }));
            expect("accepted", first(), "1");
            expect("refused", second(), "2");
            await_fetch();
        }
    }

    void an_empty_credential_asks_whether_there_are_keys() {
        issuer_->publishes("<html>Sign in</html>");
        start();
        CPPUNIT_ASSERT_EQUAL(std::string("unavailable"), made_->judge("", now));
        // What is not ours goes on to others all the same.
        CPPUNIT_ASSERT_EQUAL(std::string("not mine"), made_->judge("tandem_key", now));
        issuer_->publishes(key_set(first().jwk("1")));
        expect("accepted", first(), "1");
        CPPUNIT_ASSERT_EQUAL(std::string("not mine"), made_->judge("", now));
    }

    void t21_a_redirect_is_not_followed() {
        fakes::Issuer elsewhere;
        elsewhere.publishes(key_set(first().jwk("1")));
        for (const int status : {301, 302, 303, 307, 308}) {
            tearDown();
            issuer_ = std::make_unique<fakes::Issuer>();
            issuer_->answers(status, key_set(first().jwk("1")), {{"Location", elsewhere.url()}});
            start();
            expect("unavailable", first(), "1");
        }
        CPPUNIT_ASSERT_EQUAL(0u, elsewhere.requests());
    }

    void t18_what_a_token_points_to_is_never_fetched() {
        start();
        fakes::Issuer attacker;
        attacker.publishes(key_set(second().jwk("2")));
        const std::string claims = claims_at(now / 1000);
        for (const std::string& member :
             {"\"jku\":\"" + attacker.url() + '"', "\"x5u\":\"" + attacker.url() + '"',
              "\"jwk\":" + second().jwk("2"), std::string(R"("x5c":["eA"])"),
              std::string(R"("x5t":"eA")")}) {
            const std::string token =
                second().token(R"({"alg":"ES256","kid":"2",)" + member + '}', claims);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(member, std::string("refused"), made_->judge(token, now));
        }
        CPPUNIT_ASSERT_EQUAL(
            std::string("refused"),
            made_->judge(
                second().token(R"({"alg":"ES256","kid":")" + attacker.url() + "\"}", claims), now));
        CPPUNIT_ASSERT_EQUAL(0u, attacker.requests());
    }

    void t19_no_kid_and_two_keys_is_nobody_and_causes_no_fetch() {
        issuer_->publishes(key_set(first().jwk("1") + "," + second().jwk("2")));
        start();
        expect("refused", first(), "");
        CPPUNIT_ASSERT_EQUAL(1u, issuer_->requests());
        for (const std::string& kid : {std::string("../../etc/passwd"), std::string("' OR 1=1 --"),
                                       std::string("1 "), std::string(250, '1')})
            expect("refused", first(), kid);
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());
        // No names at all: too long, or with a NUL.
        expect("refused", first(), std::string(5000, 'k'));
        expect("refused", first(), "1\\u0000");
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());
    }

    void an_absent_issuer_is_asked_again_ever_more_seldom() {
        start();
        issuer_->answers(500, "");
        await_fetch();
        unsigned asked = 2;
        for (const int seconds : {30, 60, 120}) {
            made_->host.advance(seconds * 1000 - 1);
            for (int i = 0; i < 50; ++i) expect("accepted", first(), "1");
            CPPUNIT_ASSERT_EQUAL(asked, issuer_->requests());
            made_->host.advance(1);
            expect("accepted", first(), "1");
            ++asked;
            CPPUNIT_ASSERT(await([&] { return issuer_->requests() == asked; }));
            await_fetch();  // and cause none yet
        }
    }

    void a_file_is_read_again() {
        const TemporaryFile file(key_set(first().jwk("1")));
        made_ = std::make_unique<Made>(Options{{"algorithm", "ES256"}, {"jwks_file", file.path()}});
        made_->jwt->start();
        expect("accepted", first(), "1");
        file.write(key_set(second().jwk("2")));
        expect_soon("accepted", second(), "2");
        expect("refused", first(), "1");
        file.write("half of a");
        made_->host.advance(15 * minute_ms);
        expect("accepted", second(), "2");
    }

    void a_replaced_key_file_counts_with_its_first_token() {
        const TemporaryFile file(first().public_pem());
        made_ = std::make_unique<Made>(Options{{"algorithm", "ES256"}, {"key_file", file.path()}});
        made_->jwt->start();
        expect("accepted", first(), "1");
        file.write(second().public_pem());
        expect_soon("accepted", second(), "2");
        expect("refused", first(), "1");
        // Without such a token it is read in its time.
        file.write(first().public_pem());
        made_->host.advance(15 * minute_ms);
        CPPUNIT_ASSERT(await([&] { return judge(first(), "1") == "accepted"; }));
    }

    void a_key_file_that_is_gone_serves_for_a_day_and_not_longer() {
        const TemporaryFile file(first().public_pem());
        made_ = std::make_unique<Made>(Options{{"algorithm", "ES256"}, {"key_file", file.path()}});
        made_->jwt->start();
        file.write("-----BEGIN PUBLIC KEY-----\nhalf of a");
        made_->host.advance(24 * hour_ms - 1);
        expect("accepted", first(), "1");
        expect("refused", second(), "2");
        made_->host.advance(2);
        expect("unavailable", first(), "1");
        file.write(first().public_pem());
        made_->host.advance(5 * minute_ms);
        CPPUNIT_ASSERT(await([&] { return judge(first(), "1") == "accepted"; }));
    }

    void nothing_is_fetched_after_stop() {
        start();
        made_->jwt->stop();
        made_->host.advance(24 * hour_ms);
        expect("refused", second(), "2");
        CPPUNIT_ASSERT_EQUAL(1u, issuer_->requests());
    }

private:
    static constexpr int most_waiting = static_cast<int>(RotatingKeys::max_waiting);

    using Spoil = std::function<void(fakes::Issuer&)>;

    static std::vector<Spoil> bad_answers() {
        const std::string good = first().jwk("1");
        std::vector<Spoil> all{
            [good](fakes::Issuer& issuer) { issuer.answers(500, key_set(good)); },
            [good](fakes::Issuer& issuer) { issuer.answers(404, key_set(good)); },
            [good](fakes::Issuer& issuer) { issuer.answers(201, key_set(good)); },
        };
        for (const std::string& body :
             {std::string(), std::string("<html>Sign in</html>"), key_set(good + "," + good),
              key_set(good) + std::string(1 << 20, ' '), std::string(1 << 20, '['),
              "[" + key_set(good) + "]", good})
            all.push_back([body](fakes::Issuer& issuer) { issuer.publishes(body); });
        std::string many = good;
        for (int i = 0; i < 10000; ++i) many += ",{}";
        all.push_back([many](fakes::Issuer& issuer) { issuer.publishes(key_set(many)); });
        return all;
    }

    /// How many of those who bring an unknown key at once wait.
    int slow_of_a_crowd() {
        std::vector<std::thread> callers;
        std::latch all_there(16);
        std::atomic<int> slow{0}, too_slow{0}, refused{0};
        for (int i = 0; i < 16; ++i)
            callers.emplace_back([&] {
                all_there.arrive_and_wait();
                const auto begin = std::chrono::steady_clock::now();
                if (judge(second(), "unknown") == "refused") ++refused;
                const auto took = std::chrono::steady_clock::now() - begin;
                if (took >= RotatingKeys::max_wait) ++slow;
                if (took >= 4 * RotatingKeys::max_wait) ++too_slow;
            });
        for (std::thread& caller : callers) caller.join();
        CPPUNIT_ASSERT_EQUAL(16, refused.load());
        CPPUNIT_ASSERT_EQUAL(0, too_slow.load());
        return slow;
    }

    void start() {
        made_ =
            std::make_unique<Made>(Options{{"algorithm", "ES256"}, {"jwks_url", issuer_->url()}});
        client_ = std::make_unique<fetch::Client>(
            std::vector<fetch::Origin>{*fetch::origin_of(issuer_->url(), true)});
        made_->host.answer_http_by([this](const plugin::HttpRequest& request) {
            longest_ms_ = std::max(longest_ms_.load(), request.deadline_ms);
            const fetch::Answer answer =
                client_->send({request.method, request.url, {}, request.body, request.deadline_ms});
            plugin::HttpResult result;
            result.answered = answer.ok();
            result.status = answer.status;
            result.body = answer.body;
            result.error = answer.failure.text;
            return result;
        });
        made_->jwt->start();
        CPPUNIT_ASSERT(longest_ms_ <= 5000);
    }
    std::string judge(const SigningKey& key, const std::string& kid) {
        return made_->judge(key.token_of(claims_at(now / 1000), kid), now);
    }
    void expect(const std::string& outcome, const SigningKey& key, const std::string& kid) {
        CPPUNIT_ASSERT_EQUAL(outcome, judge(key, kid));
    }
    /// A judgement waits for the fetch that it causes, but only for so long.
    void expect_soon(const std::string& outcome, const SigningKey& key, const std::string& kid) {
        CPPUNIT_ASSERT(await([&] { return judge(key, kid) == outcome; }));
    }
    /// The one in hand, or that an unknown key causes: a judgement that waited less than it may
    /// saw its end.
    void await_fetch() {
        for (;;) {
            const auto begin = std::chrono::steady_clock::now();
            expect("refused", second(), "unknown");
            if (std::chrono::steady_clock::now() - begin < RotatingKeys::max_wait) return;
        }
    }

    std::unique_ptr<fakes::Issuer> issuer_;
    std::unique_ptr<fetch::Client> client_;
    std::unique_ptr<Made> made_;
    std::atomic<std::uint32_t> longest_ms_{0};  // that a fetch was given
};

CPPUNIT_TEST_SUITE_REGISTRATION(RotationTest);

}  // namespace tandem::jwt
