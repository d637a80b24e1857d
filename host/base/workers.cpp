#include "base/workers.h"

#include <utility>

namespace tandem {

Workers::Workers(unsigned threads, size_t most_waiting)
    : most_waiting_(most_waiting), present_(threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
    stop();
}

bool Workers::run(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || waiting_.size() >= most_waiting_) return false;
        waiting_.push_back(std::move(work));
    }
    awake_.notify_one();
    return true;
}

void Workers::stop() {
    begin_to_stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

bool Workers::stop(Milliseconds patience) {
    begin_to_stop();
    {
        std::unique_lock lock(mutex_);
        if (!left_.wait_for(lock, patience, [this] { return present_ == 0; })) return false;
    }
    stop();
    return true;
}

void Workers::begin_to_stop() {
    std::deque<std::function<void()>> dropped;  // let go outside of the lock
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(waiting_);
    }
    awake_.notify_all();
}

void Workers::work() {
    while (true) {
        std::function<void()> next;
        {
            std::unique_lock lock(mutex_);
            awake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (stopping_) {
                --present_;
                left_.notify_all();
                return;
            }
            next = std::move(waiting_.front());
            waiting_.pop_front();
        }
        next();
    }
}

}  // namespace tandem
