#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "flow/bike_store.h"
#include "flow/event_source.h"

namespace tandem::flow {

namespace {

constexpr unsigned long webhooks = 1000;
constexpr int clients = 16;
constexpr int kills = 10;
/// What the clients know. Guards itself.
class Ledger {
public:
    /// The next webhook to send, a new one or one that was not answered; 0: all are done.
    unsigned long take() {
        const std::lock_guard lock(mutex_);
        if (!unanswered_.empty()) {
            const unsigned long number = unanswered_.back();
            unanswered_.pop_back();
            return number;
        }
        return next_ <= webhooks ? next_++ : 0;
    }
    void answered(unsigned long) {
        const std::lock_guard lock(mutex_);
        ++answered_;
    }
    void unanswered(unsigned long number) {
        const std::lock_guard lock(mutex_);
        unanswered_.push_back(number);
        ++repeated_;
    }
    unsigned long answered() {
        const std::lock_guard lock(mutex_);
        return answered_;
    }
    unsigned long repeated() {
        const std::lock_guard lock(mutex_);
        return repeated_;
    }

private:
    std::mutex mutex_;
    unsigned long next_ = 1, answered_ = 0, repeated_ = 0;
    std::vector<unsigned long> unanswered_;
};

}  // namespace

/// Promises 1 and 2: a 2xx is durable, and nothing is there twice.
class KilledTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KilledTest);
    CPPUNIT_TEST(every_answered_webhook_is_there_once_after_ten_kills);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_answered_webhook_is_there_once_after_ten_kills() {
        const char* chosen = std::getenv("TANDEM_TEST_SEED");
        const unsigned seed =
            chosen ? static_cast<unsigned>(std::atoi(chosen)) : std::random_device{}();
        std::cerr << "seed " << seed << '\n';
        std::mt19937 random(seed);

        Gateway gateway(settings(BikeStore{}));
        gateway.start();
        Ledger ledger;
        std::vector<std::thread> threads;
        for (int i = 0; i < clients; ++i)
            threads.emplace_back([&] { post_all(gateway.url(), ledger); });

        int done = 0;
        while (done < kills) {
            // Spread over the whole run: never later than the share of work that is left.
            const unsigned long until =
                webhooks * static_cast<unsigned long>(done + 1) / (kills + 2);
            const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
            while (ledger.answered() < until && std::chrono::steady_clock::now() < limit)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
            gateway.kill();
            gateway.start();
            ++done;
        }
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(webhooks, ledger.answered());
        std::cerr << ledger.repeated() << " webhooks were posted again\n";

        // Once more after a last kill: what was answered must not depend on memory.
        gateway.kill();
        gateway.start();
        const std::map<std::string, int> stored = received(gateway);
        CPPUNIT_ASSERT_EQUAL(size_t{webhooks}, stored.size());
        for (const auto& [sid, times] : stored) CPPUNIT_ASSERT_EQUAL_MESSAGE(sid, 1, times);
    }

private:
    static void post_all(const std::string& url, Ledger& ledger) {
        HttpClient client(url);
        while (const unsigned long number = ledger.take()) {
            char from[20];
            std::snprintf(from, sizeof from, "+1555%07lu", 2000000 + number % 97);
            const HttpAnswer answer =
                deliver(client, signed_text(number, "message " + std::to_string(number), from));
            if (answer.status >= 200 && answer.status < 300) {
                ledger.answered(number);
            } else {
                ledger.unanswered(number);
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        }
    }

    /// How often each message stands in the journal, read through the front door.
    static std::map<std::string, int> received(Gateway& gateway) {
        const Headers bearer{
            {"Authorization", "Bearer " + gateway.token("bikes", "conversations:read")}};
        std::string epoch;
        {
            EventSource now(gateway.url() + "/api/stream/organization?lastEventId=0-0", bearer);
            const int reset = now.await("stream_reset");
            CPPUNIT_ASSERT(reset > 0);
            const std::string id = now.last_id();
            epoch = id.substr(0, id.find('-'));
        }
        EventSource all(gateway.url() + "/api/stream/organization?types=sms_received&lastEventId=" +
                            epoch + "-0",
                        bearer);
        // One last message marks the end of the replay.
        HttpClient client(gateway.url());
        CPPUNIT_ASSERT_EQUAL(
            200, deliver(client, signed_text(webhooks + 1, "the last one", "+15552999999")).status);
        std::map<std::string, int> found;
        size_t next = 0;
        for (bool ended = false; !ended;) {
            const int index = all.await("sms_received", next);
            CPPUNIT_ASSERT_MESSAGE("the replay stopped early", index >= 0);
            next = static_cast<size_t>(index) + 1;
            const auto event = nlohmann::json::parse(all.event(index).data);
            ended = event.value("message", "") == "the last one";
            if (!ended) ++found[event.value("messageSid", "")];
        }
        return found;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KilledTest);

}  // namespace tandem::flow
