#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <iomanip>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "bench/client.h"
#include "bench/terms.h"
#include "serve/server.h"

// What slow clients cost honest ones: requests alone, and again beside connections that are
// half-open or drip a byte now and then, and come back as soon as they are cut off.
// `bench_slow [CONNECTIONS] [--anywhere]`

namespace tandem::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto measured = 15s;  // longer than a header may take, so that all are cut off once
constexpr size_t honest = 8;

void run_server(const std::function<void(uint16_t)>& serve_until_told) {
    serve::Route worker{"POST",
                        "/worker",
                        serve::Access::Open,
                        "",
                        65536,
                        false,
                        [](serve::Request, serve::Responder r) { r.answer({.status = 204}); }};
    serve::ServerOptions options;  // an operator's defaults
    options.listen = {"127.0.0.1:0"};
    serve::Server server(options, {worker}, {});
    server.start();
    serve_until_told(server.port());
    server.stop();
}

/// Connections that never end a request: a third says nothing, a third stops within the
/// header, a third goes on by a byte every 100 ms. On a thread of its own.
class Slow {
public:
    Slow(uint16_t port, size_t count) : port_(port), members_(count) {
        for (Member& member : members_) begin(member);
        thread_ = std::thread([this] { drip(); });
    }
    ~Slow() {
        ended_ = true;
        thread_.join();
        for (const Member& member : members_) ::close(member.descriptor);
    }
    uint64_t cut_off() const { return cut_off_; }

private:
    struct Member {
        int descriptor = -1;
        size_t sent = 0;
    };

    void begin(Member& member) {
        static const std::string start = "POST /worker HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
        member.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::connect(member.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::fcntl(member.descriptor, F_SETFL, O_NONBLOCK);
        const size_t kind = static_cast<size_t>(&member - members_.data()) % 3;
        if (kind > 0) ::send(member.descriptor, start.data(), start.size(), MSG_NOSIGNAL);
        member.sent = kind;
    }

    void drip() {
        for (size_t turn = 0; !ended_; ++turn) {
            // A tenth of them every 10 ms.
            for (size_t i = turn % 10; i < members_.size(); i += 10) {
                Member& member = members_[i];
                char bytes[512];
                const ssize_t got = ::recv(member.descriptor, bytes, sizeof bytes, 0);
                const bool over = got == 0 || (got < 0 && errno != EAGAIN);
                if (!over && member.sent == 2)
                    ::send(member.descriptor, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (!over) continue;
                ::close(member.descriptor);
                ++cut_off_;
                begin(member);
            }
            std::this_thread::sleep_for(10ms);
        }
    }

    const uint16_t port_;
    std::vector<Member> members_;
    std::atomic<bool> ended_{false};
    std::atomic<uint64_t> cut_off_{0};
    std::thread thread_;
};

void tell(const char* what, const Rate& rate) {
    std::cout << std::setw(12) << what << ": " << static_cast<long>(rate.per_second) << "/s, p50 "
              << rate.p50.count() << " us, p99 " << rate.p99.count() << " us, worst "
              << rate.worst.count() << " us, failures " << rate.failures << std::endl;
}

void measure(const Terms& terms) {
    const ServerProcess server(run_server, terms.core);
    Crowd crowd(server.port());
    crowd.connect(honest);
    const std::string request =
        "POST /worker HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello";
    const auto same = [&](size_t, uint64_t) { return std::string_view(request); };
    crowd.ask(same, 1s);
    const Rate before = crowd.ask(same, measured);
    tell("undisturbed", before);
    Rate beside;
    uint64_t cut_off = 0;
    {
        const Slow slow(server.port(), terms.streams);
        beside = crowd.ask(same, measured);
        cut_off = slow.cut_off();
    }
    tell("beside", beside);
    const Rate after = crowd.ask(same, measured);
    tell("after", after);
    std::cout << terms.streams << " slow connections, cut off and back " << cut_off
              << " times; p99 " << std::fixed << std::setprecision(2)
              << static_cast<double>(beside.p99.count()) / static_cast<double>(before.p99.count())
              << " times the undisturbed one" << std::endl;
}

}  // namespace

}  // namespace tandem::bench

int main(int argc, char** argv) {
    return tandem::bench::run("bench_slow", [&] {
        tandem::bench::measure(tandem::bench::read_terms(argc, argv, 1, 500));
    });
}
