#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

/// Addresses of peers as values.
namespace tandem::listen {

/// An IP address without port; IPv4 as ::ffff:a.b.c.d, so that both compare alike.
struct Address {
    std::array<unsigned char, 16> bytes{};

    static Address of(const sockaddr& address);
    static std::optional<Address> parse(std::string_view text);
    std::string text() const;  // IPv4 in its own form
    /// What one customer of a network gets, and limits hold for: an IPv4 address itself, of an
    /// IPv6 address its /64.
    Address site() const;
    bool operator==(const Address&) const = default;
};

struct AddressHash {
    size_t operator()(const Address& address) const;
};

/// A range of addresses: 10.0.0.0/8, ::1/128, or one address.
class Network {
public:
    static std::optional<Network> parse(std::string_view text);
    bool contains(const Address& address) const;

private:
    Address base_;
    unsigned bits_ = 128;
};
using Networks = std::vector<Network>;
bool contains(const Networks& networks, const Address& address);
/// Throws std::invalid_argument naming the text that is no address range.
Networks parse_networks(const std::vector<std::string>& texts);

}  // namespace tandem::listen
