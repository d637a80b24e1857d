#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

/// What the provider does with one call that is asked for, and what must come of it.
struct Fault {
    const char* name;
    std::vector<const char*> moods;  // of the next requests for a call
    int status;                      // of our answer
    bool made;                       // one call is made, and only one
};

const std::vector<Fault> faults{
    {"well", {}, 200, true},
    {"429 with Retry-After",
     {R"({"form": "status", "status": 429, "retry_after": "1"})"},
     200,
     true},
    {"success: false",
     {R"({"form": "say", "status": 200, "body": {"success": false, "message": "no",
          "conversation_id": null, "callSid": null}})"},
     502,
     false},
    {"422", {R"({"form": "status", "status": 422})"}, 502, false},
    {"500 although it was made",
     {R"({"form": "status", "status": 500, "accept": true})"},
     200,
     true},
    {"reset after it was made", {R"({"form": "reset", "accept": true})"}, 200, true},
    {"garbage, but it was made", {R"({"form": "garbage", "accept": true})"}, 200, true},
    {"HTML with 200, but it was made", {R"({"form": "html", "accept": true})"}, 200, true},
    {"half a body, but it was made", {R"({"form": "truncated", "accept": true})"}, 200, true},
};

std::string customer_of(size_t number) {
    return "+1" + std::to_string(5557700000ULL + number);
}

}  // namespace

/// However the provider fails, a customer is called at most once, and whoever asked for the
/// call learns what came of it.
class CallFaultsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CallFaultsTest);
    CPPUNIT_TEST(no_fault_calls_anybody_twice);
    CPPUNIT_TEST_SUITE_END();

public:
    void no_fault_calls_anybody_twice() {
        BikeStore store = answered_by_agent(twilio_.url(), elevenlabs_.settings());
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        Screen screen(*gateway_);
        std::string wrong;
        for (size_t i = 0; i < faults.size(); ++i) wrong += judged(screen, faults[i], i);
        CPPUNIT_ASSERT_EQUAL(std::string(), wrong);
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
    }

private:
    std::string judged(Screen& screen, const Fault& fault, size_t number) {
        for (const char* text : fault.moods) {
            Json mood = Json::parse(text);
            mood["endpoint"] = "outbound";
            elevenlabs_.mood(mood);
        }
        const std::string phone = customer_of(number);
        Headers headers = screen.bearer();
        headers.emplace_back("Content-Type", "application/json");
        HttpClient agent(gateway_->url());
        const HttpAnswer answer = agent.post("/api/conversations/outbound-call",
                                             Json{{"phoneNumber", phone}}.dump(), headers);
        elevenlabs_.calm();
        size_t made = 0;
        for (const Json& request : elevenlabs_.requests("outbound", {{"to_number", phone}}))
            if (!request.value("made", "").empty()) ++made;
        const bool ended = await([&] { return ended_as_failed(screen, phone) != fault.made; });
        const bool good = answer.status == fault.status && made == (fault.made ? 1u : 0u) && ended;
        std::cerr << (good ? "" : "WRONG ") << fault.name << ": " << answer.status << ", made "
                  << made << '\n';
        return good ? "" : std::string(fault.name) + ": " + answer.body + '\n';
    }

    static bool ended_as_failed(Screen& screen, const std::string& phone) {
        for (const Json& event : screen.events("call_ended"))
            if (event.at("phoneNumber") == phone) return event.at("outcome") == "failed";
        return false;
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CallFaultsTest);

}  // namespace tandem::flow
