#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

#include <Poco/Net/ServerSocket.h>

namespace tandem::test {

/// What a server's certificate says.
struct Certified {
    std::string place = "IP:127.0.0.1";    // as in subjectAltName
    long begins_s = -3600, ends_s = 3600;  // from now
};

/// An authority of a test's own and the certificates that it gives out, as PEM files until its
/// end.
class Authority {
public:
    explicit Authority(const char* name = "An authority of the tests");
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    /// What a client has to trust.
    std::string file() const { return folder_ / "authority.pem"; }

    struct Files {
        std::string key, certificate;
    };
    Files certify(const Certified& what = {});
    /// The same, but vouched for by nobody else.
    Files certify_itself(const Certified& what = {});

private:
    template <typename T, void (*release)(T*)>
    struct Release {
        void operator()(T* value) const { release(value); }
    };
    using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
    using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;

    static Certificate make(const Key& key, const char* name, const Certified& what, bool authority,
                            int number);
    Files write(const Key& key, const Certificate& certificate);

    std::filesystem::path folder_;
    Key key_;
    Certificate certificate_;
    int next_ = 1;
};

/// Listens on loopback with this certificate. `newest`: the highest TLS version it speaks, such as
/// TLS1_1_VERSION; 0: all that OpenSSL takes.
Poco::Net::ServerSocket secure_listener(const Authority::Files& files, int newest = 0);

}  // namespace tandem::test
