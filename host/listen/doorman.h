#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "listen/address.h"

/// Bounds how many connections there are, and what is kept for those of one address: who opens
/// them all, or fills the room, must not keep the others out.
namespace tandem::listen {

/// What one address has: an IPv4 address, or the /64 of an IPv6 one.
struct Guest {
    size_t seats = 0;
    size_t keepers = 0;
    size_t bytes = 0;
};

/// A doorman's count; lives as long as anybody who is counted in it.
struct DoormansBook;

/// Bytes that are kept for one peer; given back when it goes, which may be long after the seat: a
/// request stands in a queue, whether or not its connection is still there. Confined to whoever
/// adds; may go on any thread.
class Kept {
public:
    Kept(std::shared_ptr<DoormansBook> book, Guest* guest, const Address& address);
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept();

    /// False: more than there may be, in all or of its address; they are counted all the same.
    bool add(size_t bytes);

private:
    const std::shared_ptr<DoormansBook> book_;  // null: nobody counts
    Guest* const guest_;                        // the book's
    const Address address_;
    size_t bytes_ = 0;
};

/// A place among the connections; given back when it goes. Movable.
class Seat {
public:
    /// A seat that nobody counts: an operator's, who must get in when the house is full.
    explicit Seat(const Address& address) : address_(address) {}
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&&) = delete;
    ~Seat();
    const Address& address() const { return address_; }

    /// For bytes of this peer: none so far.
    std::shared_ptr<Kept> keep() const;

private:
    friend class Doorman;
    Seat(std::shared_ptr<DoormansBook> book, const Address& address, Guest* guest);

    std::shared_ptr<DoormansBook> book_;
    Guest* guest_ = nullptr;  // the book's
    Address address_;
};

/// Counts connections and kept bytes, in all and per address. Safe from any thread.
class Doorman {
public:
    struct Bounds {
        size_t seats = 0;
        size_t seats_of_one = 0;         // of one address; 0: no bound
        size_t bytes = SIZE_MAX;         // kept for all
        size_t bytes_of_one = SIZE_MAX;  // for one address
    };
    /// Addresses that are exempt speak for many: only the bounds of all hold for them.
    Doorman(const Bounds& bounds, const Networks& exempt);
    /// Nothing when there is no room for this address.
    std::optional<Seat> admit(const Address& address);
    size_t seated() const;
    /// Bytes kept for all.
    size_t kept() const;

private:
    const std::shared_ptr<DoormansBook> book_;
};

}  // namespace tandem::listen
