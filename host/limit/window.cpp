#include "limit/window.h"

#include <algorithm>

namespace tandem::limit {

std::chrono::nanoseconds Window::take(std::string_view key, Instant now) {
    const std::lock_guard lock(mutex_);
    if (taken_.size() >= most_keys_) make_room(now);
    std::vector<Instant>& times = taken_[hash_(key)];
    std::erase_if(times, [now](Instant one) { return one + length <= now; });
    if (times.size() >= most_) return times.front() + length - now;
    times.push_back(now);
    return std::chrono::nanoseconds{0};
}

void Window::give_back(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find(hash_(key));
    if (found != taken_.end() && !found->second.empty()) found->second.pop_back();
}

void Window::make_room(Instant now) {
    // All of them are walked, so not for every one that comes.
    if (now >= swept_at_ + std::chrono::seconds{1}) {
        swept_at_ = now;
        std::erase_if(taken_, [now](const auto& one) {
            return one.second.empty() || one.second.back() + length <= now;
        });
    }
    if (taken_.size() >= most_keys_) taken_.erase(taken_.begin());
}

size_t Window::keys() const {
    const std::lock_guard lock(mutex_);
    return taken_.size();
}

}  // namespace tandem::limit
