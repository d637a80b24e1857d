#include "admit/mint.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"

namespace tandem::admit {

namespace {

constexpr size_t least_secret_bytes = 32;  // the hash's own length

/// Base64 with the URL's letters and without padding (RFC 7515 section 2).
std::string base64url(const unsigned char* bytes, size_t size) {
    static constexpr char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    for (size_t at = 0; at < size; at += 3) {
        const size_t rest = size - at;
        const unsigned triple =
            bytes[at] << 16 | (rest > 1 ? bytes[at + 1] << 8 : 0) | (rest > 2 ? bytes[at + 2] : 0);
        out += letters[triple >> 18];
        out += letters[triple >> 12 & 63];
        if (rest > 1) out += letters[triple >> 6 & 63];
        if (rest > 2) out += letters[triple & 63];
    }
    return out;
}

std::string base64url(const std::string& text) {
    return base64url(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    append_json_text(out, text);
    return out + '"';
}

std::string claims(const TokenOrder& order) {
    const auto issued =
        std::chrono::duration_cast<std::chrono::seconds>(order.issued_at.time_since_epoch());
    std::string permissions;
    for (const std::string& permission : order.permissions)
        permissions += (permissions.empty() ? "" : ",") + quoted(permission);
    std::string json = "{\"sub\":" + quoted(order.subject) +
                       ",\"organizationId\":" + quoted(order.organization) + ",\"permissions\":[" +
                       permissions + "]" + ",\"iat\":" + std::to_string(issued.count()) +
                       ",\"exp\":" + std::to_string((issued + order.lifetime).count());
    if (!order.name.empty()) json += ",\"name\":" + quoted(order.name);
    if (!order.issuer.empty()) json += ",\"iss\":" + quoted(order.issuer);
    if (!order.audience.empty()) json += ",\"aud\":" + quoted(order.audience);
    return json + "}";
}

}  // namespace

Result<std::string> mint_token(const TokenOrder& order, const std::string& secret) {
    if (secret.size() < least_secret_bytes)
        return Error{Code::Invalid, "an HS256 secret needs at least 32 bytes"};
    std::string token =
        base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims(order));
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(token.data()), token.size(), signature,
             &length) == nullptr)
        return Error{Code::Internal, "OpenSSL could not sign the token"};
    return token + "." + base64url(signature, length);
}

}  // namespace tandem::admit
