#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "key_set.h"
#include "tandem/plugin/host.hpp"

namespace tandem::jwt {

/// A key set that its issuer changes, fetched by a thread of its own, so that no request ever
/// talks to the issuer. A good set serves until the next good one, for at most a day.
///
/// Whoever shows an unknown `kid`, or what the one key of a file did not sign, may have brought a
/// new key, and waits a moment for the set that tells; or makes one up, and so starts one fetch in
/// five minutes, whatever he sends. A few wait at a time, so that the threads of requests are never
/// all here.
///
/// Guards itself.
class RotatingKeys {
public:
    /// One try; throws Failure where there is no good set.
    using Fetch = std::function<KeySet()>;

    static constexpr std::int64_t max_age_ms = 24 * 3600 * 1000;  // then nobody is let in
    static constexpr std::int64_t unknown_pause_ms = 300 * 1000;  // between unknown kids
    static constexpr std::int64_t first_retry_ms = 30 * 1000;     // doubled up to the last
    static constexpr std::int64_t last_retry_ms = 300 * 1000;
    static constexpr std::chrono::milliseconds max_wait{1000};  // of one request
    static constexpr unsigned max_waiting = 2;                  // of at least 8 threads

    RotatingKeys(plugin::Host host, Fetch fetch, std::int64_t refresh_ms);
    ~RotatingKeys();

    /// Fetches once on the caller's thread, then goes on in its own. No set is no failure:
    /// other ways to sign in must not wait for this issuer.
    void start();
    /// Waits for a fetch in hand.
    void stop();

    /// Null: there never was one, or the last good one is over a day old.
    KeySetPointer current();
    /// The set after the fetch that an unknown key may cause, or the current one where none is
    /// allowed or none has ended in time.
    KeySetPointer after_unknown_key();

private:
    using Lock = std::unique_lock<std::mutex>;

    void run();
    /// Released while it fetches.
    void refresh(Lock& lock);
    KeySetPointer current(std::int64_t now_ms) const;
    bool due(std::int64_t now_ms) const { return asked_ || now_ms >= next_ms_; }
    std::int64_t now_ms() const { return host_.clock().monotonic_ms(); }

    const plugin::Host host_;
    const Fetch fetch_;
    const std::int64_t refresh_ms_;

    std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_; times are monotonic.
    KeySetPointer set_;
    std::int64_t fetched_ms_ = 0;
    std::int64_t next_ms_ = 0;
    std::int64_t retry_ms_ = first_retry_ms;
    std::optional<std::int64_t> asked_ms_;  // when an unknown key was last allowed a fetch
    bool asked_ = false;                    // and that fetch has not begun
    std::uint64_t begun_ = 0, ended_ = 0;   // fetches
    unsigned waiting_ = 0;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace tandem::jwt
