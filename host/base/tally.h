#pragma once

#include <atomic>
#include <cstddef>

namespace tandem {

/// Counts things that an end waits for. Safe from any thread.
class Tally {
public:
    void add() { count_.fetch_add(1, std::memory_order_relaxed); }
    void remove() { count_.fetch_sub(1, std::memory_order_release); }
    size_t count() const { return count_.load(std::memory_order_acquire); }

private:
    std::atomic<size_t> count_{0};
};

}  // namespace tandem
