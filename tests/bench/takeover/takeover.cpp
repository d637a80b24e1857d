// Takeovers while the AI answers: how long a join takes until it is acknowledged, and when
// the last send of the AI's begins. A customer writes, and some milliseconds later, from
// "nothing was asked yet" to "the answer is on the wire", a human joins. The real daemon on
// SQLite with its database on disk; the provider is here, so that one clock measures both.
//   bench_takeover [races] [provider's milliseconds] [other webhooks a second]

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

#include "bench/takeover/provider.h"
#include "flow/bike_store.h"

namespace {

using namespace tandem::flow;
using std::chrono::steady_clock;
using tandem::bench::Provider;
using Instant = Provider::Instant;

// A turn is answered within some ten milliseconds.
constexpr int latest_join_us = 40000;
// Whatever was under way has reached the provider by then.
constexpr auto settling = std::chrono::seconds(3);

struct Race {
    std::string number;
    Instant asked, acknowledged;
    bool pending = false;  // the answer named a send that is on the wire
};

std::string number_of(unsigned long number) {
    return "+1555" + std::to_string(2000000 + number);
}

std::string shop(const std::string& provider_url) {
    BikeStore store = answered_by_sandbox(provider_url);
    store.more =
        "conversation: {coalesce_ms: 0}\n"
        "limits: {requests_per_minute: 1000000, messages_per_minute: 1000000}\n";
    return settings(store);
}

double milliseconds(Instant from, Instant to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

bool text(HttpClient& client, unsigned long number, const std::string& from) {
    return deliver(client, signed_text(number, "Is it in stock?", from)).status == 200;
}

std::vector<Race> race(Gateway& gateway, unsigned long races) {
    const Headers ann{{"Authorization", "Bearer " + gateway.token("bikes", "admin", "ann")},
                      {"Content-Type", "application/json"}};
    HttpClient customer(gateway.url()), page(gateway.url());
    std::mt19937 random(1);
    std::vector<Race> all(races);
    for (unsigned long i = 0; i < races; ++i) {
        Race& one = all[i];
        one.number = number_of(i);
        if (!text(customer, i + 1, one.number)) throw std::runtime_error("a text was refused");
        std::this_thread::sleep_for(std::chrono::microseconds(random() % latest_join_us));
        one.asked = steady_clock::now();
        const HttpAnswer joined =
            page.post("/api/human-control/join", "{\"phoneNumber\":\"" + one.number + "\"}", ann);
        one.acknowledged = steady_clock::now();
        if (joined.status != 200) throw std::runtime_error("a join was refused: " + joined.body);
        one.pending = joined.body.find("\"pendingSends\":[]") == std::string::npos;
    }
    return all;
}

void report(const char* what, std::vector<double> values) {
    if (values.empty()) return std::printf("%-34s none\n", what), void();
    std::sort(values.begin(), values.end());
    std::printf("%-34s %6zu %9.2f %9.2f %9.2f\n", what, values.size(), values[values.size() / 2],
                values[values.size() * 99 / 100], values.back());
}

/// How many sends began behind an acknowledgement that did not name them.
size_t judge(Provider& provider, const std::vector<Race>& races) {
    std::vector<double> all, idle, busy, after_join, after_answer;
    size_t late = 0;
    for (const Race& one : races) {
        bool on_wire = false;
        for (const Instant send : provider.sends(one.number)) {
            if (send > one.acknowledged && !one.pending) ++late;
            if (send < one.asked) continue;
            on_wire = true;
            after_join.push_back(milliseconds(one.asked, send));
            after_answer.push_back(milliseconds(one.acknowledged, send));
        }
        const double took = milliseconds(one.asked, one.acknowledged);
        all.push_back(took);
        (on_wire ? busy : idle).push_back(took);
    }
    std::printf("%-34s %6s %9s %9s %9s\n", "", "count", "p50 ms", "p99 ms", "most ms");
    report("join to acknowledgement", all);
    report("  no send began meanwhile", idle);
    report("  a send of the AI's began", busy);
    report("join to the last send of the AI's", after_join);
    report("acknowledgement to that send", after_answer);
    std::printf("sends behind an acknowledgement that did not name them: %zu\n", late);
    return late;
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned long races = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2000;
    const long delay = argc > 2 ? std::atol(argv[2]) : 5;
    const long others = argc > 3 ? std::atol(argv[3]) : 20;
    Provider provider{std::chrono::milliseconds(delay)};
    Gateway gateway(shop(provider.url()));
    gateway.start();
    std::printf("%lu races, a provider that answers in %ld ms, %ld other webhooks a second\n",
                races, delay, others);

    std::atomic<bool> over{false};
    std::atomic<size_t> refused{0};
    std::thread traffic([&] {
        HttpClient client(gateway.url());
        const Instant begin = steady_clock::now();
        for (long i = 0; others > 0 && !over; ++i) {
            std::this_thread::sleep_until(begin + std::chrono::microseconds(1000000 / others * i));
            const auto number = static_cast<unsigned long>(i);
            if (!text(client, 100000000 + number, number_of(5000000 + number % 1000))) ++refused;
        }
    });
    std::vector<Race> all;
    try {
        all = race(gateway, races);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_takeover: %s\n%s\n", failure.what(), gateway.output().c_str());
    }
    over = true;
    traffic.join();
    if (all.empty()) return 1;
    std::printf("other webhooks that were refused: %zu\n", refused.load());
    std::this_thread::sleep_for(settling);
    return judge(provider, all) == 0 ? 0 : 1;
}
