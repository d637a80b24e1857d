#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "serve/server.h"
#include "unit/serve/raw_client.h"

namespace tandem::serve {

namespace {

template <typename T, void (*release)(T*)>
struct Release {
    void operator()(T* value) const { release(value); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Release<SSL, SSL_free>>;

void write_key_and_certificate(const std::string& key_file, const std::string& certificate_file) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    FILE* file = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    std::filesystem::permissions(key_file, std::filesystem::perms{0600});
    file = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
}

std::string encoded(const Certificate& certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate.get(), &bytes);
    const std::string text(reinterpret_cast<char*>(bytes), static_cast<size_t>(std::max(size, 0)));
    OPENSSL_free(bytes);
    return text;
}

/// A blocking TLS client over a raw one.
class TlsClient {
public:
    explicit TlsClient(uint16_t port, int highest = TLS1_3_VERSION)
        : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_security_level(context_.get(), 0);
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context_.get(), highest);
        SSL_CTX_set_cipher_list(context_.get(), "ECDHE-ECDSA-AES128-GCM-SHA256:ALL");
        session_.reset(SSL_new(context_.get()));
        SSL_set_fd(session_.get(), raw_.number());
        connected_ = SSL_connect(session_.get()) == 1;
    }
    bool connected() const { return connected_; }
    void send(const std::string& text) {
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(text.size()), sent(text));
    }
    /// What OpenSSL says of it.
    int sent(const std::string& text) {
        return SSL_write(session_.get(), text.data(), static_cast<int>(text.size()));
    }
    void send_new_key() {
        SSL_key_update(session_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(session_.get());
    }
    std::string take(size_t count) {
        std::string all(count, '\0');
        size_t taken = 0;
        while (taken < count) {
            const int got =
                SSL_read(session_.get(), all.data() + taken, static_cast<int>(count - taken));
            if (got <= 0) break;
            taken += static_cast<size_t>(got);
        }
        all.resize(taken);
        return all;
    }
    /// Bytes below TLS.
    bool send_raw(const std::string& bytes) { return raw_.send(bytes); }
    bool closed() { return raw_.closed(); }
    const SSL* session() const { return session_.get(); }
    /// The certificate, as it was signed.
    std::string shown() const {
        return encoded(Certificate(SSL_get1_peer_certificate(session_.get())));
    }
    /// Whether the end was said, and not cut off.
    bool ended_properly() {
        char byte = 0;
        const int got = SSL_read(session_.get(), &byte, 1);
        return got <= 0 && SSL_get_error(session_.get(), got) == SSL_ERROR_ZERO_RETURN;
    }

private:
    RawClient raw_;
    Context context_;
    Session session_;
    bool connected_ = false;
};

/// Writes records of its own making on a TLS 1.2 connection of AES-128-GCM, because OpenSSL's
/// client asks for one handshake at a time, and waits.
class RecordWriter {
public:
    /// `written`: how many records the client sent under its keys, the Finished among them.
    RecordWriter(const SSL* session, uint64_t written) : number_(written) {
        std::string secret(48, '\0'), seed(64, '\0');
        SSL_SESSION_get_master_key(SSL_get_session(session), bytes(secret), secret.size());
        SSL_get_server_random(session, bytes(seed), 32);
        SSL_get_client_random(session, bytes(seed) + 32, 32);
        seed.insert(0, "key expansion");
        const Derivation derivation(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr));
        const Deriving deriving(EVP_KDF_CTX_new(derivation.get()));
        char digest[] = "SHA256";
        const OSSL_PARAM parts[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
            OSSL_PARAM_construct_end(),
        };
        CPPUNIT_ASSERT_EQUAL(1, EVP_KDF_derive(deriving.get(), bytes(keys_), keys_.size(), parts));
    }

    std::string record(char kind, const std::string& text) {
        const std::string count = big_endian(number_++, 8);
        const std::string nonce = keys_.substr(32, 4) + count;
        const std::string head = std::string(1, kind) + "\x03\x03";
        const std::string known = count + head + big_endian(text.size(), 2);
        std::string hidden(text.size(), '\0'), tag(16, '\0');
        const Cipher cipher(EVP_CIPHER_CTX_new());
        int size = 0;
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, bytes(keys_),
                           reinterpret_cast<const unsigned char*>(nonce.data()));
        EVP_EncryptUpdate(cipher.get(), nullptr, &size,
                          reinterpret_cast<const unsigned char*>(known.data()),
                          static_cast<int>(known.size()));
        EVP_EncryptUpdate(cipher.get(), bytes(hidden), &size,
                          reinterpret_cast<const unsigned char*>(text.data()),
                          static_cast<int>(text.size()));
        EVP_EncryptFinal_ex(cipher.get(), bytes(hidden), &size);
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data());
        return head + big_endian(8 + text.size() + 16, 2) + count + hidden + tag;
    }

