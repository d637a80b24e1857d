#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "limit/siphash.h"
#include "limit/table.h"

namespace tandem::limit {

/// So many of a key in any minute, to the letter: the loop detector, where a burst on top
/// would be what it is there to stop. Bounded; where it is full an idle key goes, else any.
/// Safe from any thread.
class Window {
public:
    Window(unsigned most, size_t most_keys) : most_(most), most_keys_(most_keys) {}

    /// Zero: it is counted; else until one more is allowed.
    std::chrono::nanoseconds take(std::string_view key, Instant now);
    /// What was counted last did not take place.
    void give_back(std::string_view key);
    size_t keys() const;

private:
    static constexpr std::chrono::minutes length{1};

    void make_room(Instant now);

    const unsigned most_;
    const size_t most_keys_;
    const SipHash hash_;
    mutable std::mutex mutex_;
    std::unordered_map<uint64_t, std::vector<Instant>> taken_;  // guarded by mutex_; oldest first
    Instant swept_at_{};                                        // guarded by mutex_
};

}  // namespace tandem::limit
