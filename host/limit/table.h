#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "limit/siphash.h"

namespace tandem::limit {

using Instant = std::chrono::steady_clock::time_point;

/// A rate and what may come at once.
struct Quota {
    std::chrono::nanoseconds interval{0};  // between two in the long run
    unsigned burst = 1;

    /// A burst of a quarter, at least 1, as the contract says.
    static Quota of_minute(unsigned per_minute);
};

/// What is left of a quota after somebody took of it, or came too early.
struct Left {
    bool passes = true;
    unsigned remaining = 0;
    std::chrono::nanoseconds full_in{0}, retry_after{0};
};

/// Keys with one timestamp each: the time at which all that was taken is earned again
/// (generic cell rate algorithm, ITU-T I.371). The memory is taken at once and never grows: a
/// new key takes the place of the one in its row that is nearest to idle. Keys are kept as
/// keyed hashes, so nobody can aim at somebody else's place, and no number stands here. Safe
/// from any thread; a lock is shared by one key in 64.
class Table {
public:
    explicit Table(size_t most_keys);

    Left take(std::string_view key, const Quota& quota, Instant now);
    /// What was taken last did not take place.
    void give_back(std::string_view key, const Quota& quota);
    /// Keys that are not idle.
    size_t busy(Instant now) const;
    /// Places that there are: `most_keys`, rounded up.
    size_t size() const { return shards_.size() * rows_ * row_length; }
    /// How often a key that was not idle lost its place.
    size_t displaced() const { return displaced_.load(std::memory_order_relaxed); }

private:
    static constexpr size_t row_length = 8;

    struct Place {
        uint64_t key = 0;
        Instant full_at{};
    };
    struct Shard {
        mutable std::mutex mutex;
        std::vector<Place> places;  // guarded by mutex
    };

    Shard& shard_of(uint64_t hash) { return *shards_[hash % shards_.size()]; }
    Place* row_of(Shard& shard, uint64_t hash) const;

    const SipHash hash_;
    size_t rows_;
    std::array<std::unique_ptr<Shard>, 64> shards_;
    std::atomic<size_t> displaced_{0};
};

}  // namespace tandem::limit
