#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace tandem {

/// A few threads for work that may block, with a bounded queue before them. Safe from any
/// thread; `stop` belongs to the owner.
class Workers {
public:
    Workers(unsigned threads, size_t most_waiting);
    ~Workers();
    Workers(const Workers&) = delete;

    /// False, with the work dropped, when the queue is full or stopping.
    bool run(std::function<void()> work);
    /// Lets those in hand finish and drops the others; called twice does nothing.
    void stop();
    /// The same, but waits no longer than that. False: some are still in hand, and what they use
    /// must stay.
    bool stop(Milliseconds patience);

private:
    void begin_to_stop();
    void work();

    const size_t most_waiting_;
    std::mutex mutex_;
    std::condition_variable awake_, left_;
    unsigned present_ = 0;                       // guarded by mutex_: threads that have not left
    std::deque<std::function<void()>> waiting_;  // guarded by mutex_
    bool stopping_ = false;                      // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace tandem
