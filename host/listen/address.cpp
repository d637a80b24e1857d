#include "listen/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <stdexcept>

namespace tandem::listen {

namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool mapped(const Address& address) {
    return std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
}

}  // namespace

Address Address::of(const sockaddr& address) {
    Address result;
    if (address.sa_family == AF_INET6) {
        std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
                    16);
    } else {
        std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.bytes.begin());
        std::memcpy(result.bytes.data() + 12,
                    &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    }
    return result;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string copy(text);
    Address result;
    if (inet_pton(AF_INET6, copy.c_str(), result.bytes.data()) == 1) return result;
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.bytes.begin());
    if (inet_pton(AF_INET, copy.c_str(), result.bytes.data() + 12) == 1) return result;
    return std::nullopt;
}

std::string Address::text() const {
    char buffer[INET6_ADDRSTRLEN] = "";
    if (mapped(*this))
        inet_ntop(AF_INET, bytes.data() + 12, buffer, sizeof buffer);
    else
        inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
    return buffer;
}

Address Address::site() const {
    Address site = *this;
    if (!mapped(*this)) std::fill(site.bytes.begin() + 8, site.bytes.end(), 0);
    return site;
}

size_t AddressHash::operator()(const Address& address) const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

std::optional<Network> Network::parse(std::string_view text) {
    const size_t slash = std::min(text.find('/'), text.size());
    const auto base = Address::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    Network network;
    network.base_ = *base;
    if (slash == text.size()) return network;
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), network.bits_);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    if (mapped(*base) && text.find(':') == std::string_view::npos) {
        if (network.bits_ > 32) return std::nullopt;
        network.bits_ += 96;
    }
    if (network.bits_ > 128) return std::nullopt;
    return network;
}

bool Network::contains(const Address& address) const {
    const unsigned whole = bits_ / 8;
    if (std::memcmp(base_.bytes.data(), address.bytes.data(), whole) != 0) return false;
    if (bits_ % 8 == 0) return true;
    const auto mask = static_cast<unsigned char>(0xff << (8 - bits_ % 8));
    return ((base_.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

bool contains(const Networks& networks, const Address& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const Network& network) { return network.contains(address); });
}

Networks parse_networks(const std::vector<std::string>& texts) {
    Networks networks;
    for (const std::string& text : texts) {
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument(text + " is no address range");
        networks.push_back(*network);
    }
    return networks;
}

}  // namespace tandem::listen
