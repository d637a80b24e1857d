#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr char abroad[] = "+442079460123";

std::string customer_of(size_t number) {
    return "+1" + std::to_string(5557700000ULL + number);
}

}  // namespace

/// A business with twelve minutes of calls and two of money a day, which serves one country.
class CapsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CapsTest);
    CPPUNIT_TEST(minutes_are_reserved_settled_and_hold_over_a_kill);
    CPPUNIT_TEST(a_takeover_begins_at_a_cap);
    CPPUNIT_TEST(a_call_that_is_dropped_ends);
    CPPUNIT_TEST(who_is_erased_while_they_are_called_keeps_no_minutes);
    CPPUNIT_TEST(money_is_counted_for_texts_and_calls_alike);
    CPPUNIT_TEST(numbers_abroad_are_heard_and_not_answered);
    CPPUNIT_TEST_SUITE_END();

public:
    void tearDown() override {
        gateway_.reset();
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
    }

    void minutes_are_reserved_settled_and_hold_over_a_kill() {
        open("daily: {call_minutes: 12}, prices: {call_minute: 0.10}");
        expect_minutes(0, 0);
        const std::string first = place(1);
        expect_minutes(0, 5);
        const std::string second = place(2);
        expect_minutes(0, 10);
        const HttpAnswer refused = ask_to_call(3);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(refused.body, 429, refused.status);
        CPPUNIT_ASSERT_MESSAGE(refused.body,
                               refused.body.find("call minutes") != refused.body.npos);
        CPPUNIT_ASSERT(!refused.header("Retry-After").empty());

        const Json told = elevenlabs_.finish(first, "Done.", {}, {{"duration", 61}});
        CPPUNIT_ASSERT_EQUAL(200, told.at("status").get<int>());
        expect_minutes(2, 5);
        elevenlabs_.again(told.at("number").get<size_t>());
        expect_minutes(2, 5);
        CPPUNIT_ASSERT_EQUAL(std::string("0.2"), limits().at("cost").value("spent", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("0.5"), limits().at("cost").value("reserved", ""));

        kill_and_compare();
        const std::string third = place(4);
        expect_minutes(2, 10);
        CPPUNIT_ASSERT_EQUAL(429, ask_to_call(5).status);
        // Placed before the kill, over after it.
        elevenlabs_.finish(second, "Done.", {}, {{"duration", 59}});
        expect_minutes(3, 5);
        elevenlabs_.order("failed", {{"conversation_id", third}, {"reason", "busy"}});
        expect_minutes(3, 0);

        for (const unsigned minutes : {20u, 40u}) {
            const Json inbound = elevenlabs_.ring(customer);
            CPPUNIT_ASSERT_EQUAL_MESSAGE("a customer is not refused", 200,
                                         inbound.at("status").get<int>());
            elevenlabs_.finish(inbound.at("conversation_id"), "Long.", {}, {{"duration", 1200}});
            expect_minutes(3 + minutes, 0);
        }
        CPPUNIT_ASSERT_EQUAL(429, ask_to_call(6).status);
        kill_and_compare();
        CPPUNIT_ASSERT_EQUAL(429, ask_to_call(7).status);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, elevenlabs_.requests("outbound").size());
        tandemctl_tells_the_same();
    }

    void a_takeover_begins_at_a_cap() {
        open("daily: {messages: 1}");
        CPPUNIT_ASSERT_EQUAL(200, write(customer).status);
        const HttpAnswer joined = post("/api/human-control/join",
                                       {{"phoneNumber", customer}, {"customMessage", "I am Ann."}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(joined.body, 200, joined.status);
        const Json data = Json::parse(joined.body).at("data");
        CPPUNIT_ASSERT_EQUAL(std::string("active"), data.at("session").value("status", ""));
        CPPUNIT_ASSERT(!data.at("customMessage").at("sent").get<bool>());
        const Json unsent = screen_->history(customer).at("messages").back();
        CPPUNIT_ASSERT_EQUAL(std::string("I am Ann."), unsent.value("content", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), unsent.value("status", ""));
        CPPUNIT_ASSERT_EQUAL(429, write(customer).status);
        CPPUNIT_ASSERT(twilio_.await_messages(1));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, twilio_.messages().size());
    }

    void a_call_that_is_dropped_ends() {
        open("daily: {call_minutes: 12}");
        const Time later = SystemClock().now() + std::chrono::hours{1};
        const HttpAnswer placed =
            post("/api/conversations/outbound-call",
                 {{"phoneNumber", customer}, {"scheduledTime", iso8601(later)}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(placed.body, 200, placed.status);
        HttpClient client(gateway_->url());
        const auto waiting = [&] {
            const HttpAnswer listed = client.get("/api/outbox?state=waiting", ann_);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(listed.body, 200, listed.status);
            return Json::parse(listed.body).at("data").at("entries");
        };
        const std::string id = waiting().at(0).at("id");
        CPPUNIT_ASSERT_EQUAL(200, client.send("DELETE", "/api/outbox/" + id, "", ann_).status);
        CPPUNIT_ASSERT(screen_->await_events("call_ended", 1));
        const Json ended = screen_->events("call_ended").at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), ended.value("outcome", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("An operator dropped the call"),
                             ended.value("failureReason", ""));
        CPPUNIT_ASSERT(waiting().empty());
    }

    void who_is_erased_while_they_are_called_keeps_no_minutes() {
        open("daily: {call_minutes: 12}");
        const std::string running = place(1);
        expect_minutes(0, 5);
        const HttpAnswer erased =
            HttpClient(gateway_->url())
                .send("DELETE", "/api/conversations/%2B" + customer_of(1).substr(1), "", ann_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(erased.body, 200, erased.status);
        expect_minutes(0, 0);
        // Its end comes all the same, of a call that nobody knows any more.
        elevenlabs_.finish(running, "Done.", {}, {{"duration", 61}});
        expect_minutes(2, 0);
        kill_and_compare();
    }

    void money_is_counted_for_texts_and_calls_alike() {
        open("daily: {cost: 0.55}, prices: {message: 0.01, segment: 0.01, call_minute: 0.10}");
        place(1);
        CPPUNIT_ASSERT_EQUAL(200, write(customer).status);
        CPPUNIT_ASSERT_EQUAL(200, write(customer).status);
        const HttpAnswer refused = write(customer);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(refused.body, 429, refused.status);
        CPPUNIT_ASSERT_MESSAGE(refused.body, refused.body.find("money") != refused.body.npos);
        CPPUNIT_ASSERT_EQUAL(429, ask_to_call(2).status);
        kill_and_compare();
        CPPUNIT_ASSERT_EQUAL(429, write(customer).status);
        const Json cost = limits().at("cost");
        CPPUNIT_ASSERT_EQUAL(std::string("0.04"), cost.value("spent", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("0.5"), cost.value("reserved", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("0.55"), cost.value("cap", ""));
        const std::string metrics = HttpClient(gateway_->url()).get("/metrics").body;
        CPPUNIT_ASSERT(metrics.find("tandem_daily_cap_reached_total{cap=\"cost\"} 1") !=
                       std::string::npos);
    }

    void numbers_abroad_are_heard_and_not_answered() {
        open("allow_regions: [US]");
        for (const HttpAnswer& answer : {write(abroad), ask_to_call(abroad)}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 422, answer.status);
            CPPUNIT_ASSERT_EQUAL(std::string("NUMBER_NOT_ALLOWED"),
                                 Json::parse(answer.body).value("code", ""));
        }
        HttpClient provider(gateway_->url());
        CPPUNIT_ASSERT_EQUAL(200, deliver(provider, signed_text(1, "Do you ship?", abroad)).status);
        CPPUNIT_ASSERT(screen_->await_events("needs_human", 1));
        CPPUNIT_ASSERT_EQUAL(std::string("number_not_allowed"),
                             screen_->events("needs_human")[0].value("reason", ""));
        const Json history = screen_->history(abroad);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, history.at("messages").size());
        CPPUNIT_ASSERT_EQUAL(200, write(customer).status);
        CPPUNIT_ASSERT(twilio_.await_messages(1));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, twilio_.messages().size());
    }

private:
    void open(const std::string& caps) {
        BikeStore store;
        store.twilio_url = twilio_.url();
        store.voice = "elevenlabs";
        store.responder = "elevenlabs";
        store.more_providers = elevenlabs_.settings();
        store.more_of_bikes = caps;
        store.more = "conversation: {coalesce_ms: 0}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        screen_ = std::make_unique<Screen>(*gateway_);
        ann_ = {{"Authorization", "Bearer " + gateway_->token("bikes", "admin", "ann")},
                {"Content-Type", "application/json"}};
    }
    HttpAnswer post(const std::string& path, const Json& body) {
        return HttpClient(gateway_->url()).post(path, body.dump(), ann_);
    }
    HttpAnswer ask_to_call(const std::string& number) {
        return post("/api/conversations/outbound-call", {{"phoneNumber", number}});
    }
    HttpAnswer ask_to_call(size_t number) { return ask_to_call(customer_of(number)); }
    /// The provider's conversation.
    std::string place(size_t number) {
        const HttpAnswer placed = ask_to_call(number);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(placed.body, 200, placed.status);
        return Json::parse(placed.body).at("data").at("conversationId");
    }
    HttpAnswer write(const std::string& number) {
        return post("/api/conversations/%2B" + number.substr(1) + "/messages",
                    {{"message", "Hello"}});
    }
    Json limits() {
        const HttpAnswer answer = HttpClient(gateway_->url()).get("/api/limits", ann_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 200, answer.status);
        return Json::parse(answer.body).at("data");
    }
    void expect_minutes(unsigned spent, unsigned reserved) {
        const Json minutes = limits().at("callMinutes");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(minutes.dump(), spent, minutes.value("spent", 999u));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(minutes.dump(), reserved, minutes.value("reserved", 999u));
    }
    /// What a process counted is what the next one reads.
    void kill_and_compare() {
        const Json before = limits();
        gateway_->kill();
        gateway_->start();
        CPPUNIT_ASSERT_EQUAL(before, limits());
    }
    /// The running gateway, and the store alone.
    void tandemctl_tells_the_same() {
        const Json told = limits();
        for (const bool runs : {true, false}) {
            if (!runs) gateway_->stop();
            Process ctl({Gateway::built_programs() + "/tandemctl", "limits", "--json", "--config",
                         gateway_->folder().file("tandem.yaml")},
                        {{"TEST_FOLDER", gateway_->folder().file("")}});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(ctl.output(), 0, ctl.wait());
            const std::string output = ctl.output();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(output, told,
                                         Json::parse(output.substr(output.rfind("{\"org"))));
        }
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
    Headers ann_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CapsTest);

}  // namespace tandem::flow
