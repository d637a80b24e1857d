#pragma once

#include <mutex>
#include <random>
#include <string>

#include "base/clock.h"

namespace tandem {

/// Mints UUIDv7 ids (RFC 9562 section 5.7), increasing within one millisecond too,
/// so that ids sort by the order of their making. Safe from any thread.
class IdSource {
public:
    explicit IdSource(const Clock& clock);

    std::string next();

private:
    const Clock& clock_;
    std::mutex mutex_;
    std::mt19937_64 random_;  // guarded by mutex_
    int64_t last_ms_ = 0;     // guarded by mutex_
    uint16_t counter_ = 0;    // guarded by mutex_: the 12 bits after the version
};

/// `bytes` random bytes of the system as lower-case hex; for secrets and epochs.
std::string random_hex(size_t bytes);

}  // namespace tandem