private:
    using Derivation = std::unique_ptr<EVP_KDF, Release<EVP_KDF, EVP_KDF_free>>;
    using Deriving = std::unique_ptr<EVP_KDF_CTX, Release<EVP_KDF_CTX, EVP_KDF_CTX_free>>;
    using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>>;

    static unsigned char* bytes(std::string& text) {
        return reinterpret_cast<unsigned char*>(text.data());
    }
    static std::string big_endian(uint64_t number, size_t size) {
        std::string all(size, '\0');
        for (size_t i = size; i > 0; --i, number >>= 8) all[i - 1] = static_cast<char>(number);
        return all;
    }

    std::string keys_ = std::string(40, '\0');  // ours, theirs, and the starts of the nonces
    uint64_t number_;
};

/// A ClientHello of TLS 1.2 with one cipher and no extensions.
const std::string client_hello = std::string("\x01\x00\x00\x29\x03\x03", 6) + std::string(32, 'r') +
                                 std::string("\x00\x00\x02\xc0\x2b\x01\x00", 7);
constexpr char handshake = 22, application_data = 23;

}  // namespace

class TlsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TlsTest);
    CPPUNIT_TEST(requests_large_bodies_and_streams_go_over_tls);
    CPPUNIT_TEST(only_answers_over_tls_tell_the_browser_to_stay_there);
    CPPUNIT_TEST(versions_before_1_2_are_refused);
    CPPUNIT_TEST(plain_http_on_a_tls_port_is_cut_and_hurts_nobody);
    CPPUNIT_TEST(a_handshake_that_stalls_is_cut);
    CPPUNIT_TEST(a_client_that_only_sends_new_keys_is_cut);
    CPPUNIT_TEST(a_client_that_only_asks_for_handshakes_is_cut);
    CPPUNIT_TEST(a_client_that_asks_for_handshakes_now_and_then_is_served);
    CPPUNIT_TEST(a_renewed_certificate_is_shown_to_who_comes_after);
    CPPUNIT_TEST(a_certificate_that_is_not_usable_leaves_the_former_one);
    CPPUNIT_TEST(a_wrong_key_does_not_start);
    CPPUNIT_TEST(a_key_that_others_can_read_does_not_start);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        char name[] = "/tmp/tandem-tls-XXXXXX";
        folder_ = mkdtemp(name);
        options_.listen = {"127.0.0.1:0"};
        options_.tls_key = folder_ / "key.pem";
        options_.tls_certificate = folder_ / "certificate.pem";
        write_key_and_certificate(options_.tls_key, options_.tls_certificate);
    }
    void tearDown() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }

    void requests_large_bodies_and_streams_go_over_tls() {
        TlsClient client(start());
        CPPUNIT_ASSERT(client.connected());
        const std::string body(1'000'000, 'x');
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + body);
        CPPUNIT_ASSERT(take_body(client, body.size()) == body);
        client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        take_body(client, 0);
        CPPUNIT_ASSERT_EQUAL(std::string("event"), client.take(5));
        CPPUNIT_ASSERT(client.ended_properly());
    }

    void only_answers_over_tls_tell_the_browser_to_stay_there() {
        const std::string promise =
            "\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
        const std::string requests[] = {
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
            "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
            "broken\r\n\r\n",
            "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
        };
        start();
        for (const std::string& request : requests) {
            TlsClient client(server_->port());
            client.send(request);
            const std::string head = take_head(client);
            CPPUNIT_ASSERT_MESSAGE(head, head.find(promise) != std::string::npos);
        }
        // Over plain HTTP anyone on the way could say it (RFC 6797 section 7.2).
        options_.tls_key.clear();
        options_.tls_certificate.clear();
        start();
        for (const std::string& request : requests) {
            RawClient client(server_->port());
            client.send(request);
            const auto answer = client.answer(true);
            CPPUNIT_ASSERT(answer.has_value());
            CPPUNIT_ASSERT(!answer->header("Strict-Transport-Security"));
        }
    }

    void versions_before_1_2_are_refused() {
        const uint16_t port = start();
        CPPUNIT_ASSERT(!TlsClient(port, TLS1_1_VERSION).connected());
        CPPUNIT_ASSERT(TlsClient(port, TLS1_2_VERSION).connected());
    }

    void plain_http_on_a_tls_port_is_cut_and_hurts_nobody() {
        const uint16_t port = start();
        RawClient plain(port);
        plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT(plain.closed());
        CPPUNIT_ASSERT(TlsClient(port).connected());
    }

    void a_handshake_that_stalls_is_cut() {
        options_.header_time = std::chrono::milliseconds(1500);
        const uint16_t port = start();
        RawClient silent(port);
        silent.send("\x16\x03\x01");
        CPPUNIT_ASSERT(silent.closed());
    }

    void a_client_that_only_sends_new_keys_is_cut() {
        const uint16_t port = start();
        TlsClient few(port), many(port);
        for (int i = 0; i < 10; ++i) few.send_new_key();
        few.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 404"), few.take(12));
        for (int i = 0; i < 1000; ++i) many.send_new_key();
        many.sent("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string(), many.take(12));
    }

    void a_client_that_only_asks_for_handshakes_is_cut() {
        TlsClient client(start(), TLS1_2_VERSION);
        RecordWriter writer = writer_after_an_answer(client);
        std::string flood;
        for (int i = 0; i < 1000; ++i) flood += writer.record(handshake, client_hello);
        client.send_raw(flood);
        CPPUNIT_ASSERT(client.closed());
        CPPUNIT_ASSERT(TlsClient(server_->port()).connected());
    }

    void a_client_that_asks_for_handshakes_now_and_then_is_served() {
        TlsClient client(start(), TLS1_2_VERSION);
        RecordWriter writer = writer_after_an_answer(client);
        for (int i = 0; i < 5; ++i) {
            std::string some;
            for (int k = 0; k < 10; ++k) some += writer.record(handshake, client_hello);
            some += writer.record(application_data, "GET /count HTTP/1.1\r\nHost: x\r\n\r\n");
            CPPUNIT_ASSERT(client.send_raw(some));
        }
        client.send_raw(writer.record(
            application_data, "GET /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        CPPUNIT_ASSERT(client.closed());
        CPPUNIT_ASSERT_EQUAL(6, counted_.load());
    }

    void a_renewed_certificate_is_shown_to_who_comes_after() {
        TlsClient before(start());
        CPPUNIT_ASSERT(before.shown() == written());
        write_key_and_certificate(options_.tls_key, options_.tls_certificate);
        CPPUNIT_ASSERT(TlsClient(server_->port()).shown() == before.shown());
        CPPUNIT_ASSERT(renewed());
        CPPUNIT_ASSERT(written() != before.shown());
        CPPUNIT_ASSERT(TlsClient(server_->port()).shown() == written());
        // Who is there goes on.
        before.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
        CPPUNIT_ASSERT_EQUAL(std::string("x"), take_body(before, 1));
    }

    void a_certificate_that_is_not_usable_leaves_the_former_one() {
        const std::string former = TlsClient(start()).shown();
        const std::string other = folder_ / "other.pem";
        write_key_and_certificate(other, options_.tls_certificate);
        expect_refused(options_.tls_key);
        std::filesystem::copy_file(other, options_.tls_key,
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::permissions(options_.tls_key, std::filesystem::perms{0644});
        expect_refused("is open to others");
        std::filesystem::permissions(options_.tls_key, std::filesystem::perms{0600});
        std::filesystem::resize_file(options_.tls_certificate, 100);
        expect_refused(options_.tls_certificate);
        std::filesystem::remove(options_.tls_certificate);
        expect_refused(options_.tls_certificate);
        CPPUNIT_ASSERT(TlsClient(server_->port()).shown() == former);
    }

    void a_wrong_key_does_not_start() {
        write_key_and_certificate(options_.tls_key, folder_ / "other.pem");
        CPPUNIT_ASSERT_THROW(start(), std::runtime_error);
        options_.tls_key = folder_ / "nothing.pem";
        CPPUNIT_ASSERT_THROW(start(), std::runtime_error);
    }

    void a_key_that_others_can_read_does_not_start() {
        for (const unsigned mode : {0604u, 0660u}) {
            std::filesystem::permissions(options_.tls_key, std::filesystem::perms{mode});
            CPPUNIT_ASSERT_THROW(start(), std::runtime_error);
        }
        // A group that only reads is how some systems share keys.
        std::filesystem::permissions(options_.tls_key, std::filesystem::perms{0640});
        CPPUNIT_ASSERT(TlsClient(start()).connected());
    }

private:
    std::string written() const {
        FILE* file = std::fopen(options_.tls_certificate.c_str(), "r");
        const Certificate certificate(PEM_read_X509(file, nullptr, nullptr, nullptr));
        std::fclose(file);
        return encoded(certificate);
    }

    Result<void> renewed() {
        return server_->renew_certificate(options_.tls_certificate, options_.tls_key);
    }

    void expect_refused(const std::string& why) {
        const Result<void> done = renewed();
        CPPUNIT_ASSERT(!done);
        CPPUNIT_ASSERT_MESSAGE(done.error().text, done.error().text.find(why) != std::string::npos);
    }

    /// Behind an answer the connection may stay for longer than the tests wait.
    RecordWriter writer_after_an_answer(TlsClient& client) {
        CPPUNIT_ASSERT(client.connected());
        CPPUNIT_ASSERT_EQUAL(std::string("ECDHE-ECDSA-AES128-GCM-SHA256"),
                             std::string(SSL_get_cipher(client.session())));
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
        CPPUNIT_ASSERT_EQUAL(std::string("x"), take_body(client, 1));
        return RecordWriter(client.session(), 2);
    }

    uint16_t start() {
        std::vector<Route> routes;
        routes.push_back(
            {"GET", "/count", Access::Open, "", 0, false, [this](Request, Responder r) {
                 ++counted_;
                 r.answer({.status = 204});
             }});
        routes.push_back(
            {"POST", "/echo", Access::Open, "", 2'000'000, false, [](Request request, Responder r) {
                 r.answer({.content_type = "text/plain", .body = request.body});
             }});
        routes.push_back({"GET", "/stream", Access::Open, "", 0, false, [](Request, Responder r) {
                              r.stream({.content_type = "text/event-stream"}, [](auto stream) {
                                  stream->send(std::make_shared<const std::string>("event"));
                                  stream->close(Stream::Ending::AfterBacklog);
                              });
                          }});
        server_ = std::make_unique<Server>(options_, routes, Furniture{});
        server_->start();
        return server_->port();
    }

    std::string take_head(TlsClient& client) {
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            const std::string byte = client.take(1);
            CPPUNIT_ASSERT_MESSAGE(head, !byte.empty());
            head += byte;
        }
        return head;
    }

    std::string take_body(TlsClient& client, size_t size) {
        const std::string head = take_head(client);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(head, size_t{0}, head.find("HTTP/1.1 200"));
        return client.take(size);
    }

    std::filesystem::path folder_;
    std::atomic<int> counted_{0};
    ServerOptions options_;
    std::unique_ptr<Server> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsTest);

}  // namespace tandem::serve
