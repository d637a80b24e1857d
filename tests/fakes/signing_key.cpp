#include "fakes/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

namespace tandem::fakes {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

const EVP_MD* digest_of(const std::string& algorithm) {
    const std::string bits = algorithm.substr(algorithm.size() - 3);
    return bits == "256"   ? EVP_sha256()
           : bits == "384" ? EVP_sha384()
           : bits == "512" ? EVP_sha512()
                           : nullptr;
}

bool is_curve(const std::string& algorithm) {
    return algorithm.compare(0, 2, "ES") == 0;
}

size_t coordinate_bytes(const std::string& algorithm) {
    return algorithm == "ES384" ? 48 : 32;
}

EVP_PKEY* generate(const std::string& algorithm, unsigned rsa_bits) {
    if (algorithm == "EdDSA") return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (is_curve(algorithm))
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", algorithm == "ES384" ? "P-384" : "P-256");
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(rsa_bits));
}

std::string padded(const BIGNUM* number, size_t size) {
    std::string bytes(size, '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
    return bytes;
}

std::string number(EVP_PKEY* key, const char* name, size_t size = 0) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &value) != 1) throw std::runtime_error(name);
    const std::string bytes =
        padded(value, size != 0 ? size : static_cast<size_t>(BN_num_bytes(value)));
    BN_free(value);
    return bytes;
}

std::string read_out(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string copy(text, static_cast<size_t>(size));
    BIO_free(bio);
    return copy;
}

}  // namespace

std::string base64url(std::string_view bytes) {
    static constexpr char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    unsigned bits = 0, held = 0;
    for (const unsigned char byte : bytes) {
        bits = (bits << 8) | byte;
        for (held += 8; held >= 6;) {
            held -= 6;
            text += letters[(bits >> held) & 63];
        }
    }
    if (held > 0) text += letters[(bits << (6 - held)) & 63];
    return text;
}

SigningKey::SigningKey(const std::string& algorithm, unsigned rsa_bits) : algorithm_(algorithm) {
    if (algorithm.compare(0, 2, "HS") == 0) {
        secret_.resize(64);
        RAND_bytes(reinterpret_cast<unsigned char*>(secret_.data()), 64);
        return;
    }
    key_.reset(generate(algorithm, rsa_bits), EVP_PKEY_free);
    if (!key_) throw std::runtime_error("no key for " + algorithm);
}

SigningKey::SigningKey(std::string algorithm, EVP_PKEY* key)
    : algorithm_(std::move(algorithm)), key_(key, EVP_PKEY_free) {}

SigningKey::SigningKey(std::string algorithm, std::string secret)
    : algorithm_(std::move(algorithm)), secret_(std::move(secret)) {}

std::string SigningKey::sign(std::string_view text) const {
    return signature(text, RSA_PSS_SALTLEN_DIGEST);
}

std::string SigningKey::sign_salted(std::string_view text, int salt_bytes) const {
    return signature(text, salt_bytes);
}

std::string SigningKey::signature(std::string_view text, int salt_bytes) const {
    const EVP_MD* digest = digest_of(algorithm_);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (!key_) {
        unsigned size = 0;
        HMAC(digest, secret_.data(), static_cast<int>(secret_.size()), bytes_of(text), text.size(),
             bytes, &size);
        return {reinterpret_cast<char*>(bytes), size};
    }
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_PKEY_CTX* how = nullptr;
    if (EVP_DigestSignInit(context.get(), &how, digest, nullptr, key_.get()) != 1)
        throw std::runtime_error("cannot sign with " + algorithm_);
    if (algorithm_.compare(0, 2, "PS") == 0) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt_bytes);
    }
    size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size());
    std::string made(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(made.data());
    if (EVP_DigestSign(context.get(), out, &size, bytes_of(text), text.size()) != 1)
        throw std::runtime_error("cannot sign with " + algorithm_);
    made.resize(size);
    if (!is_curve(algorithm_)) return made;
    const unsigned char* der = bytes_of(made);
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
    const size_t half = coordinate_bytes(algorithm_);
    std::string raw = padded(ECDSA_SIG_get0_r(pair), half) + padded(ECDSA_SIG_get0_s(pair), half);
    ECDSA_SIG_free(pair);
    return raw;
}

std::string SigningKey::token(const std::string& header, const std::string& claims) const {
    const std::string text = base64url(header) + '.' + base64url(claims);
    return text + '.' + base64url(sign(text));
}

std::string SigningKey::token_of(const std::string& claims, const std::string& kid) const {
    const std::string named = kid.empty() ? "" : ",\"kid\":\"" + kid + '"';
    return token("{\"alg\":\"" + algorithm_ + "\",\"typ\":\"JWT\"" + named + '}', claims);
}

std::string SigningKey::public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_.get());
    return read_out(bio);
}

std::string SigningKey::private_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return read_out(bio);
}

std::map<std::string, std::string> SigningKey::public_members() const {
    const auto quoted = [](const std::string& bytes) { return '"' + base64url(bytes) + '"'; };
    if (!key_) return {{"kty", "\"oct\""}, {"k", quoted(secret_)}};
    if (is_curve(algorithm_)) {
        const size_t size = coordinate_bytes(algorithm_);
        return {{"kty", "\"EC\""},
                {"crv", algorithm_ == "ES384" ? "\"P-384\"" : "\"P-256\""},
                {"x", quoted(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size))},
                {"y", quoted(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size))}};
    }
    if (algorithm_ == "EdDSA") {
        std::string point(32, '\0');
        size_t size = point.size();
        EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(point.data()),
                                    &size);
        return {{"kty", "\"OKP\""}, {"crv", "\"Ed25519\""}, {"x", quoted(point)}};
    }
    return {{"kty", "\"RSA\""},
            {"n", quoted(number(key_.get(), OSSL_PKEY_PARAM_RSA_N))},
            {"e", quoted(number(key_.get(), OSSL_PKEY_PARAM_RSA_E))}};
}

std::string SigningKey::jwk(const std::string& kid,
                            const std::map<std::string, std::string>& changes) const {
    auto members = public_members();
    if (!kid.empty()) members["kid"] = '"' + kid + '"';
    members["alg"] = '"' + algorithm_ + '"';
    members["use"] = "\"sig\"";
    for (const auto& [name, value] : changes) members[name] = value;
    std::string json;
    for (const auto& [name, value] : members)
        if (!value.empty()) json += (json.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return json + '}';
}

std::string key_set(const std::string& keys) {
    return "{\"keys\":[" + keys + "]}";
}

}  // namespace tandem::fakes
