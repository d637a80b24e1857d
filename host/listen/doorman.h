#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "listen/address.h"

/// Bounds how many connections there are: one address that opens them all must not keep
/// the others out.
namespace tandem::listen {

/// A place among the connections; given back when it goes. Movable.
class Doorman;
class Seat {
public:
    Seat(Doorman* doorman, const Address& address) : doorman_(doorman), address_(address) {}
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&&) = delete;
    ~Seat();
    const Address& address() const { return address_; }

private:
    Doorman* doorman_;
    Address address_;
};

/// Counts connections, in all and per address. Safe from any thread.
class Doorman {
public:
    Doorman(size_t limit, size_t limit_per_address, const Networks& exempt);
    /// Nothing when there is no room for this address.
    std::optional<Seat> admit(const Address& address);
    size_t seated() const;

private:
    friend class Seat;
    void leave(const Address& address);

    const size_t limit_, limit_per_address_;
    const Networks exempt_;
    mutable std::mutex mutex_;
    size_t seated_ = 0;                                           // guarded by mutex_
    std::unordered_map<Address, size_t, AddressHash> addresses_;  // guarded by mutex_
};

}  // namespace tandem::listen
