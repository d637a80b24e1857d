#include "unit/fetch/authority.h"

#include <cstdio>
#include <cstdlib>

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tandem::test {

namespace {

void add_extension(X509* to, int which, const std::string& value) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str());
    X509_add_ext(to, made, -1);
    X509_EXTENSION_free(made);
}

}  // namespace

Authority::Authority(const char* name) : key_(EVP_EC_gen("P-256")) {
    char folder[] = "/tmp/tandem-authority-XXXXXX";
    folder_ = ::mkdtemp(folder);
    certificate_ = make(key_, name, {}, true, next_++);
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    FILE* file = std::fopen(this->file().c_str(), "w");
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
}

Authority::~Authority() {
    std::filesystem::remove_all(folder_);
}

Authority::Files Authority::certify(const Certified& what) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made = make(key, "A server of the tests", what, false, next_++);
    X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return write(key, made);
}

Authority::Files Authority::certify_itself(const Certified& what) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made = make(key, "A server of the tests", what, false, next_++);
    X509_sign(made.get(), key.get(), EVP_sha256());
    return write(key, made);
}

Authority::Certificate Authority::make(const Key& key, const char* name, const Certified& what,
                                       bool authority, int number) {
    Certificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), number);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), what.begins_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), what.ends_s);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    if (authority)
        add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    else
        add_extension(made.get(), NID_subject_alt_name, what.place);
    return made;
}

Authority::Files Authority::write(const Key& key, const Certificate& certificate) {
    const std::string number = std::to_string(next_);
    const Files files{folder_ / (number + ".key"), folder_ / (number + ".pem")};
    FILE* file = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    file = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
    return files;
}

Poco::Net::ServerSocket secure_listener(const Authority::Files& files, int newest) {
    const Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE,
                                                                 files.key, files.certificate, "",
                                                                 Poco::Net::Context::VERIFY_NONE));
    if (newest != 0) {
        // Debian's OpenSSL speaks the old versions only where it is told to be careless.
        SSL_CTX_set_security_level(context->sslContext(), 0);
        SSL_CTX_set_min_proto_version(context->sslContext(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context->sslContext(), newest);
    }
    return Poco::Net::SecureServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0), 16, context);
}

}  // namespace tandem::test
