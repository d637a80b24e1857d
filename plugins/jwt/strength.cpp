#include "strength.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/bn.h>
#include <openssl/core_names.h>

namespace tandem::jwt {

namespace {

constexpr int least_rsa_bits = 2048;
// Above it one token costs milliseconds, and so does everybody's who sends one.
constexpr int most_rsa_bits = 8192;
constexpr BN_ULONG least_exponent = 65537;
constexpr int most_exponent_bits = 64;  // more is slow and of no use

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Number number(const EVP_PKEY* key, const char* name) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    return Number(value, BN_free);
}

std::string rsa_weakness(const Algorithm& algorithm, const EVP_PKEY* key) {
    const bool fits = EVP_PKEY_is_a(key, "RSA") == 1 ||
                      (algorithm.family == Family::RsaPss && EVP_PKEY_is_a(key, "RSA-PSS") == 1);
    if (!fits) return "no RSA key";
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < least_rsa_bits || bits > most_rsa_bits)
        return "RSA of " + std::to_string(bits) + " bits; 2048 to 8192 are taken";
    const Number modulus = number(key, OSSL_PKEY_PARAM_RSA_N);
    const Number exponent = number(key, OSSL_PKEY_PARAM_RSA_E);
    if (!modulus || !exponent || !BN_is_odd(modulus.get())) return "no RSA modulus";
    const Number least(BN_new(), BN_free);
    if (!least || BN_set_word(least.get(), least_exponent) != 1) return "out of memory";
    if (!BN_is_odd(exponent.get()) || BN_cmp(exponent.get(), least.get()) < 0 ||
        BN_num_bits(exponent.get()) > most_exponent_bits)
        return "an RSA exponent that is even, below 65537 or above 64 bits";
    return {};
}

/// Only keys that name the curve: parameters written out can describe another one that
/// looks alike, on which everybody knows a private key (CVE-2020-0601).
std::string curve_weakness(const Algorithm& algorithm, EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "EC") != 1) return "no elliptic curve key";
    int written_out = 0;
    std::array<char, 64> name{};
    size_t size = 0;
    if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &written_out) == 1 &&
        written_out != 0)
        return "a curve by its parameters and not by its name";
    if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1 ||
        std::string_view(name.data(), size) != algorithm.curve_name)
        return "a key of another curve than " + std::string(algorithm.curve);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), EVP_PKEY_CTX_free);
    if (!context || EVP_PKEY_public_check(context.get()) != 1)
        return "a point that is not on its curve";
    return {};
}

using Point = std::array<unsigned char, 32>;

/// The points of order 1, 2, 4 and 8, the sign aside: with such a key a signature can be
/// made that fits most texts, by anybody.
bool small_order(Point point) {
    point[31] &= 0x7f;
    static constexpr Point eighth{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
    static constexpr Point other_eighth{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
                                        0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
                                        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
                                        0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};
    if (point == eighth || point == other_eighth) return true;
    const bool zeros = std::all_of(point.begin() + 1, point.end(), [](int b) { return b == 0; });
    if (zeros && point[0] <= 1) return true;
    // p - 1, and p and p + 1, which are 0 and 1 written otherwise.
    const bool top = point[31] == 0x7f && std::all_of(point.begin() + 1, point.end() - 1,
                                                      [](int b) { return b == 0xff; });
    return top && point[0] >= 0xec && point[0] <= 0xee;
}

std::string edwards_weakness(const EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "ED25519") != 1) return "no Ed25519 key";
    Point point{};
    size_t size = point.size();
    if (EVP_PKEY_get_raw_public_key(key, point.data(), &size) != 1 || size != point.size())
        return "no Ed25519 key";
    return small_order(point) ? "an Ed25519 point of small order" : "";
}

}  // namespace

std::string weakness_of(const Algorithm& algorithm, const EVP_PKEY* key) {
    if (!key) return "OpenSSL finds no key in it";
    switch (algorithm.family) {
        case Family::Rsa:
        case Family::RsaPss: return rsa_weakness(algorithm, key);
        case Family::Curve: return curve_weakness(algorithm, const_cast<EVP_PKEY*>(key));
        case Family::Edwards: return edwards_weakness(key);
        case Family::Secret: break;
    }
    return "a public key for an algorithm with a secret";
}

}  // namespace tandem::jwt
