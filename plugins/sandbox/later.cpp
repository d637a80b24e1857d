#include "later.hpp"

#include <utility>

namespace tandem::sandbox {

using namespace tandem::plugin;

namespace {

constexpr std::size_t max_waiting = 10000;
constexpr std::chrono::milliseconds when_full{100};

}  // namespace

Later::Later(Host host) : host_(std::move(host)) {}

Later::~Later() {
    stop();
}

void Later::start() {
    thread_ = std::thread([this] { run(); });
}

void Later::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool Later::emit_after(std::chrono::milliseconds delay, AnyEvent event) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (waiting_.size() >= max_waiting) return false;
        waiting_.emplace(std::chrono::steady_clock::now() + delay, std::move(event));
    }
    changed_.notify_all();
    return true;
}

bool Later::wait(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void Later::run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
        if (waiting_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto first = waiting_.begin();
        const Instant now = std::chrono::steady_clock::now();
        if (first->first > now) {
            const Instant due = first->first;
            changed_.wait_until(lock, due);
            continue;
        }
        AnyEvent event = std::move(first->second);
        waiting_.erase(first);
        lock.unlock();
        const bool taken = emit(event);
        lock.lock();
        if (!taken) waiting_.emplace(now + when_full, std::move(event));
    }
}

bool Later::emit(const AnyEvent& event) const {
    try {
        return std::visit([this](const auto& one) { return host_.events().emit(one); }, event);
    } catch (const Failure& failure) {
        host_.log().error("the host takes no event of the sandbox", {{"reason", failure.what()}});
        return true;
    }
}

}  // namespace tandem::sandbox
