#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::admit {

/// Addresses that may do what others may not: loopback, and the configured ones.
/// Immutable; safe from any thread.
class Networks {
public:
    /// `cidrs` are `10.0.0.0/8`, `::1/128` or single addresses. Throws
    /// std::invalid_argument for what is none; the settings checked them before.
    explicit Networks(const std::vector<std::string>& cidrs);

    /// Loopback is always contained; a text that is no address never is.
    bool contains(std::string_view address) const;

private:
    using Bytes = std::array<unsigned char, 16>;
    struct Network {
        Bytes base;
        unsigned prefix;  // of 128 bits; IPv4 stands as ::ffff:a.b.c.d
    };

    static std::optional<Bytes> parse(std::string_view text);
    static bool matches(const Network& network, const Bytes& address);

    std::vector<Network> networks_;  // constant after construction
};

}  // namespace tandem::admit
