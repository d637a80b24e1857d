#include "listen/doorman.h"

#include <mutex>
#include <unordered_map>
#include <utility>

namespace tandem::listen {

struct DoormansBook {
    /// An address is forgotten with its last seat, and whoever keeps something for it.
    void forget_if_gone(const Guest& guest, const Address& address) {
        if (guest.seats == 0 && guest.keepers == 0) guests.erase(address.site());
    }

    const Doorman::Bounds bounds;
    const Networks exempt;
    std::mutex mutex;
    size_t seated = 0;                                       // guarded by mutex
    size_t bytes = 0;                                        // guarded by mutex
    std::unordered_map<Address, Guest, AddressHash> guests;  // guarded by mutex; by site
};

Kept::Kept(std::shared_ptr<DoormansBook> book, Guest* guest, const Address& address)
    : book_(std::move(book)), guest_(guest), address_(address) {
    if (book_ == nullptr) return;
    const std::lock_guard lock(book_->mutex);
    ++guest_->keepers;
}

Kept::~Kept() {
    if (book_ == nullptr) return;
    const std::lock_guard lock(book_->mutex);
    book_->bytes -= bytes_;
    guest_->bytes -= bytes_;
    --guest_->keepers;
    book_->forget_if_gone(*guest_, address_);
}

bool Kept::add(size_t bytes) {
    if (book_ == nullptr) return true;
    const std::lock_guard lock(book_->mutex);
    bytes_ += bytes;
    book_->bytes += bytes;
    guest_->bytes += bytes;
    if (book_->bytes > book_->bounds.bytes) return false;
    return guest_->bytes <= book_->bounds.bytes_of_one || contains(book_->exempt, address_);
}

Seat::Seat(std::shared_ptr<DoormansBook> book, const Address& address, Guest* guest)
    : book_(std::move(book)), guest_(guest), address_(address) {}

Seat::Seat(Seat&& other) noexcept
    : book_(std::move(other.book_)), guest_(other.guest_), address_(other.address_) {}

Seat::~Seat() {
    if (book_ == nullptr) return;
    const std::lock_guard lock(book_->mutex);
    --book_->seated;
    --guest_->seats;
    book_->forget_if_gone(*guest_, address_);
}

std::shared_ptr<Kept> Seat::keep() const {
    return std::make_shared<Kept>(book_, guest_, address_);
}

Doorman::Doorman(const Bounds& bounds, const Networks& exempt)
    : book_(new DoormansBook{bounds, exempt, {}, 0, 0, {}}) {}

std::optional<Seat> Doorman::admit(const Address& address) {
    const bool capped = book_->bounds.seats_of_one != 0 && !contains(book_->exempt, address);
    const std::lock_guard lock(book_->mutex);
    if (book_->seated >= book_->bounds.seats) return std::nullopt;
    Guest& guest = book_->guests[address.site()];
    if (capped && guest.seats >= book_->bounds.seats_of_one) return std::nullopt;
    ++guest.seats;
    ++book_->seated;
    return Seat(book_, address, &guest);
}

size_t Doorman::seated() const {
    const std::lock_guard lock(book_->mutex);
    return book_->seated;
}

size_t Doorman::kept() const {
    const std::lock_guard lock(book_->mutex);
    return book_->bytes;
}

}  // namespace tandem::listen
