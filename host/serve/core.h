#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "serve/framing.h"
#include "serve/router.h"
#include "serve/server.h"
#include "serve/socket.h"

/// What all connections of a server share: options, routes, workers, bounds, figures.
namespace tandem::serve {

/// A complete request on its way to its handler.
struct Job {
    const Route* route = nullptr;
    Request request;
    std::optional<Responder> responder;
};

/// Threads that run handlers, which may block. Safe from any thread.
class Workers {
public:
    Workers(size_t queue_limit, Guard* guard, observe::Log* log);
    ~Workers();

    void start(unsigned count);
    /// False when the queue is full, and then `job` is left as it was.
    bool submit(Job& job);
    /// Finishes what runs; what waits is dropped, and so answered 500.
    void stop();
    /// Runs one on the caller's thread: guard, type check, handler.
    void run(Job job) const;
    size_t waiting() const;

private:
    void work();

    const size_t queue_limit_;
    Guard* const guard_;
    observe::Log* const log_;
    std::vector<std::thread> threads_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Job> queue_;  // guarded by mutex_
    unsigned asleep_ = 0;    // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
};

/// A place among the connections; given back when it goes. Movable.
class Doorman;
class Seat {
public:
    Seat(Doorman* doorman, const Address& address) : doorman_(doorman), address_(address) {}
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&&) = delete;
    ~Seat();
    const Address& address() const { return address_; }

private:
    Doorman* doorman_;
    Address address_;
};

/// Counts connections, in all and per address. Safe from any thread.
class Doorman {
public:
    Doorman(size_t limit, size_t limit_per_address, const Networks& exempt);
    /// Nothing when there is no room for this address.
    std::optional<Seat> admit(const Address& address);
    size_t seated() const;

private:
    friend class Seat;
    void leave(const Address& address);

    const size_t limit_, limit_per_address_;
    const Networks exempt_;
    mutable std::mutex mutex_;
    size_t seated_ = 0;                                           // guarded by mutex_
    std::unordered_map<Address, size_t, AddressHash> addresses_;  // guarded by mutex_
};

/// Counts things that drain waits for. Safe from any thread.
class Tally {
public:
    void add() { count_.fetch_add(1, std::memory_order_relaxed); }
    void remove() { count_.fetch_sub(1, std::memory_order_release); }
    size_t count() const { return count_.load(std::memory_order_acquire); }

private:
    std::atomic<size_t> count_{0};
};

/// Shared by all loops and connections of a server; lives as long as they do.
struct Core {
    Core(ServerOptions options, std::vector<Route> routes, Furniture furniture);

    /// The series of one answer. Remembered, because asking for a series by its labels
    /// costs more than the answer.
    void count_answer(const Route* route, std::string_view method, int status, double seconds);
    void count_rejected(std::string_view reason);
    bool origin_allowed(std::string_view origin) const;

    const ServerOptions options;
    const Furniture furniture;
    const FramingLimits framing_limits;
    const Networks trusted;
    const Router router;
    SystemClock clock;
    IdSource ids;
    Doorman doorman;
    Workers workers;
    Tally in_hand;  // requests being read by a handler or answered
    Tally streams;
    std::atomic<size_t> buffered{0};
    std::atomic<bool> draining{false};

private:
    struct Series {
        observe::Counter* requests;
        observe::Histogram* seconds;
    };
    std::mutex series_mutex_;
    std::unordered_map<uint64_t, Series> series_;  // guarded by series_mutex_
};

Networks parse_networks(const std::vector<std::string>& texts);

}  // namespace tandem::serve
