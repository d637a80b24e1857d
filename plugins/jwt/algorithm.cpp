#include "algorithm.h"

#include <algorithm>
#include <array>

namespace tandem::jwt {

namespace {

// A secret has at least as many bytes as its hash gives (RFC 7518 section 3.2).
constexpr std::array<Algorithm, 10> offered{{
    {"HS256", Family::Secret, "SHA256", 32, {}, nullptr},
    {"HS384", Family::Secret, "SHA384", 48, {}, nullptr},
    {"HS512", Family::Secret, "SHA512", 64, {}, nullptr},
    {"RS256", Family::Rsa, "SHA256", 0, {}, nullptr},
    {"RS384", Family::Rsa, "SHA384", 0, {}, nullptr},
    {"RS512", Family::Rsa, "SHA512", 0, {}, nullptr},
    {"PS256", Family::RsaPss, "SHA256", 0, {}, nullptr},
    {"ES256", Family::Curve, "SHA256", 32, "P-256", "prime256v1"},
    {"ES384", Family::Curve, "SHA384", 48, "P-384", "secp384r1"},
    {"EdDSA", Family::Edwards, nullptr, 32, "Ed25519", "ED25519"},
}};

}  // namespace

const Algorithm* find_algorithm(std::string_view name) {
    const auto found = std::find_if(offered.begin(), offered.end(),
                                    [&](const Algorithm& one) { return one.name == name; });
    return found == offered.end() ? nullptr : found;
}

std::string offered_algorithms() {
    std::string names;
    for (const Algorithm& one : offered)
        names += (names.empty() ? "" : ", ") + std::string(one.name);
    return names;
}

}  // namespace tandem::jwt
