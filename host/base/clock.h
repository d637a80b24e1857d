#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tandem {

/// Wall time, UTC, in milliseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// Where the time comes from; passed in, so that tests can hold it still.
/// Safe from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    /// The wall clock; may jump.
    virtual Time now() const = 0;
    /// A clock that never goes back, for waits and deadlines.
    virtual std::chrono::steady_clock::time_point steady() const = 0;
};

/// The machine's own clock.
class SystemClock : public Clock {
public:
    Time now() const override;
    std::chrono::steady_clock::time_point steady() const override;
};

/// ISO 8601 UTC with milliseconds: 2026-11-22T05:18:11.135Z.
std::string iso8601(Time time);
/// Reads what RFC 3339 writes: date, `T` or `t`, time with or without a fraction, `Z` or an
/// offset. Invalid: anything else, also a time without a zone, which nobody can place.
Result<Time> parse_iso8601(std::string_view text);

}  // namespace tandem
