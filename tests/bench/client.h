#pragma once

#include <sys/types.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// A load client: many connections on one thread (epoll), cheap enough that the server
/// is what is measured. It trusts the server's answers to be well-formed.
namespace tandem::bench {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// What a closed loop of requests came to.
struct Rate {
    uint64_t answers = 0;
    uint64_t failures = 0;       // other than 2xx, or a connection that ended
    double per_second = 0;       // over all the time
    double best_per_second = 0;  // in the best 250 ms window
    std::chrono::microseconds p50{}, p99{}, worst{};
};

/// Connections from 127.0.0.1 to one server. Confined to its thread.
class Crowd {
public:
    explicit Crowd(uint16_t port);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// Opens more connections; throws std::runtime_error when the system says no.
    void connect(size_t count);
    size_t size() const { return members_.size(); }

    /// The n-th request of all; must stay valid until the next call for this member.
    using Source = std::function<std::string_view(size_t member, uint64_t n)>;
    /// Each member asks, waits for the answer, and asks again.
    Rate ask(const Source& source, std::chrono::milliseconds time);

    /// Sends one request on each member that has none yet and waits for the heads of
    /// their endless answers; false when one was refused or `patience` ran out.
    bool open_streams(const Source& source, std::chrono::milliseconds patience);
    /// Counts events (blank lines) on all streams until there are `count` more; false when
    /// `patience` ran out. `last` is when the last came.
    bool take_events(uint64_t count, std::chrono::milliseconds patience, Time& last);

private:
    struct Member {
        int descriptor = -1;
        bool streaming = false;
        bool head_taken = false;
        char last = 0;  // of the bytes of a stream
        std::string buffer;
        Time asked_at{};
    };

    bool send_all(Member& member, std::string_view bytes);
    void read_answer(Member& member, size_t index, const Source& source, Rate& rate, bool more);
    void read_head(Member& member, size_t& waiting, bool& refused);
    uint64_t read_events(Member& member);

    const uint16_t port_;
    int epoll_;
    std::vector<Member> members_;
    uint64_t asked_ = 0;
    uint64_t early_events_ = 0;  // that came with the heads
    std::vector<uint32_t> latencies_us_;
    std::vector<char> scratch_;
};

/// Sends one command and waits until all the events that it makes have arrived. Throws
/// std::runtime_error when one does not come within a minute.
double milliseconds_to_last(Crowd& readers, Crowd& publisher, const std::string& command,
                            uint64_t events);

/// Runs `server` in a child process, so that the two sides share neither descriptors nor
/// memory: it gets a function to call with its port, and ends when that returns.
/// `core` pins it; negative: anywhere.
class ServerProcess {
public:
    using Body = std::function<void(const std::function<void(uint16_t port)>& serve_until_told)>;
    ServerProcess(const Body& body, int core);
    ~ServerProcess();

    uint16_t port() const { return port_; }
    /// Bytes of resident memory, and CPU time so far.
    size_t resident() const;
    std::chrono::milliseconds cpu() const;

private:
    pid_t pid_ = -1;
    int leash_ = -1;  // closed: the child ends
    uint16_t port_ = 0;
};

void pin_to_core(int core);

}  // namespace tandem::bench
