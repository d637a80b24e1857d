#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tandem::observe {

/// Writes lines to a descriptor from a thread of its own. A reader that stopped reading
/// fills the queue, then lines are dropped and counted: whoever logs never waits.
/// Safe from any thread. The descriptor is borrowed and may be shared.
class LineWriter {
public:
    /// `drop_notice` makes the line that tells of dropped ones; `tick` is asked about each
    /// second for lines of its own (empty: none).
    LineWriter(int descriptor, size_t queue_bytes,
               std::function<std::string(unsigned long dropped)> drop_notice,
               std::function<std::string()> tick);
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    /// Writes what is queued, for at most two seconds.
    ~LineWriter();

    void push(std::string line);
    /// Waits until all that was pushed before is written; false if that took longer.
    bool flush(std::chrono::milliseconds at_most);
    unsigned long dropped() const { return dropped_; }
    size_t queued_bytes() const;

private:
    void run();
    bool write_all(const std::string& bytes);

    const int descriptor_;
    const size_t queue_bytes_;
    const std::function<std::string(unsigned long)> drop_notice_;
    const std::function<std::string()> tick_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_;  // guarded by mutex_
    size_t bytes_ = 0;               // guarded by mutex_: of lines_
    bool writing_ = false;           // guarded by mutex_: lines are out of the queue
    bool stopping_ = false;          // guarded by mutex_
    std::chrono::steady_clock::time_point give_up_;  // guarded by mutex_, once stopping_
    unsigned long untold_ = 0;  // guarded by mutex_: dropped since the last notice
    std::atomic<unsigned long> dropped_{0};
    std::thread thread_;
};

}  // namespace tandem::observe
