#include <array>
#include <memory>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "key.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

template <typename Thing, void (*Free)(Thing*)>
struct Freer {
    void operator()(Thing* thing) const { Free(thing); }
};
using Number = std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM, OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

Number number(const std::string& bytes) {
    return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                            static_cast<int>(bytes.size()), nullptr));
}

PublicKey build(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* made = nullptr;
    if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1)
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get());
    ERR_clear_error();
    return PublicKey(made);
}

/// No passphrase is ever asked for at a terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

PublicKey rsa_key(const std::string& modulus, const std::string& exponent) {
    const Builder builder(OSSL_PARAM_BLD_new());
    const Number n = number(modulus), e = number(exponent);
    if (!builder || !n || !e ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return build("RSA", builder.get());
}

PublicKey curve_key(const Algorithm& algorithm, const std::string& x, const std::string& y) {
    // A coordinate has its full length, with zeros in front (RFC 7518 section 6.2.1.2).
    if (x.size() != algorithm.bytes || y.size() != algorithm.bytes) return nullptr;
    const std::string point = '\x04' + x + y;
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                        algorithm.curve_name, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    return build("EC", builder.get());
}

PublicKey edwards_key(const std::string& x) {
    constexpr size_t point_bytes = 32;
    if (x.size() != point_bytes) return nullptr;
    PublicKey key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x.data()), x.size()));
    ERR_clear_error();
    return key;
}

PublicKey read_pem(const std::string& text) {
    if (text.find("PRIVATE KEY-----") != std::string::npos)
        throw plugin::Failure(TANDEM_INVALID,
                              "it holds a private key; the gateway wants the public one alone");
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!bio) throw plugin::Failure(TANDEM_INTERNAL, "out of memory");
    PublicKey key;
    if (text.find("-----BEGIN CERTIFICATE-----") != std::string::npos) {
        const Certificate certificate(
            PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
        if (certificate) key.reset(X509_get_pubkey(certificate.get()));
    } else {
        key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
    }
    ERR_clear_error();
    if (!key)
        throw plugin::Failure(TANDEM_INVALID, "it holds no public key and no certificate in PEM");
    return key;
}

}  // namespace tandem::jwt
