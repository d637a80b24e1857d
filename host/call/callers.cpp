#include "call/callers.h"

#include <algorithm>
#include <utility>

namespace tandem::call {

namespace {

// Each holds a connection open; calls that come faster than providers take them wait for
// nobody.
constexpr size_t most_callers = 1000;

}  // namespace

Callers::Callers() : watch_([this] { watch(); }) {}

Callers::~Callers() {
    stop();
}

bool Callers::wait(const std::string& call_id, Milliseconds patience, Told told, Late late) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || callers_.size() >= most_callers) return false;
    callers_[call_id] = {std::chrono::steady_clock::now() + patience, std::move(told),
                         std::move(late)};
    changed_.notify_all();
    return true;
}

void Callers::tell(const std::string& call_id, const Fate& fate) {
    Caller caller;
    {
        const std::lock_guard lock(mutex_);
        const auto found = callers_.find(call_id);
        if (found == callers_.end()) return;
        caller = std::move(found->second);
        callers_.erase(found);
    }
    caller.told(fate);
}

void Callers::forget(const std::string& call_id) {
    const std::lock_guard lock(mutex_);
    callers_.erase(call_id);
}

void Callers::stop() {
    std::map<std::string, Caller> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(callers_);
    }
    changed_.notify_all();
    if (watch_.joinable()) watch_.join();
    for (const auto& [call_id, caller] : left) caller.told({});
}

void Callers::watch() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto next = std::min_element(
            callers_.begin(), callers_.end(),
            [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
        if (next == callers_.end()) {
            changed_.wait(lock);
            continue;
        }
        const auto until = next->second.until;
        if (std::chrono::steady_clock::now() < until) {
            changed_.wait_until(lock, until);
            continue;
        }
        const std::string call_id = next->first;
        const Late late = next->second.late;
        // It stays among those who wait: what becomes known meanwhile is the better answer.
        next->second.until = std::chrono::steady_clock::time_point::max();
        lock.unlock();
        tell(call_id, late());
        lock.lock();
    }
}

}  // namespace tandem::call
