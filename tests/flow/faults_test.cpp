#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr std::chrono::seconds patience{150};

/// One way in which a provider may answer, and what must have become of the text then.
struct Fault {
    const char* name;
    const char* create;  // how the request to send is answered
    const char* list;    // how the first question for its fate is answered; empty: well
    const char* status;  // of the message in the end
    size_t sends;        // that the provider took
};

// `accept` says whether the provider did what it was asked for before it failed.
const std::vector<Fault> faults{
    {"429 with Retry-After", R"({"form": "status", "status": 429, "retry_after": "1"})", "",
     "delivered", 1},
    {"429 with a Retry-After of no use",
     R"({"form": "status", "status": 429, "retry_after": "soon", "count": 2})", "", "delivered", 1},
    {"500", R"({"form": "status", "status": 500})", "", "delivered", 1},
    {"503", R"({"form": "status", "status": 503, "retry_after": "1"})", "", "delivered", 1},
    {"500 although it was taken", R"({"form": "status", "status": 500, "accept": true})", "",
     "delivered", 1},
    {"reset before it was taken", R"({"form": "reset", "accept": false})", "", "delivered", 1},
    {"reset after it was taken", R"({"form": "reset"})", "", "delivered", 1},
    {"closed after it was taken", R"({"form": "close"})", "", "delivered", 1},
    {"never answered, not taken", R"({"form": "silence", "accept": false})", "", "delivered", 1},
    {"never answered, taken", R"({"form": "silence"})", "", "delivered", 1},
    {"a byte a second", R"({"form": "trickle"})", "", "delivered", 1},
    {"garbage", R"({"form": "garbage"})", "", "delivered", 1},
    {"HTML with 200", R"({"form": "html"})", "", "delivered", 1},
    {"nothing with 200", R"({"form": "empty"})", "", "delivered", 1},
    {"half a body", R"({"form": "truncated"})", "", "delivered", 1},
    {"a length that is too short", R"({"form": "wrong_length"})", "", "delivered", 1},
    {"more than anybody may say", R"({"form": "huge"})", "", "delivered", 1},
    {"sent elsewhere", R"({"form": "redirect"})", "", "delivered", 1},
    {"answered late", R"({"delay_ms": 3000})", "", "delivered", 1},
    {"called back before the answer",
     R"({"callbacks": ["queued", "sent", "delivered"], "before_answer": true})", "", "delivered",
     1},
    {"called back, never answered",
     R"({"form": "silence", "callbacks": ["sent", "delivered"], "before_answer": true})", "",
     "delivered", 1},
    {"called back in the wrong order, thrice",
     R"({"callbacks": ["delivered", "queued", "sent"], "times": 3})", "", "delivered", 1},
    {"final twice", R"({"callbacks": ["undelivered", "failed", "sent"], "times": 2})", "",
     "undelivered", 1},
    {"no number", R"({"form": "status", "status": 400, "code": 21211})", "", "failed", 0},
    {"opted out", R"({"form": "status", "status": 400, "code": 21610})", "", "failed", 0},
    {"unknown, and nobody to ask at first", R"({"form": "reset"})",
     R"({"form": "status", "status": 503})", "delivered", 1},
    {"unknown, and asked in vain", R"({"form": "reset", "accept": false})",
     R"({"form": "garbage"})", "delivered", 1},
};

std::string customer_of(size_t number) {
    return "+1" + std::to_string(5557650000ULL + number);
}

}  // namespace

/// Promise 3: whatever a provider does, nothing owed is lost and nothing is sent twice.
class FaultsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FaultsTest);
    CPPUNIT_TEST(no_fault_loses_or_doubles_a_text);
    CPPUNIT_TEST(a_refused_account_holds_what_is_owed);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.more = "conversation: {coalesce_ms: 50}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        screen_ = std::make_unique<Screen>(*gateway_);
    }

    void no_fault_loses_or_doubles_a_text() {
        // All but the scripted ones are reported sent and delivered, as soon as they are.
        twilio_.order("plan", {{"callbacks", {"sent", "delivered"}}});
        // Few at a time, each with a good one behind it: what one fault does to the others by
        // way of the breaker is another test's.
        constexpr size_t at_once = 4;
        std::string wrong;
        for (size_t begin = 0; begin < faults.size(); begin += at_once) {
            const size_t end = std::min(begin + at_once, faults.size());
            for (size_t i = begin; i < end; ++i) cause(faults[i], i);
            write(faults.size() + begin);
            for (size_t i = begin; i < end; ++i) wrong += judged(faults[i], i);
        }
        CPPUNIT_ASSERT_EQUAL(std::string(), wrong);
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        every_answer_was_told_once();
    }

    void a_refused_account_holds_what_is_owed() {
        twilio_.mood(
            {{"endpoint", "messages.create"}, {"form", "status"}, {"status", 401}, {"count", -1}});
        write(1);
        CPPUNIT_ASSERT(twilio_.await_requests("messages.create", 1));
        HttpClient client(gateway_->url());
        CPPUNIT_ASSERT(await(
            [&] { return client.get("/readyz").body.find("degraded") != std::string::npos; }));
        CPPUNIT_ASSERT_EQUAL(200, client.get("/readyz").status);
        std::string status;
        const bool waits = await([&] {
            status = screen_->answer_status(customer_of(1));
            return status == "queued" || status == "sending";
        });
        CPPUNIT_ASSERT_MESSAGE(status, waits);
        // What comes in is taken as ever.
        CPPUNIT_ASSERT_EQUAL(200,
                             twilio_.receive(customer_of(2), "Hello?").at("status").get<int>());
    }

private:
    void write(size_t number) {
        const Json got = twilio_.receive(customer_of(number), "Is the red one in stock?");
        CPPUNIT_ASSERT_EQUAL(200, got.at("status").get<int>());
    }

    void cause(const Fault& fault, size_t number) {
        Json create = Json::parse(fault.create);
        create["endpoint"] = "messages.create";
        create["match"] = {{"To", customer_of(number)}};
        twilio_.mood(create);
        if (*fault.list) {
            Json list = Json::parse(fault.list);
            list["endpoint"] = "messages.list";
            list["match"] = {{"To", customer_of(number)}};
            twilio_.mood(list);
        }
        write(number);
    }

    /// What is not as it should be; empty: nothing.
    std::string judged(const Fault& fault, size_t number) {
        const std::string phone = customer_of(number);
        const auto begin = std::chrono::steady_clock::now();
        await([&] { return screen_->answer_status(phone) == fault.status; }, patience);
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - begin);
        const std::string status = screen_->answer_status(phone);
        const auto taken = sent_to(phone);
        std::string said = std::string(fault.name) + ": ";
        if (status != fault.status) said += "the status is " + status + "; ";
        if (taken != fault.sends) said += std::to_string(taken) + " were sent; ";
        const bool good = status == fault.status && taken == fault.sends;
        std::cerr << (good ? "" : "WRONG ") << fault.name << ": " << status << " after "
                  << waited.count() << " s\n";
        return good ? "" : said + '\n';
    }

    size_t sent_to(const std::string& phone) {
        size_t count = 0;
        for (const Json& message : twilio_.messages()) count += message.at("to") == phone;
        return count;
    }

    void every_answer_was_told_once() {
        std::multiset<std::string> told;
        for (const Json& event : screen_->events())
            if (event.at("type") == "ai_message_sent")
                told.insert(event.at("phoneNumber").get<std::string>());
        for (size_t i = 0; i < faults.size(); ++i)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(faults[i].name, size_t{1}, told.count(customer_of(i)));
    }

    FakeTwilio twilio_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FaultsTest);

}  // namespace tandem::flow
