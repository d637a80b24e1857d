#pragma once

#include <cstdint>
#include <random>

#include "base/clock.h"

namespace tandem::deliver {

/// How long to wait after the `attempts`th try of something that was certainly not done:
/// 1 s, 5 s, 30 s, 2 min, 10 min, 30 min, then an hour, with full jitter, so that what
/// failed together does not come back together. `wish` is the provider's Retry-After; it
/// is honoured up to an hour.
Milliseconds retry_delay(int64_t attempts, Milliseconds wish, std::mt19937_64& random);

}  // namespace tandem::deliver
