#include "admit/mint.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "admit/mac.h"
#include "base/text.h"

namespace tandem::admit {

namespace {

constexpr size_t least_secret_bytes = 32;  // the hash's own length

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
    std::string json = "{" + quoted(order.subject_claim) + ":" + quoted(order.subject) + "," +
                       quoted(order.organization_claim) + ":" + quoted(order.organization) + "," +
                       quoted(order.permissions_claim) + ":[" + permissions +
                       "],\"iat\":" + std::to_string(issued.count()) +
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
    std::string token = base64url("{\"alg\":\"HS256\",\"typ\":" + quoted(order.type) + "}") + "." +
                        base64url(claims(order));
    const std::string signature = mac(Hash::Sha256, secret, token);
    if (signature.empty()) return Error{Code::Internal, "OpenSSL could not sign the token"};
    return token + "." + base64url(signature);
}

Result<ApiKey> mint_api_key() {
    static constexpr std::string_view letters =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr size_t random_letters = 43;
    ApiKey made{"tandem_", "sha256:"};
    const size_t length = made.key.size() + random_letters;
    while (made.key.size() < length) {
        unsigned char byte = 0;
        if (RAND_bytes(&byte, 1) != 1)
            return Error{Code::Internal, "OpenSSL has no random bytes for a key"};
        // What is left above the last whole round would make some letters more frequent.
        if (byte < 256 - 256 % letters.size()) made.key += letters[byte % letters.size()];
    }
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(made.key.data()), made.key.size(), hash);
    made.hash += hex({reinterpret_cast<const char*>(hash), sizeof hash});
    return made;
}

}  // namespace tandem::admit
