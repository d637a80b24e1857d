#include "key.h"

#include <array>
#include <utility>
#include <vector>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "strength.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

class SecretKey : public Key {
public:
    SecretKey(const Algorithm& algorithm, std::string secret)
        : digest_(EVP_get_digestbyname(algorithm.digest)), secret_(std::move(secret)) {}
    ~SecretKey() override { OPENSSL_cleanse(secret_.data(), secret_.size()); }

    bool genuine(std::string_view signed_text, std::string_view signature) const override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> own{};
        unsigned size = 0;
        if (HMAC(digest_, secret_.data(), static_cast<int>(secret_.size()), bytes_of(signed_text),
                 signed_text.size(), own.data(), &size) == nullptr)
            throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL could not compute an HMAC");
        // The length is no secret; the bytes are compared in constant time.
        return signature.size() == size && CRYPTO_memcmp(own.data(), signature.data(), size) == 0;
    }

private:
    const EVP_MD* const digest_;
    std::string secret_;  // constant after construction
};

class PublicVerifier : public Key {
public:
    PublicVerifier(const Algorithm& algorithm, PublicKey key)
        : algorithm_(algorithm),
          digest_(algorithm.digest ? EVP_get_digestbyname(algorithm.digest) : nullptr),
          key_(std::move(key)) {}

    bool genuine(std::string_view signed_text, std::string_view signature) const override {
        const bool yes = algorithm_.family == Family::Curve
                             ? curve_genuine(signed_text, signature)
                             : verified(signed_text, bytes_of(signature), signature.size());
        // What is left in the thread's queue would be read by the next user of TLS.
        ERR_clear_error();
        return yes;
    }

private:
    bool verified(std::string_view signed_text, const unsigned char* signature, size_t size) const {
        // As long as the modulus (RFC 8017 section 8.1.2); OpenSSL takes zeros in front off.
        const bool rsa = algorithm_.family == Family::Rsa || algorithm_.family == Family::RsaPss;
        if (rsa && size != static_cast<size_t>(EVP_PKEY_get_size(key_.get()))) return false;
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                              EVP_MD_CTX_free);
        EVP_PKEY_CTX* how = nullptr;  // the context's
        if (!context ||
            EVP_DigestVerifyInit(context.get(), &how, digest_, nullptr, key_.get()) != 1)
            return false;
        if (algorithm_.family == Family::Rsa &&
            EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) != 1)
            return false;
        // The salt has the hash's length, and no other (RFC 7518 section 3.5).
        if (algorithm_.family == Family::RsaPss &&
            (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
             EVP_PKEY_CTX_set_rsa_mgf1_md(how, digest_) != 1 ||
             EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
            return false;
        return EVP_DigestVerify(context.get(), signature, size, bytes_of(signed_text),
                                signed_text.size()) == 1;
    }

    /// r and s beside each other, both in full length (RFC 7518 section 3.4); OpenSSL reads
    /// them in DER. The length is checked before anything is allocated for it.
    bool curve_genuine(std::string_view signed_text, std::string_view signature) const {
        const size_t half = algorithm_.bytes;
        if (signature.size() != 2 * half) return false;
        const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(),
                                                                         ECDSA_SIG_free);
        BIGNUM* r = BN_bin2bn(bytes_of(signature), static_cast<int>(half), nullptr);
        BIGNUM* s = BN_bin2bn(bytes_of(signature) + half, static_cast<int>(half), nullptr);
        if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
            BN_free(r);
            BN_free(s);
            return false;
        }
        unsigned char* der = nullptr;
        const int size = i2d_ECDSA_SIG(pair.get(), &der);
        if (size <= 0) return false;
        const bool yes = verified(signed_text, der, static_cast<size_t>(size));
        OPENSSL_free(der);
        return yes;
    }

    const Algorithm& algorithm_;
    const EVP_MD* const digest_;
    const PublicKey key_;
};

}  // namespace

KeyPointer make_secret_key(const Algorithm& algorithm, std::string secret) {
    if (secret.size() < algorithm.bytes)
        throw plugin::Failure(TANDEM_INVALID,
                              std::to_string(secret.size()) + " bytes are too few for " +
                                  std::string(algorithm.name) + "; at least " +
                                  std::to_string(algorithm.bytes) + " random ones are needed");
    return std::make_shared<SecretKey>(algorithm, std::move(secret));
}

KeyPointer make_public_key(const Algorithm& algorithm, PublicKey public_key) {
    const std::string weakness = weakness_of(algorithm, public_key.get());
    ERR_clear_error();
    if (!weakness.empty()) throw plugin::Failure(TANDEM_INVALID, weakness);
    return std::make_shared<PublicVerifier>(algorithm, std::move(public_key));
}

}  // namespace tandem::jwt
