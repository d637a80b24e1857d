#include "rotating_keys.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

// The host's clock may go on while ours sleeps (a suspended machine): look again after it.
constexpr std::int64_t longest_sleep_ms = 60 * 1000;

}  // namespace

RotatingKeys::RotatingKeys(plugin::Host host, Fetch fetch, std::int64_t refresh_ms)
    : host_(std::move(host)), fetch_(std::move(fetch)), refresh_ms_(refresh_ms) {}

RotatingKeys::~RotatingKeys() {
    stop();
}

void RotatingKeys::start() {
    {
        Lock lock(mutex_);
        refresh(lock);
    }
    thread_ = std::thread([this] { run(); });
}

void RotatingKeys::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

KeySetPointer RotatingKeys::current() {
    const std::int64_t now = now_ms();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (due(now)) changed_.notify_all();
    return current(now);
}

KeySetPointer RotatingKeys::after_unknown_key() {
    Lock lock(mutex_);
    const std::int64_t now = now_ms();
    if (!asked_ms_ || now - *asked_ms_ >= unknown_pause_ms) {
        asked_ms_ = now;
        asked_ = true;
        changed_.notify_all();
    }
    // A fetch that began before may lack the key; one that was asked for will not.
    const std::uint64_t awaited = asked_ ? begun_ + 1 : begun_;
    if (ended_ < awaited && waiting_ < max_waiting) {
        ++waiting_;
        changed_.wait_for(lock, max_wait, [&] { return ended_ >= awaited || stopping_; });
        --waiting_;
    }
    return current(now_ms());
}

KeySetPointer RotatingKeys::current(std::int64_t now_ms) const {
    return set_ && now_ms - fetched_ms_ <= max_age_ms ? set_ : nullptr;
}

void RotatingKeys::run() {
    Lock lock(mutex_);
    while (!stopping_) {
        const std::int64_t now = now_ms();
        if (due(now)) {
            refresh(lock);
            continue;
        }
        const std::int64_t sleep = std::min(next_ms_ - now, longest_sleep_ms);
        changed_.wait_for(lock, std::chrono::milliseconds(sleep));
    }
}

void RotatingKeys::refresh(Lock& lock) {
    asked_ = false;
    ++begun_;
    lock.unlock();
    KeySetPointer fetched;
    std::string failure;
    try {
        fetched = std::make_shared<const KeySet>(fetch_());
    } catch (const std::exception& wrong) {
        failure = wrong.what();
    }
    lock.lock();
    const std::int64_t now = now_ms();
    if (fetched) {
        if (!fetched->left_out().empty() && (!set_ || set_->left_out() != fetched->left_out()))
            host_.log().warn("keys of the set are not used", {{"why", fetched->left_out()}});
        if (fetched->size() == 0) host_.log().warn("the key set has no key that can be used");
        set_ = std::move(fetched);
        fetched_ms_ = now;
        next_ms_ = now + refresh_ms_;
        retry_ms_ = first_retry_ms;
    } else {
        next_ms_ = now + std::min(retry_ms_, refresh_ms_);
        retry_ms_ = std::min(2 * retry_ms_, last_retry_ms);
        host_.log().warn("no key could be read",
                         {{"why", failure}, {"have", current(now) ? "the last good one" : "none"}});
    }
    ++ended_;
    changed_.notify_all();
}

}  // namespace tandem::jwt
