#include "listen/doorman.h"

#include <utility>

namespace tandem::listen {

Seat::Seat(Seat&& other) noexcept
    : doorman_(std::exchange(other.doorman_, nullptr)),
      guest_(other.guest_),
      bytes_(std::exchange(other.bytes_, 0)),
      address_(other.address_) {}

Seat::~Seat() {
    if (doorman_ != nullptr) doorman_->leave(*this);
}

bool Seat::keep(size_t bytes) {
    if (doorman_ == nullptr) return true;
    const bool room = doorman_->keep(*this, bytes);
    bytes_ += bytes;
    return room;
}

void Seat::let_go() {
    if (doorman_ != nullptr && bytes_ > 0) doorman_->let_go(*this);
    bytes_ = 0;
}

Doorman::Doorman(const Bounds& bounds, const Networks& exempt) : bounds_(bounds), exempt_(exempt) {}

std::optional<Seat> Doorman::admit(const Address& address) {
    const bool capped = bounds_.seats_of_one != 0 && !contains(exempt_, address);
    const std::lock_guard lock(mutex_);
    if (seated_ >= bounds_.seats) return std::nullopt;
    Guest& guest = guests_[address.site()];
    if (capped && guest.seats >= bounds_.seats_of_one) return std::nullopt;
    ++guest.seats;
    ++seated_;
    return Seat(this, address, &guest);
}

bool Doorman::keep(const Seat& seat, size_t bytes) {
    const std::lock_guard lock(mutex_);
    seat.guest_->bytes += bytes;
    if (seat.guest_->bytes <= bounds_.bytes_of_one) return true;
    return contains(exempt_, seat.address_);
}

void Doorman::let_go(const Seat& seat) {
    const std::lock_guard lock(mutex_);
    seat.guest_->bytes -= seat.bytes_;
}

void Doorman::leave(const Seat& seat) {
    const std::lock_guard lock(mutex_);
    --seated_;
    seat.guest_->bytes -= seat.bytes_;
    if (--seat.guest_->seats == 0) guests_.erase(seat.address_.site());
}

size_t Doorman::seated() const {
    const std::lock_guard lock(mutex_);
    return seated_;
}

}  // namespace tandem::listen
