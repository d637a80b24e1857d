#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

/// Signs as Twilio does, for tests, written apart from the plugin's own code.
namespace tandem::twilio::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Without the rules for repeated names: the tests that need those have recorded signatures.
inline std::string sign(const std::string& token, std::string text, Fields fields) {
    std::sort(fields.begin(), fields.end());
    for (const auto& [name, value] : fields) text += name + value;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    unsigned char base64[64];
    const int length = EVP_EncodeBlock(base64, digest, static_cast<int>(size));
    return {reinterpret_cast<const char*>(base64), static_cast<size_t>(length)};
}

/// In lower-case hexadecimal digits.
inline std::string sha256(const std::string& body) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(body.data(), body.size(), digest, &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        char pair[3];
        std::snprintf(pair, sizeof pair, "%02x", digest[i]);
        hex += pair;
    }
    return hex;
}

/// Every byte but letters and digits percent-encoded.
inline std::string encode(const Fields& fields) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string body;
    const auto add = [&](const std::string& text) {
        for (const char letter : text) {
            const auto byte = static_cast<unsigned char>(letter);
            if (std::isalnum(byte))
                body.push_back(letter);
            else
                body += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    };
    for (const auto& [name, value] : fields) {
        if (!body.empty()) body.push_back('&');
        add(name);
        body.push_back('=');
        add(value);
    }
    return body;
}

}  // namespace tandem::twilio::testing
