#pragma once

#include <openssl/evp.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tandem::fakes {

std::string base64url(std::string_view bytes);

/// A key with which an issuer signs tokens, made by OpenSSL. Immutable; copies are the same
/// key.
class SigningKey {
public:
    /// A new one for an algorithm of RFC 7518 or for EdDSA; RSA takes a moment.
    explicit SigningKey(const std::string& algorithm, unsigned rsa_bits = 2048);
    /// A private key of somebody's choice, or a secret.
    SigningKey(std::string algorithm, EVP_PKEY* key);
    SigningKey(std::string algorithm, std::string secret);

    const std::string& algorithm() const { return algorithm_; }
    /// The raw signature, as a token carries it.
    std::string sign(std::string_view text) const;
    /// With PSS and a salt of this length in place of the hash's.
    std::string sign_salted(std::string_view text, int salt_bytes) const;
    /// In the compact form.
    std::string token(const std::string& header, const std::string& claims) const;
    /// With the usual header and this `kid`; without one if it is empty.
    std::string token_of(const std::string& claims, const std::string& kid = {}) const;
    std::string public_pem() const;
    std::string private_pem() const;
    /// The public half as a JSON Web Key; `changes` are other members, or others' values; an
    /// empty one leaves its member out.
    std::string jwk(const std::string& kid,
                    const std::map<std::string, std::string>& changes = {}) const;

    EVP_PKEY* key() const { return key_.get(); }

private:
    std::string signature(std::string_view text, int salt_bytes) const;
    std::map<std::string, std::string> public_members() const;

    std::string algorithm_;
    std::string secret_;
    std::shared_ptr<EVP_PKEY> key_;
};

/// A JSON Web Key Set of these keys.
std::string key_set(const std::string& keys);

}  // namespace tandem::fakes
