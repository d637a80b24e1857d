#pragma once

#include <chrono>
#include <deque>

#include "base/clock.h"

namespace tandem::deliver {

/// Stops sending through a provider instance that does not work. It opens after five
/// failures in a row, or when half of the sends of the last 20 s failed; then one probe goes
/// every 10 s, and the first that succeeds closes it. An account that the provider refuses is
/// probed every 60 s: it takes a person to mend it. Confined to one thread.
class Breaker {
public:
    using Instant = std::chrono::steady_clock::time_point;

    /// Zero: go on; where it is open, as the probe. Else how long nothing goes. Each that
    /// goes is to be followed by one of the verbs below.
    Milliseconds wait(Instant now);

    void succeeded(Instant now);
    void failed(Instant now);
    /// The provider refuses the account itself.
    void refused(Instant now);
    /// The probe did not take place; the next one may be it.
    void probe_left() { probe_at_ = {}; }

    bool open() const { return open_; }
    /// Open because of the account.
    bool held() const { return open_ && pause_ == refused_pause; }

private:
    static constexpr unsigned failures_in_a_row = 5;
    static constexpr std::chrono::seconds window{20};
    // Half of two is no sign of anything.
    static constexpr size_t least_results = 10;
    static constexpr size_t max_results = 1000;  // the newest are enough
    static constexpr std::chrono::seconds failed_pause{10};
    static constexpr std::chrono::seconds refused_pause{60};

    struct Outcome {
        Instant at;
        bool failed;
    };

    void remember(Instant now, bool failed);
    bool half_failed() const;
    void close();

    std::deque<Outcome> results_;  // of the window, oldest first
    unsigned in_a_row_ = 0;        // failures
    bool open_ = false;
    Instant probe_at_{};
    std::chrono::seconds pause_ = failed_pause;
};

}  // namespace tandem::deliver
