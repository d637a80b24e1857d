#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr int rounds = 20;
// Longer than a lease.
constexpr std::chrono::seconds later{120};

/// Where a send is when the process dies.
enum Step : int {
    Owed,        // anywhere up to the claim and just after it
    OnTheWire,   // the provider has the request and has not acted on it
    Accepted,    // it acted on it and has not answered
    CalledBack,  // the same, and the status was told already
    Answered,    // the answer is on its way into our record
    Waiting,     // refused for now, to be tried again
    steps,
};

std::string customer_of(int round, int step) {
    char text[20];
    std::snprintf(text, sizeof text, "+15557%02d%04d", step, round);
    return text;
}

}  // namespace

/// Promise 3, by force: killed at each step of a send, every text is at the provider once.
class SendKilledTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SendKilledTest);
    CPPUNIT_TEST(killed_at_each_step_every_text_is_sent_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.more = "conversation: {coalesce_ms: 10}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
    }

    void killed_at_each_step_every_text_is_sent_once() {
        const char* chosen = std::getenv("TANDEM_TEST_SEED");
        const unsigned seed =
            chosen ? static_cast<unsigned>(std::atoi(chosen)) : std::random_device{}();
        std::cerr << "seed " << seed << '\n';
        std::mt19937 random(seed);
        const auto begin = std::chrono::steady_clock::now();
        const auto say = [&](const char* what) {
            std::cerr << what << " after "
                      << std::chrono::duration_cast<std::chrono::seconds>(
                             std::chrono::steady_clock::now() - begin)
                             .count()
                      << " s\n";
        };
        Screen screen(*gateway_);
        screen.events();
        for (int round = 0; round < rounds; ++round) {
            bring_to_their_steps(round, random);
            gateway_->kill();
            twilio_.order("release");
            gateway_->start();
        }
        say("killed twenty times");
        // What was claimed by a dead process is looked at once its lease is over.
        gateway_->kill();
        // What left it is with the provider before the clock jumps, as it would be by then.
        std::this_thread::sleep_for(std::chrono::seconds(2));
        gateway_->later(later);
        twilio_.order("clock", {{"ahead_s", later.count()}});
        gateway_->start();

        std::string wrong;
        for (int round = 0; round < rounds; ++round)
            for (int step = 0; step < steps; ++step) wrong += judged(screen, round, step);
        say("everything settled");
        CPPUNIT_ASSERT_EQUAL(std::string(), wrong);
        // Each is known by the provider's id: its status finds it.
        for (const Json& message : twilio_.messages()) {
            const Json got = twilio_.status(message.at("sid"), "delivered");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
        }
        for (int round = 0; round < rounds; ++round)
            for (int step = 0; step < steps; ++step)
                CPPUNIT_ASSERT(await(
                    [&] { return screen.answer_status(customer_of(round, step)) == "delivered"; }));
        CPPUNIT_ASSERT_EQUAL(size_t{rounds * steps}, screen.events("sms_received").size());
        CPPUNIT_ASSERT_EQUAL(size_t{rounds * steps}, screen.events("ai_message_sent").size());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
    }

private:
    void bring_to_their_steps(int round, std::mt19937& random) {
        const auto expect = [&](Step step, Json mood) {
            mood["endpoint"] = "messages.create";
            mood["match"] = {{"To", customer_of(round, step)}};
            twilio_.mood(mood);
            write(round, step);
        };
        expect(OnTheWire, {{"form", "hold"}, {"accept", false}});
        expect(Accepted, {{"form", "hold"}});
        expect(CalledBack,
               {{"form", "hold"}, {"callbacks", {"queued", "sent"}}, {"before_answer", true}});
        expect(Waiting, {{"form", "status"}, {"status", 429}, {"retry_after", "1"}});
        for (const int step : {OnTheWire, Accepted, CalledBack, Waiting})
            CPPUNIT_ASSERT_MESSAGE(
                customer_of(round, step) + " was not sent to\n" + gateway_->output(),
                await([&] { return requested(round, step); }, std::chrono::seconds(90)));
        write(round, Answered);
        write(round, Owed);
        CPPUNIT_ASSERT(await([&] { return requested(round, Answered); }, std::chrono::seconds(90)));
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 5));
    }

    void write(int round, int step) {
        const Json got = twilio_.receive(customer_of(round, step), "Is the red one in stock?");
        CPPUNIT_ASSERT_EQUAL(200, got.at("status").get<int>());
    }

    bool requested(int round, int step) {
        const Json requests =
            twilio_.requests("messages.create", {{"To", customer_of(round, step)}});
        return !requests.empty() && requests[0].at("form") != "waiting";
    }

    std::string judged(Screen& screen, int round, int step) {
        const std::string phone = customer_of(round, step);
        const auto known = [&] {
            const std::string status = screen.answer_status(phone);
            return sent_to(phone) == 1 && !status.empty() && status != "unknown";
        };
        if (await(known, std::chrono::seconds(60))) return {};
        for (const Json& request : twilio_.requests("", {{"To", phone}}))
            std::cerr << request.dump() << '\n';
        return "step " + std::to_string(step) + " of round " + std::to_string(round) + ": sent " +
               std::to_string(sent_to(phone)) + " times, the status is " +
               screen.answer_status(phone) + '\n';
    }

    size_t sent_to(const std::string& phone) {
        size_t count = 0;
        for (const Json& request : twilio_.requests("messages.create", {{"To", phone}}))
            count += !request.at("made").get<std::string>().empty();
        return count;
    }

    FakeTwilio twilio_;
    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SendKilledTest);

}  // namespace tandem::flow
