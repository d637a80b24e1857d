#include "signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

constexpr size_t min_secret_bytes = 32;

int value_of(char letter) {
    if (letter >= 'A' && letter <= 'Z') return letter - 'A';
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9') return letter - '0' + 52;
    if (letter == '-') return 62;
    if (letter == '_') return 63;
    return -1;
}

class Hs256 : public Verifier {
public:
    explicit Hs256(std::string secret) : secret_(std::move(secret)) {}
    ~Hs256() override { OPENSSL_cleanse(secret_.data(), secret_.size()); }

    std::string_view algorithm() const override { return "HS256"; }

    bool genuine(std::string_view signed_text, std::string_view signature) const override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> own{};
        unsigned size = 0;
        const auto* bytes = reinterpret_cast<const unsigned char*>(signed_text.data());
        if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes,
                 signed_text.size(), own.data(), &size) == nullptr)
            throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL could not compute an HMAC");
        // The length is no secret; the bytes are compared in constant time.
        return signature.size() == size && CRYPTO_memcmp(own.data(), signature.data(), size) == 0;
    }

private:
    std::string secret_;  // constant after construction
};

}  // namespace

std::string decode_base64url(std::string_view text, std::string_view what) {
    const auto wrong = [&] {
        return plugin::Failure(TANDEM_UNAUTHORIZED, std::string(what) + ": no base64url");
    };
    if (text.size() % 4 == 1) throw wrong();
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    unsigned bits = 0;
    unsigned held = 0;
    for (const char letter : text) {
        const int value = value_of(letter);
        if (value < 0) throw wrong();
        bits = (bits << 6) | static_cast<unsigned>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes.push_back(static_cast<char>((bits >> held) & 0xff));
    }
    if ((bits & ((1u << held) - 1)) != 0) throw wrong();
    return bytes;
}

std::unique_ptr<Verifier> make_verifier(const std::string& algorithm, const std::string& secret) {
    if (algorithm != "HS256")
        throw plugin::Failure(TANDEM_INVALID,
                              "option algorithm: " + algorithm + " is not offered; HS256 is");
    if (secret.size() < min_secret_bytes)
        throw plugin::Failure(TANDEM_INVALID, "option secret: " + std::to_string(secret.size()) +
                                                  " bytes are too few for HS256; at least " +
                                                  std::to_string(min_secret_bytes) +
                                                  " random ones are needed");
    return std::make_unique<Hs256>(secret);
}

}  // namespace tandem::jwt
