#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"

namespace tandem::deliver {

/// A token bucket, for sends of one provider instance: `per_second` in the long run, and
/// `burst` of them at once after a rest. Who comes too early is told when to come again and
/// keeps that place, so that nobody is overtaken for ever. Confined to one thread.
class Pace {
public:
    using Instant = std::chrono::steady_clock::time_point;

    Pace(unsigned per_second, unsigned burst);

    /// Zero: go now, it is counted. Else how long to wait; the place is `who`'s until a
    /// minute after that.
    Milliseconds take(const std::string& who, Instant now);

private:
    // A place costs a map's node; beyond it one is told a time without a right to it.
    static constexpr size_t max_places = 10000;
    static constexpr std::chrono::minutes kept{1};

    void forget(Instant now);

    const std::chrono::nanoseconds interval_;
    const std::chrono::nanoseconds tolerance_;
    Instant full_at_{};                      // when all that was given out is earned again
    std::map<std::string, Instant> places_;  // who waits, and for when
    Instant forget_at_{};
};

}  // namespace tandem::deliver
