#include "admit/mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tandem::admit {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(std::string_view bytes, std::string_view last_two, bool padded) {
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const auto letter = [&](unsigned six) {
        return six < letters.size() ? letters[six] : last_two[six - letters.size()];
    };
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += 3) {
        const size_t rest = bytes.size() - at;
        const unsigned char* three = bytes_of(bytes) + at;
        const unsigned triple = static_cast<unsigned>(three[0]) << 16 |
                                (rest > 1 ? static_cast<unsigned>(three[1]) << 8 : 0) |
                                (rest > 2 ? three[2] : 0);
        out += letter(triple >> 18);
        out += letter(triple >> 12 & 63);
        if (rest > 1) out += letter(triple >> 6 & 63);
        if (rest > 2) out += letter(triple & 63);
    }
    while (padded && out.size() % 4 != 0) out += '=';
    return out;
}

}  // namespace

std::string mac(Hash hash, std::string_view key, std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (HMAC(hash == Hash::Sha1 ? EVP_sha1() : EVP_sha256(), key.data(),
             static_cast<int>(key.size()), bytes_of(text), text.size(), digest, &size) == nullptr)
        return {};
    return {reinterpret_cast<const char*>(digest), size};
}

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char letter : bytes) {
        const auto byte = static_cast<unsigned char>(letter);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string base64(std::string_view bytes) {
    return base64(bytes, "+/", true);
}

std::string base64url(std::string_view bytes) {
    return base64(bytes, "-_", false);
}

}  // namespace tandem::admit
