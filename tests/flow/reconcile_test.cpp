#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

// More than one page of either provider's lists.
constexpr int missed_texts = 120;
constexpr int missed_calls = 40;
constexpr std::chrono::seconds patience{120};

std::string customer_of(int number) {
    char text[20];
    std::snprintf(text, sizeof text, "+1555740%04d", number);
    return text;
}

}  // namespace

/// What happened while the gateway was away is there after it came back, once.
class ReconcileTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReconcileTest);
    CPPUNIT_TEST(what_was_missed_is_fetched_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_was_missed_is_fetched_once() {
        BikeStore store;
        store.twilio_url = twilio_.url();
        store.voice = "elevenlabs";
        store.more_providers = elevenlabs_.settings();
        Gateway gateway(settings(store));
        gateway.start();
        twilio_.calls(gateway, "twilio");
        elevenlabs_.calls(gateway, "elevenlabs");
        Screen screen(gateway);
        screen.events();

        // Before: what is known already must not come again.
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, "Hello?").at("status").get<int>());
        const Json known = elevenlabs_.ring(customer);
        CPPUNIT_ASSERT_EQUAL(200, known.at("status").get<int>());
        // This call goes on while the gateway is away, and ends meanwhile.
        CPPUNIT_ASSERT(screen.await_events("call_initiated", 1));
        gateway.kill();

        for (int i = 0; i < missed_texts; ++i)
            CPPUNIT_ASSERT_EQUAL(
                0,
                twilio_.receive(customer_of(i), "text " + std::to_string(i), {{"post", i % 2 == 0}})
                    .at("status")
                    .get<int>());
        const Json turns{{{"role", "agent"}, {"message", "Bikes, hello!"}},
                         {{"role", "user"}, {"message", "Are you open?"}}};
        elevenlabs_.finish(known.at("conversation_id"), "Began before.", turns, {{"post", false}});
        for (int i = 0; i < missed_calls; ++i) {
            const Json call = elevenlabs_.order("begin_call", {{"caller", customer_of(i)}});
            elevenlabs_.finish(call.at("conversation_id"), "call " + std::to_string(i), turns,
                               {{"post", false}});
        }

        gateway.start();
        CPPUNIT_ASSERT_MESSAGE(gateway.output(),
                               screen.await_events("sms_received", missed_texts + 1, patience));
        CPPUNIT_ASSERT_MESSAGE(gateway.output(),
                               screen.await_events("call_ended", missed_calls + 1, patience));
        // The providers' own second tries, and another start.
        for (const Json& webhook : twilio_.sent()) twilio_.again(webhook.at("number"));
        gateway.kill();
        gateway.start();
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, "Bye").at("status").get<int>());
        CPPUNIT_ASSERT(screen.await_events("sms_received", missed_texts + 2));

        std::multiset<std::string> texts;
        for (const Json& event : screen.events("sms_received"))
            texts.insert(event.at("messageSid").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(size_t{missed_texts + 2}, texts.size());
        for (const std::string& sid : texts) CPPUNIT_ASSERT_EQUAL(size_t{1}, texts.count(sid));
        std::multiset<std::string> calls;
        for (const Json& event : screen.events("call_ended"))
            calls.insert(event.at("conversationId").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(size_t{missed_calls + 1}, calls.size());
        for (const std::string& id : calls) CPPUNIT_ASSERT_EQUAL(size_t{1}, calls.count(id));
        CPPUNIT_ASSERT(screen.history(customer).at("activeCall").is_null());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
    }

private:
    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReconcileTest);

}  // namespace tandem::flow
