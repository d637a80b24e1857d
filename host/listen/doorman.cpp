#include "listen/doorman.h"

namespace tandem::listen {

Seat::Seat(Seat&& other) noexcept : doorman_(other.doorman_), address_(other.address_) {
    other.doorman_ = nullptr;
}

Seat::~Seat() {
    if (doorman_ != nullptr) doorman_->leave(address_);
}

Doorman::Doorman(size_t limit, size_t limit_per_address, const Networks& exempt)
    : limit_(limit), limit_per_address_(limit_per_address), exempt_(exempt) {}

std::optional<Seat> Doorman::admit(const Address& address) {
    const bool capped = limit_per_address_ != 0 && !contains(exempt_, address);
    const std::lock_guard lock(mutex_);
    if (seated_ >= limit_) return std::nullopt;
    size_t& here = addresses_[address];
    if (capped && here >= limit_per_address_) return std::nullopt;
    ++here;
    ++seated_;
    return Seat(this, address);
}

void Doorman::leave(const Address& address) {
    const std::lock_guard lock(mutex_);
    --seated_;
    const auto here = addresses_.find(address);
    if (--here->second == 0) addresses_.erase(here);
}

size_t Doorman::seated() const {
    const std::lock_guard lock(mutex_);
    return seated_;
}

}  // namespace tandem::listen
