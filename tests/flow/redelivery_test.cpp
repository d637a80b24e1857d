#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr int deliveries = 10;
constexpr char other_customer[] = "+15557654321";

}  // namespace

/// Promise 2: a webhook may come ten times and in any order; its effect comes once.
class RedeliveryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RedeliveryTest);
    CPPUNIT_TEST(ten_times_in_any_order_is_as_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.voice = "elevenlabs";
        store.more_providers += elevenlabs_.settings();
        store.more = "conversation: {coalesce_ms: 50}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        screen_ = std::make_unique<Screen>(*gateway_);
        screen_->events();
    }

    void ten_times_in_any_order_is_as_once() {
        const char* chosen = std::getenv("TANDEM_TEST_SEED");
        const unsigned seed =
            chosen ? static_cast<unsigned>(std::atoi(chosen)) : std::random_device{}();
        std::cerr << "seed " << seed << '\n';
        std::mt19937 random(seed);
        tell_the_story();
        const Json before = state();
        const size_t messages = twilio_.messages().size();

        std::vector<std::pair<Fake*, size_t>> all;
        for (Fake* fake : {static_cast<Fake*>(&twilio_), static_cast<Fake*>(&elevenlabs_)})
            for (const Json& webhook : fake->sent())
                for (int i = 0; i < deliveries - 1; ++i)
                    all.emplace_back(fake, webhook.at("number").get<size_t>());
        std::shuffle(all.begin(), all.end(), random);
        for (size_t i = 0; i < all.size(); ++i) {
            if (i == all.size() / 2) restart();
            const Json got = all[i].first->again(all[i].second);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
        }

        // What a repeated webhook might have set off would be owed by now; one more text
        // goes the same way behind it.
        text("+15550000042", "Are you open?");
        const Json after = state();
        CPPUNIT_ASSERT_EQUAL(before.dump(1), after.dump(1));
        CPPUNIT_ASSERT_EQUAL(messages + 1, twilio_.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
    }

private:
    /// Texts, statuses of all kinds, a call with and one without an end, an opt-out.
    void tell_the_story() {
        text(customer, "Is the red one in stock?");
        text(other_customer, "hello");
        const Json sent = twilio_.messages();
        for (const char* status : {"sending", "delivered", "sent"})
            answered(twilio_.status(sent.at(0).at("sid"), status));
        answered(twilio_.order(
            "status",
            {{"sid", sent.at(1).at("sid")}, {"status", "undelivered"}, {"error_code", 30003}}));
        const Json call = elevenlabs_.ring(customer);
        answered(call);
        answered(elevenlabs_.finish(call.at("conversation_id"), "Wants the red one.",
                                    {{{"role", "agent"}, {"message", "Bikes, hello!"}},
                                     {{"role", "user"}, {"message", "The red one, please."}}}));
        answered(elevenlabs_.ring(other_customer));
        answered(twilio_.receive(other_customer, "STOP"));
        CPPUNIT_ASSERT(screen_->await_events("customer_opted_out", 1));
        CPPUNIT_ASSERT(screen_->await_events("call_ended", 1));
        CPPUNIT_ASSERT(await([&] { return screen_->answer_status(customer) == "delivered"; }));
        CPPUNIT_ASSERT(
            await([&] { return screen_->answer_status(other_customer) == "undelivered"; }));
    }

    void text(const std::string& from, const std::string& words) {
        const size_t count = twilio_.messages().size();
        answered(twilio_.receive(from, words));
        CPPUNIT_ASSERT_MESSAGE(gateway_->output(), twilio_.await_messages(count + 1));
        CPPUNIT_ASSERT(await([&] { return !screen_->answer_status(from).empty(); }));
    }

    static void answered(const Json& got) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
    }

    void restart() {
        gateway_->kill();
        gateway_->start();
    }

    /// Everything that can be seen of the two customers.
    Json state() {
        Json state;
        for (const char* phone : {customer, other_customer}) {
            Json history = screen_->history(phone);
            history.erase("timestamp");
            history.erase("eventId");
            state[phone] = history;
            for (const Json& event : screen_->events())
                if (event.at("phoneNumber") == phone) state[phone]["events"].push_back(event);
        }
        return state;
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RedeliveryTest);

}  // namespace tandem::flow
