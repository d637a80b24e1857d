#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>

#include "flow/bike_store.h"
#include "flow/fake.h"

namespace tandem::flow {

namespace {

constexpr std::chrono::hours three_days{72};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

/// What is shown at once is bounded, what is kept is as long as the organisation wants.
class HistoryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HistoryTest);
    CPPUNIT_TEST(the_last_messages_are_shown_and_all_are_kept);
    CPPUNIT_TEST(what_is_too_old_is_forgotten_where_the_organisation_says_so);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.more_organizations =
            "  - {id: boats, name: Boats, default_region: US, numbers: [\"+15550002222\"],"
            " channel: sandbox, responder: sandbox}\n";
        store.more = "conversation: {coalesce_ms: 50, history_limit: 3}\n";
        std::string text = settings(store);
        const std::string bikes = "{id: bikes,";
        text.replace(text.find(bikes), bikes.size(), bikes + " history_days: 2,");
        gateway_ = std::make_unique<Gateway>(text);
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
    }

    void the_last_messages_are_shown_and_all_are_kept() {
        for (int i = 0; i < 5; ++i) bikes_hear("text " + std::to_string(i));
        const Json shown = Json::parse(get("bikes", "")).at("data").at("messages");
        CPPUNIT_ASSERT_EQUAL(size_t{3}, shown.size());
        const Json kept = Json::parse(get("bikes", "/messages")).at("data").at("messages");
        CPPUNIT_ASSERT(kept.size() >= 5);
        CPPUNIT_ASSERT_EQUAL(std::string("text 0"), kept.at(0).value("content", ""));
    }

    void what_is_too_old_is_forgotten_where_the_organisation_says_so() {
        bikes_hear("an old song");
        CPPUNIT_ASSERT(twilio_.await_messages(1));
        HttpClient client(gateway_->url());
        const HttpAnswer heard =
            client.post("/api/sandbox/messages",
                        Json{{"from", customer}, {"text", "an old song"}}.dump(), bearer("boats"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(heard.body, 200, heard.status);
        CPPUNIT_ASSERT(has(get("bikes", "/messages"), "an old song"));

        gateway_->kill();
        gateway_->later(three_days);
        if (!std::filesystem::exists(Gateway::built_programs() + "/../lib/tandem-shifted-clock.so"))
            return;  // a build whose clock cannot be moved
        gateway_->start();
        CPPUNIT_ASSERT(await([&] { return !has(get("bikes", "/messages"), "an old song"); }));
        CPPUNIT_ASSERT(has(get("boats", "/messages"), "an old song"));
        bikes_hear("a new song");
        CPPUNIT_ASSERT(has(get("bikes", "/messages"), "a new song"));
    }

private:
    void bikes_hear(const std::string& text) {
        const Json got = twilio_.receive(customer, text);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
    }
    Headers bearer(const std::string& organization) {
        return {{"Authorization", "Bearer " + gateway_->token(organization, "admin")},
                {"Content-Type", "application/json"}};
    }
    std::string get(const std::string& organization, const std::string& what) {
        HttpClient client(gateway_->url());
        const HttpAnswer answer =
            client.get("/api/conversations/%2B15551234567" + what, bearer(organization));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 200, answer.status);
        return answer.body;
    }

    FakeTwilio twilio_;
    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(HistoryTest);

}  // namespace tandem::flow
