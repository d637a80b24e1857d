// Conversation-initiation: how long a caller waits for the AI's context, from the real
// daemon on SQLite with its conversations on disk, alone and under other webhooks. Requests
// leave at their times, whether or not earlier ones were answered late.
//   bench_initiation [conversations] [calls] [other webhooks a second]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "flow/bike_store.h"

namespace {

using namespace tandem::flow;
using std::chrono::steady_clock;

constexpr char path[] = "/api/webhooks/elevenlabs/conversation-initiation";
constexpr char secret[] = "initiation-secret-of-the-bench";
constexpr int texts_each = 3;
constexpr auto between_calls = std::chrono::milliseconds(20);

std::string customer_of(unsigned long number) {
    char text[20];
    std::snprintf(text, sizeof text, "+1555%07lu", 2000000 + number);
    return text;
}

std::string shop() {
    BikeStore store;
    store.voice = "elevenlabs";
    // Nobody answers at this address: nothing is asked of a provider here.
    store.more_providers = std::string("  - id: elevenlabs\n    plugin: elevenlabs\n") +
                           "    options: {api_key: none, agent_id: agent, " +
                           "agent_phone_number_id: number, api_base_url: "
                           "\"http://127.0.0.1:9\", post_call_webhook_secret: none, "
                           "conversation_initiation_webhook_secret: " +
                           secret + "}\n";
    return settings(store);
}

/// Runs `job` for each number below `count` on this many threads, each with a connection,
/// until it says that it is enough.
template <class Job>
void share(const std::string& url, size_t threads, unsigned long count, const Job& job) {
    std::atomic<unsigned long> next{0};
    std::vector<std::thread> all;
    for (size_t i = 0; i < threads; ++i)
        all.emplace_back([&] {
            HttpClient client(url);
            for (unsigned long number; (number = next++) < count;)
                if (!job(client, number)) return;
        });
    for (std::thread& thread : all) thread.join();
}

void fill(const std::string& url, unsigned long conversations) {
    share(url, 64, conversations * texts_each, [&](HttpClient& client, unsigned long number) {
        const TwilioRequest text = signed_text(number + 1, "Is the red one in stock? I would come.",
                                               customer_of(number % conversations));
        if (deliver(client, text).status != 200) throw std::runtime_error("a text was refused");
        return true;
    });
}

/// Milliseconds from the instant at which each call was due until its context was there.
std::vector<double> call(const std::string& url, unsigned long conversations, unsigned long calls,
                         unsigned long first) {
    std::mt19937 random(1);
    std::vector<std::string> bodies;
    for (unsigned long i = 0; i < calls; ++i)
        bodies.push_back("{\"caller_id\":\"" + customer_of(random() % conversations) +
                         "\",\"agent_id\":\"agent\",\"called_number\":\"" + bikes_number +
                         "\",\"call_sid\":\"CA" + std::to_string(first + i) + "\"}");
    std::vector<double> waits(calls);
    const auto begin = steady_clock::now();
    share(url, 8, calls, [&](HttpClient& client, unsigned long number) {
        const auto due = begin + between_calls * static_cast<long>(number);
        std::this_thread::sleep_until(due);
        const HttpAnswer answer =
            client.post(path, bodies[number],
                        {{"Content-Type", "application/json"}, {"X-Webhook-Secret", secret}});
        if (answer.status != 200 || answer.body.find("\"existing_lead\"") == std::string::npos)
            throw std::runtime_error("answered " + answer.body);
        waits[number] =
            std::chrono::duration<double, std::milli>(steady_clock::now() - due).count();
        return true;
    });
    std::sort(waits.begin(), waits.end());
    return waits;
}

void report(const char* what, const std::vector<double>& waits) {
    std::printf("%-28s %9.2f %9.2f %9.2f\n", what, waits[waits.size() / 2],
                waits[waits.size() * 99 / 100], waits.back());
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned long conversations = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000;
    const unsigned long calls = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1000;
    const long others = argc > 3 ? std::atol(argv[3]) : 50;
    Gateway gateway(shop());
    gateway.start();
    fill(gateway.url(), conversations);
    std::printf("%lu conversations, %lu calls\n%-28s %9s %9s %9s\n", conversations, calls, "",
                "p50 ms", "p99 ms", "most ms");
    report("alone", call(gateway.url(), conversations, calls, 0));

    std::atomic<bool> over{false};
    std::atomic<long> posted{0};
    std::thread traffic([&] {
        const auto begin = steady_clock::now();
        share(gateway.url(), 8, 1ul << 30, [&](HttpClient& client, unsigned long number) {
            std::this_thread::sleep_until(
                begin + std::chrono::microseconds(1000000 / others * static_cast<long>(number)));
            const TwilioRequest text = signed_text(100000000 + number, "And the blue one?",
                                                   customer_of(number * 7919 % conversations));
            if (deliver(client, text).status == 200) ++posted;
            return !over;
        });
    });
    const auto begin = steady_clock::now();
    const std::vector<double> waits = call(gateway.url(), conversations, calls, calls);
    const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
    char what[64];
    std::snprintf(what, sizeof what, "under %.0f webhooks/s",
                  static_cast<double>(posted) / seconds);
    over = true;
    traffic.join();
    report(what, waits);
    return 0;
}
