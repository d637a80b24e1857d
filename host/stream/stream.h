#pragma once

#include <cstddef>

#include "base/clock.h"

/// Live screens: what is told of the journal goes to every browser that may see it, with
/// no gap and no double, from wherever the browser left off.
namespace tandem::stream {

struct Options {
    Milliseconds heartbeat{15000};
    /// Of live events that a reader has not taken; beyond it the reader is cut off.
    size_t max_backlog_bytes = 262144;
    unsigned max_per_credential = 100;
    unsigned history_limit = 50;
    /// Threads that read the store for readers who come back.
    unsigned replay_threads = 2;
    /// How long a browser waits before it comes back; drawn anew for each, so that all of
    /// them do not come at once after a restart.
    Milliseconds retry_least{1000};
    Milliseconds retry_most{5000};
};

}  // namespace tandem::stream
