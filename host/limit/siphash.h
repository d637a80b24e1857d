#pragma once

#include <cstdint>
#include <string_view>

namespace tandem::limit {

/// SipHash-2-4 (Aumasson, Bernstein 2012): who does not know the key cannot choose texts
/// that meet. Constant after construction; safe from any thread.
class SipHash {
public:
    /// With a random key of the system.
    SipHash();
    SipHash(uint64_t first, uint64_t second) : first_(first), second_(second) {}

    uint64_t operator()(std::string_view text) const;

private:
    uint64_t first_, second_;
};

}  // namespace tandem::limit
