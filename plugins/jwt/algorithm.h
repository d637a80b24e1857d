#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tandem::jwt {

/// What kind of key an algorithm takes. One instance has one algorithm, and so one family:
/// a public key can never be taken for a secret.
enum class Family { Secret, Rsa, RsaPss, Curve, Edwards };

/// A way to sign (RFC 7518 section 3, RFC 8037). Constant.
struct Algorithm {
    std::string_view name;  // as `alg` has it
    Family family;
    const char* digest;      // OpenSSL's name; null: the algorithm has its own
    size_t bytes;            // of the least secret, or of one coordinate
    std::string_view curve;  // as `crv` has it
    const char* curve_name;  // OpenSSL's name
};

/// Null: not offered. Names are case-sensitive.
const Algorithm* find_algorithm(std::string_view name);

/// All names, for a message.
std::string offered_algorithms();

}  // namespace tandem::jwt
