#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "listen/address.h"

/// Bounds how many connections there are, and what is kept for those of one address: who opens
/// them all, or fills the room, must not keep the others out.
namespace tandem::listen {

class Doorman;

/// What one address has: an IPv4 address, or the /64 of an IPv6 one.
struct Guest {
    size_t seats = 0;
    size_t bytes = 0;
};

/// A place among the connections; given back when it goes, with the bytes that it counts. Movable.
class Seat {
public:
    /// A seat that nobody counts: an operator's, who must get in when the house is full.
    explicit Seat(const Address& address) : address_(address) {}
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&&) = delete;
    ~Seat();
    const Address& address() const { return address_; }

    /// Counts bytes that are kept for this peer. False: more than its address may have in all;
    /// they are counted all the same.
    bool keep(size_t bytes);
    /// The bytes that this seat counts are kept no longer.
    void let_go();

private:
    friend class Doorman;
    Seat(Doorman* doorman, const Address& address, Guest* guest)
        : doorman_(doorman), guest_(guest), address_(address) {}

    Doorman* doorman_ = nullptr;
    Guest* guest_ = nullptr;  // the doorman's
    size_t bytes_ = 0;
    Address address_;
};

/// Counts connections, in all and per address, and bytes per address. Safe from any thread.
class Doorman {
public:
    struct Bounds {
        size_t seats = 0;
        size_t seats_of_one = 0;         // of one address; 0: no bound
        size_t bytes_of_one = SIZE_MAX;  // likewise
    };
    /// Addresses that are exempt speak for many: only the bound of all holds for them.
    Doorman(const Bounds& bounds, const Networks& exempt);
    /// Nothing when there is no room for this address.
    std::optional<Seat> admit(const Address& address);
    size_t seated() const;

private:
    friend class Seat;
    bool keep(const Seat& seat, size_t bytes);
    void let_go(const Seat& seat);
    void leave(const Seat& seat);

    const Bounds bounds_;
    const Networks exempt_;
    mutable std::mutex mutex_;
    size_t seated_ = 0;                                       // guarded by mutex_
    std::unordered_map<Address, Guest, AddressHash> guests_;  // guarded by mutex_; by site
};

}  // namespace tandem::listen
