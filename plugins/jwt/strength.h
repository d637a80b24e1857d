#pragma once

#include <string>

#include <openssl/evp.h>

#include "algorithm.h"

namespace tandem::jwt {

/// Why this public key must not be used for this algorithm; empty: it may. RSA of 2048 to
/// 8192 bits with an odd exponent of 65537 or more; a point on the algorithm's own curve; no
/// Edwards point of small order. `key` may be null, which is no key at all.
std::string weakness_of(const Algorithm& algorithm, const EVP_PKEY* key);

}  // namespace tandem::jwt
