#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "observe/observe.h"
#include "serve/serve.h"

/// Where handlers run.
namespace tandem::serve {

/// A complete request on its way to its handler.
struct Job {
    const Route* route = nullptr;
    Request request;
    std::optional<Responder> responder;
};

/// Threads that run handlers, which may block. Safe from any thread.
class Workers {
public:
    Workers(size_t queue_limit, Guard* guard, observe::Log* log);
    ~Workers();

    void start(unsigned count);
    /// False when the queue is full, which it never is for an operator; then `job` is left as it
    /// was.
    bool submit(Job& job);
    /// Finishes what runs; what waits is dropped, and so answered 500.
    void stop();
    /// Runs one on the caller's thread: guard, type check, handler.
    void run(Job job) const;
    size_t waiting() const;

private:
    void work();

    const size_t queue_limit_;
    Guard* const guard_;
    observe::Log* const log_;
    std::vector<std::thread> threads_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Job> queue_;  // guarded by mutex_
    unsigned asleep_ = 0;    // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
};

}  // namespace tandem::serve
