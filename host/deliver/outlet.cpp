#include "deliver/outlet.h"

#include <algorithm>

namespace tandem::deliver {

Outlet::Outlet(OutletOptions options) : pace_(options.sends_per_second, options.burst) {}

Outlet::Pass::~Pass() {
    if (told_ || !probe_) return;
    const std::lock_guard lock(outlet_.mutex_);
    outlet_.breaker_.probe_left();
}

bool Outlet::Pass::tell(Health health, Breaker::Instant now) {
    told_ = true;
    const std::lock_guard lock(outlet_.mutex_);
    Breaker& breaker = outlet_.breaker_;
    const bool open = breaker.open();
    const bool held = breaker.held();
    switch (health) {
        case Health::Works: breaker.succeeded(now); break;
        case Health::Fails: breaker.failed(now); break;
        case Health::AccountRefused: breaker.refused(now); break;
    }
    return open != breaker.open() || held != breaker.held();
}

Outlet::Entry Outlet::enter(const std::string& owed_id, Breaker::Instant now) {
    const std::lock_guard lock(mutex_);
    const bool probe = breaker_.open();
    if (const Milliseconds wait = breaker_.wait(now); wait > Milliseconds{0}) {
        last_return_ = std::max(last_return_ + between_returns, now + wait);
        return {nullptr, std::chrono::ceil<Milliseconds>(last_return_ - now), true};
    }
    if (const Milliseconds wait = pace_.take(owed_id, now); wait > Milliseconds{0}) {
        if (probe) breaker_.probe_left();
        return {nullptr, wait, false};
    }
    return {std::make_unique<Pass>(*this, probe), Milliseconds{0}, false};
}

bool Outlet::closed() const {
    const std::lock_guard lock(mutex_);
    return breaker_.open();
}

bool Outlet::held() const {
    const std::lock_guard lock(mutex_);
    return breaker_.held();
}

}  // namespace tandem::deliver
