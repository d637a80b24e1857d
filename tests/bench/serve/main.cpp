#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/client.h"
#include "bench/terms.h"
#include "serve/server.h"

// What serve itself costs: requests without work, streams that wait, one event to all of
// them. `bench_serve [STREAMS] [--anywhere]`; by default the server has one core and the
// load another.

namespace tandem::bench {

namespace {

using namespace std::chrono_literals;

/// Streams of the server under test; confined to the one loop.
struct Hub {
    std::vector<std::shared_ptr<serve::Stream>> streams;
};

std::vector<serve::Route> routes(const std::shared_ptr<Hub>& hub) {
    const auto fine = [](serve::Request, serve::Responder r) { r.answer({.status = 204}); };
    serve::Route worker{"POST", "/worker", serve::Access::Open, "", 65536, false, fine};
    serve::Route loop = worker;
    loop.pattern = "/loop";
    loop.on_loop = true;
    serve::Route stream{"GET",
                        "/stream",
                        serve::Access::Open,
                        "",
                        0,
                        false,
                        [hub](serve::Request, serve::Responder r) {
                            r.stream({.content_type = "text/event-stream"}, [hub](auto opened) {
                                hub->streams.push_back(std::move(opened));
                            });
                        }};
    stream.on_loop = true;
    serve::Route publish{"POST",
                         "/publish",
                         serve::Access::Open,
                         "",
                         65536,
                         false,
                         [hub](serve::Request request, serve::Responder r) {
                             const auto event = std::make_shared<const std::string>(
                                 "data: " + std::move(request.body) + "\n\n");
                             for (const auto& each : hub->streams) each->send(event);
                             r.answer({.status = 204});
                         }};
    publish.on_loop = true;
    return {worker, loop, stream, publish};
}

void run_server(const std::function<void(uint16_t)>& serve_until_told) {
    serve::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.connections_per_address = 0;
    options.idle_time = 600s;
    options.header_time = 60s;
    serve::Server server(options, routes(std::make_shared<Hub>()), {});
    server.start();
    serve_until_told(server.port());
    server.stop();
}

std::string post(const std::string& path, size_t body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\n"
           "X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=\r\nContent-Length: " +
           std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
}

void requests(int core, const std::string& path) {
    const ServerProcess server(run_server, core);
    Crowd crowd(server.port());
    crowd.connect(64);
    const std::string request = post(path, 500);
    const auto same = [&](size_t, uint64_t) { return std::string_view(request); };
    crowd.ask(same, 500ms);
    const auto cpu = server.cpu();
    const Rate rate = crowd.ask(same, 3s);
    const auto used = std::chrono::duration<double, std::micro>(server.cpu() - cpu).count();
    std::cout << "requests, 64 clients, " << std::setw(8) << path << ": "
              << static_cast<long>(rate.per_second) << "/s, best window "
              << static_cast<long>(rate.best_per_second) << "/s, p50 " << rate.p50.count()
              << " us, p99 " << rate.p99.count() << " us, server CPU "
              << used / static_cast<double>(rate.answers) << " us each, failures " << rate.failures
              << '\n';
}

void streams(int core, size_t count) {
    const ServerProcess server(run_server, core);
    Crowd crowd(server.port());
    const std::string open =
        "GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
    const auto opening = [&](size_t, uint64_t) { return std::string_view(open); };
    // Some come first, so that what the server allocates once is not counted.
    crowd.connect(100);
    if (!crowd.open_streams(opening, 30s)) throw std::runtime_error("streams were refused");
    const size_t before = server.resident();
    const auto begin = std::chrono::steady_clock::now();
    crowd.connect(count - 100);
    if (!crowd.open_streams(opening, 120s)) throw std::runtime_error("streams were refused");
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double memory =
        static_cast<double>(server.resident() - before) / static_cast<double>(count - 100);
    std::cout << "streams, " << count << ": opened at "
              << static_cast<long>(static_cast<double>(count - 100) / seconds) << "/s, memory "
              << static_cast<long>(memory) << " bytes each\n";

    Crowd publisher(server.port());
    publisher.connect(1);
    const std::string event = post("/publish", 292);
    double best_ms = 1e9;
    constexpr int rounds = 20;
    const auto cpu = server.cpu();
    for (int i = 0; i < rounds; ++i)
        best_ms = std::min(best_ms, milliseconds_to_last(crowd, publisher, event, count));
    const double cpu_us = std::chrono::duration<double, std::micro>(server.cpu() - cpu).count();
    std::cout << "one event to " << count << " streams: time to last " << best_ms << " ms (best of "
              << rounds << "), " << static_cast<long>(static_cast<double>(count) / best_ms * 1000)
              << " events/s, server CPU " << cpu_us / rounds / static_cast<double>(count)
              << " us an event\n";
}

void measure(const Terms& terms) {
    std::cout << std::fixed << std::setprecision(1);
    requests(terms.core, "/loop");
    requests(terms.core, "/worker");
    streams(terms.core, 1'000);
    if (terms.streams != 1'000) streams(terms.core, terms.streams);
}

}  // namespace

}  // namespace tandem::bench

int main(int argc, char** argv) {
    using namespace tandem::bench;
    return run("bench_serve", [&] { measure(read_terms(argc, argv, 200)); });
}
