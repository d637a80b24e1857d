#include "admit/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace tandem::admit {

Networks::Networks(const std::vector<std::string>& cidrs) {
    std::vector<std::string> all{"127.0.0.0/8", "::1/128"};
    all.insert(all.end(), cidrs.begin(), cidrs.end());
    for (const std::string& cidr : all) {
        const size_t slash = cidr.find('/');
        const std::string_view address = std::string_view(cidr).substr(0, slash);
        const auto base = parse(address);
        const bool v4 = address.find(':') == std::string_view::npos;
        const unsigned widest = v4 ? 32 : 128;
        unsigned prefix = widest;
        bool good = base.has_value();
        if (slash != std::string::npos) {
            const char* end = cidr.data() + cidr.size();
            const auto read = std::from_chars(cidr.data() + slash + 1, end, prefix);
            good = good && read.ec == std::errc{} && read.ptr == end && prefix <= widest;
        }
        if (!good) throw std::invalid_argument("no network: " + cidr);
        networks_.push_back({*base, v4 ? prefix + 96 : prefix});
    }
}

bool Networks::contains(std::string_view address) const {
    const auto bytes = parse(address);
    if (!bytes) return false;
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const Network& network) { return matches(network, *bytes); });
}

std::optional<Networks::Bytes> Networks::parse(std::string_view text) {
    const std::string copy(text);
    Bytes bytes{};
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
    bytes = {};
    bytes[10] = bytes[11] = 0xff;
    if (inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

bool Networks::matches(const Network& network, const Bytes& address) {
    const unsigned whole = network.prefix / 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.base.begin())) return false;
    const unsigned rest = network.prefix % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
    return ((address[whole] ^ network.base[whole]) & mask) == 0;
}

}  // namespace tandem::admit
