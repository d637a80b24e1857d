#include "deliver/pace.h"

#include <algorithm>

namespace tandem::deliver {

namespace {

/// Up, so that whoever waits it out is never a millisecond too early.
Milliseconds whole(std::chrono::nanoseconds wait) {
    return std::chrono::ceil<Milliseconds>(wait);
}

}  // namespace

// The bucket is kept as the time at which it is full (generic cell rate algorithm): one
// number says what tokens and a last-refill time would say in two.
Pace::Pace(unsigned per_second, unsigned burst)
    : interval_(std::chrono::nanoseconds{std::chrono::seconds{1}} / std::max(per_second, 1u)),
      tolerance_(interval_ * (std::max(burst, 1u) - 1)) {}

Milliseconds Pace::take(const std::string& who, Instant now) {
    if (const auto place = places_.find(who); place != places_.end()) {
        if (now < place->second) return whole(place->second - now);
        places_.erase(place);
        return Milliseconds{0};
    }
    const Instant earned = std::max(full_at_, now);
    const Instant turn = earned - tolerance_;
    if (turn <= now) {
        full_at_ = earned + interval_;
        return Milliseconds{0};
    }
    forget(now);
    if (places_.size() < max_places) {
        full_at_ = earned + interval_;
        places_.emplace(who, turn);
    }
    return whole(turn - now);
}

/// Who never came: expired, opted out, or taken by another node.
void Pace::forget(Instant now) {
    if (now < forget_at_) return;
    forget_at_ = now + kept;
    std::erase_if(places_, [&](const auto& place) { return place.second + kept < now; });
}

}  // namespace tandem::deliver
