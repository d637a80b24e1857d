#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace tandem::boot {

/// The end of the process has its bound, whatever hangs: a disk, a plugin, somebody's thread. Each
/// room has its own time to stop in; this is for what cannot be interrupted. All that was answered
/// is durable by then. Safe from any thread.
class EndBound {
public:
    explicit EndBound(Milliseconds bound) : bound_(bound) {}
    /// The end came in time, or it never began.
    ~EndBound();
    EndBound(const EndBound&) = delete;

    /// The time begins; only the first call counts. Once it is over the process is gone with this
    /// exit code, as it is.
    void begin(int code);

private:
    const Milliseconds bound_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool over_ = false;   // guarded by mutex_
    std::thread thread_;  // guarded by mutex_
};

}  // namespace tandem::boot
