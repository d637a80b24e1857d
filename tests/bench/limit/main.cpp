#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "bench/terms.h"
#include "limit/limiter.h"
#include "unit/store/quiet.h"

// What a look at a limit costs: `bench_limit`.

namespace tandem::bench {

namespace {

constexpr size_t looks = 1'000'000;

template <typename Look>
void tell(const char* what, unsigned threads, Look look) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> all;
    for (unsigned i = 0; i < threads; ++i)
        all.emplace_back([&, i] {
            for (size_t n = 0; n < looks; ++n) look(i * looks + n);
        });
    for (std::thread& one : all) one.join();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    std::cout << what << ", " << threads
              << " threads: " << static_cast<long>(taken.count() / static_cast<double>(looks))
              << " ns each" << std::endl;
}

void measure() {
    const SystemClock clock;
    store::CountingMetrics metrics;
    limit::Rates rates;
    rates.requests = rates.messages = rates.calls = rates.requests_of_address = 1'000'000;
    rates.messages_to_number = rates.automatic_to_number = 60;
    limit::Limiter limiter(rates, clock, metrics);
    domain::Organization shop;
    shop.id = "shop";
    domain::Identity identity;
    identity.organization = "shop";
    identity.credential_id = "0199d1f2-0000-7000-8000-000000000000";
    std::vector<std::string> clients, numbers;
    for (int i = 0; i < 200'000; ++i) {
        clients.push_back("2001:db8:" + std::to_string(i / 10000) + ':' +
                          std::to_string(i % 10000) + "::1");
        numbers.push_back("+1555" + std::to_string(1'000'000 + i));
    }
    for (const unsigned threads : {1u, 2u, 4u}) {
        tell("one address", threads, [&](size_t) { limiter.request_from("203.0.113.7"); });
        tell("200,000 addresses", threads,
             [&](size_t n) { limiter.request_from(clients[n % clients.size()]); });
        tell("one credential", threads, [&](size_t) { limiter.request_of(identity); });
        tell("messages to 200,000 numbers", threads,
             [&](size_t n) { limiter.message(shop, numbers[n % numbers.size()]); });
        tell("the AI's to 200,000 numbers", threads, [&](size_t n) {
            limiter.message_turn(shop, numbers[n % numbers.size()], true, false);
        });
    }
}

}  // namespace

}  // namespace tandem::bench

int main() {
    return tandem::bench::run("bench_limit", tandem::bench::measure);
}
