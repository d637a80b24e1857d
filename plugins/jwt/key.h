#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "algorithm.h"

namespace tandem::jwt {

/// One key with its only algorithm; immutable, safe from any thread. A token never chooses
/// between algorithms.
class Key {
public:
    virtual ~Key() = default;
    virtual bool genuine(std::string_view signed_text, std::string_view signature) const = 0;
};

using KeyPointer = std::shared_ptr<const Key>;

struct FreePublicKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PublicKey = std::unique_ptr<EVP_PKEY, FreePublicKey>;

/// Each of these throws Failure(INVALID) for what is no key for this algorithm or a weak
/// one; the text never contains anything of the key. `public_key` may be null.
KeyPointer make_secret_key(const Algorithm& algorithm, std::string secret);
KeyPointer make_public_key(const Algorithm& algorithm, PublicKey public_key);

/// From the numbers of a JWK, big-endian; null where OpenSSL finds no key in them.
PublicKey rsa_key(const std::string& modulus, const std::string& exponent);
PublicKey curve_key(const Algorithm& algorithm, const std::string& x, const std::string& y);
PublicKey edwards_key(const std::string& x);

/// A public key or a certificate in PEM. Throws Failure(INVALID) for everything else, a
/// private key above all: the gateway has no use for it.
PublicKey read_pem(const std::string& text);

}  // namespace tandem::jwt
