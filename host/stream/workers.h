#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tandem::stream {

/// The few threads on which readers' questions to the store are answered: a loop must not
/// wait for a disk. Safe from any thread.
class Workers {
public:
    /// More than streams can be open, each of which asks one thing at a time.
    static constexpr size_t most_waiting = 65536;

    explicit Workers(unsigned threads);
    ~Workers();

    /// False, with the work dropped, when it is full or stopping.
    bool run(std::function<void()> work);
    /// Lets those in hand finish and drops the others; called twice does nothing.
    void stop();

private:
    void work();

    std::mutex mutex_;
    std::condition_variable awake_;
    std::deque<std::function<void()>> waiting_;  // guarded by mutex_
    bool stopping_ = false;                      // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace tandem::stream
