#include <algorithm>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "bench/client.h"
#include "bench/fanout/floor.h"
#include "bench/fanout/tandem.h"
#include "bench/terms.h"

// One event to all streams of a conversation, and events to two streams each, through the
// whole hub, against a bare send() loop to as many sockets in the same round.
// `bench_fanout [STREAMS] [--anywhere]`; by default the server has one core and the load
// another. Only the ratios of one round mean anything on a shared machine.

namespace tandem::bench {

namespace {

using namespace std::chrono_literals;

constexpr int rounds = 5;
constexpr int repeats = 10;  // of each measurement in a round; the best counts

struct Figures {
    double all_ms = 1e9;     // one event to all: time to last
    double all_cpu_us = 0;   // for each stream
    double pairs_per_s = 0;  // targeted: deliveries, best
    double memory = 0;       // bytes of an idle stream
};

std::string post(const std::string& target) {
    return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n";
}

/// All streams show one conversation, or two of them each.
enum class Seating { Together, Pairs };

void open_streams(Crowd& crowd, size_t count, Seating seating) {
    size_t member = crowd.size();
    std::string open;
    const auto opening = [&](size_t, uint64_t) {
        const size_t conversation = seating == Seating::Together ? 0 : member++ / 2;
        open = "GET /stream?" + std::to_string(conversation) +
               " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
        return std::string_view(open);
    };
    crowd.connect(count);
    Time last{};
    if (!crowd.open_streams(opening, 60s) || !crowd.take_events(count, 60s, last))
        throw std::runtime_error("streams were refused");
}

void measure_all(const ServerProcess::Body& body, int core, size_t streams, Figures& figures) {
    const ServerProcess server(body, core);
    Crowd crowd(server.port());
    open_streams(crowd, streams, Seating::Together);
    Crowd publisher(server.port());
    publisher.connect(1);
    const std::string command = post("/all");
    milliseconds_to_last(crowd, publisher, command, streams);
    const auto cpu = server.cpu();
    for (int i = 0; i < repeats; ++i)
        figures.all_ms =
            std::min(figures.all_ms, milliseconds_to_last(crowd, publisher, command, streams));
    const std::chrono::duration<double, std::micro> used = server.cpu() - cpu;
    figures.all_cpu_us = used.count() / repeats / static_cast<double>(streams);
}

void measure_pairs(const ServerProcess::Body& body, int core, size_t streams, Figures& figures) {
    const ServerProcess server(body, core);
    Crowd crowd(server.port());
    // Some come first, so that what the server allocates once is not counted.
    constexpr size_t first = 200;
    open_streams(crowd, first, Seating::Pairs);
    const size_t before = server.resident();
    open_streams(crowd, streams - first, Seating::Pairs);
    figures.memory =
        static_cast<double>(server.resident() - before) / static_cast<double>(streams - first);
    Crowd publisher(server.port());
    publisher.connect(1);
    const std::string command = post("/pairs?" + std::to_string(streams / 2));
    for (int i = 0; i < repeats; ++i) {
        const double time = milliseconds_to_last(crowd, publisher, command, streams);
        figures.pairs_per_s =
            std::max(figures.pairs_per_s, static_cast<double>(streams) / time * 1000);
    }
}

Figures measure(const ServerProcess::Body& body, int core, size_t streams) {
    Figures figures;
    measure_all(body, core, streams, figures);
    measure_pairs(body, core, streams, figures);
    return figures;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void compare(int core, size_t streams) {
    const std::string event = sample_event();
    std::vector<double> all, cpu, pairs, memory;
    for (int round = 0; round < rounds; ++round) {
        const Figures floor =
            measure([&](const auto& until_told) { run_floor(event, until_told); }, core, streams);
        const Figures own =
            measure([&](const auto& until_told) { run_tandem(until_told); }, core, streams);
        std::cout << streams << " streams, round " << round + 1 << ": one event to all "
                  << own.all_ms << " ms (floor " << floor.all_ms << "), CPU " << own.all_cpu_us
                  << " us each (floor " << floor.all_cpu_us << "), targeted "
                  << static_cast<long>(own.pairs_per_s) << "/s (floor "
                  << static_cast<long>(floor.pairs_per_s) << "), idle "
                  << static_cast<long>(own.memory) << " bytes\n";
        all.push_back(floor.all_ms / own.all_ms);
        cpu.push_back(own.all_cpu_us / floor.all_cpu_us);
        pairs.push_back(own.pairs_per_s / floor.pairs_per_s);
        memory.push_back(own.memory);
    }
    std::cout << streams << " streams, median of " << rounds << " rounds: one event to all "
              << median(all) << " of the floor's rate, CPU " << median(cpu)
              << " of the floor's, targeted " << median(pairs)
              << " of the floor's rate, idle stream " << static_cast<long>(median(memory))
              << " bytes\n";
}

void measure_all_sizes(const Terms& terms) {
    std::cout << std::fixed << std::setprecision(2);
    compare(terms.core, 1'000);
    if (terms.streams != 1'000) compare(terms.core, terms.streams);
}

}  // namespace

}  // namespace tandem::bench

int main(int argc, char** argv) {
    using namespace tandem::bench;
    return run("bench_fanout", [&] { measure_all_sizes(read_terms(argc, argv, 400)); });
}
