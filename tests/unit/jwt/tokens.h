#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <map>
#include <string>
#include <string_view>

#include "fakes/signing_key.h"

/// Tokens as an issuer makes them, good and bad.
namespace tandem::jwt::testing {

inline const std::string secret = "0123456789abcdef0123456789abcdef";
inline const std::string good_header = R"({"alg":"HS256","typ":"JWT"})";

using fakes::base64url;

inline std::string hmac(const std::string& text, const std::string& key,
                        const EVP_MD* digest = EVP_sha256()) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(digest, key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes, &size);
    return std::string(reinterpret_cast<char*>(bytes), size);
}

/// A token that is genuine whatever its parts say.
inline std::string sign(const std::string& header, const std::string& claims,
                        const std::string& key = secret) {
    const std::string signed_text = base64url(header) + '.' + base64url(claims);
    return signed_text + '.' + base64url(hmac(signed_text, key));
}

/// Good claims at this second, with these members instead or beside; an empty value leaves
/// one out.
inline std::string claims_at(int64_t now_s,
                             const std::map<std::string, std::string>& changes = {}) {
    std::map<std::string, std::string> members{
        {"sub", R"("agent-7")"},
        {"organizationId", R"("bici-demo")"},
        {"permissions", R"(["conversations:read","leads:read"])"},
        {"iat", std::to_string(now_s - 10)},
        {"exp", std::to_string(now_s + 3600)},
    };
    for (const auto& [name, value] : changes) members[name] = value;
    std::string json;
    for (const auto& [name, value] : members)
        if (!value.empty()) json += (json.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return json + '}';
}

}  // namespace tandem::jwt::testing
