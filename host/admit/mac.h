#pragma once

#include <string>
#include <string_view>

namespace tandem::admit {

enum class Hash { Sha1, Sha256 };

/// The bytes of an HMAC (RFC 2104). Empty: OpenSSL computes none.
std::string mac(Hash hash, std::string_view key, std::string_view text);

/// Two small digits a byte.
std::string hex(std::string_view bytes);
/// With padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);
/// With the letters of URLs and without padding (RFC 7515 section 2).
std::string base64url(std::string_view bytes);

}  // namespace tandem::admit
