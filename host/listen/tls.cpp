#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "listen/socket.h"

// OpenSSL for listeners; nothing else here knows of it.

namespace tandem::listen {

namespace {

// One after the other, with no bytes for us between them; as other servers bound it. Shaking
// hands takes four, and after that a peer needs one in millions of records.
constexpr unsigned most_handshake_messages = 32;

std::string openssl_reason() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? "unknown reason" : text;
}

Transfer outcome(ssl_st* ssl, int result, bool& broken) {
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return {Transfer::State::Later};
        case SSL_ERROR_ZERO_RETURN: return {Transfer::State::Ended};
        default:
            broken = true;
            ERR_clear_error();
            return {Transfer::State::Broken};
    }
}

/// Whether more than its owner and a group that reads, as Debian's ssl-cert does, get at a key:
/// who has it is this server to anybody.
bool is_open(const std::string& key_file) {
    struct stat state {};
    return ::stat(key_file.c_str(), &state) == 0 && (state.st_mode & (S_IRWXO | S_IWGRP)) != 0;
}

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

[[noreturn]] void refuse(const std::string& what) {
    throw std::runtime_error("TLS: " + what + openssl_reason());
}

Context read_context(const std::string& certificate_file, const std::string& key_file) {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (context == nullptr) refuse("");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Partial writes and moving buffers are what a non-blocking loop does; buffers of
    // idle connections are given back (32 KiB each).
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (is_open(key_file))
        throw std::runtime_error("TLS: the key " + key_file +
                                 " is open to others: chmod o-rwx,g-w " + key_file);
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1)
        refuse("cannot use the certificate " + certificate_file + ": ");
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        refuse("cannot use the key " + key_file + ": ");
    if (SSL_CTX_check_private_key(context.get()) != 1)
        refuse("the key " + key_file + " does not belong to the certificate: ");
    return context;
}

}  // namespace

TlsContext::TlsContext(const std::string& certificate_file, const std::string& key_file)
    : context_(read_context(certificate_file, key_file).release()) {
    // OpenSSL writes without MSG_NOSIGNAL: a peer that went away would end the process.
    struct sigaction action {};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL)
        std::signal(SIGPIPE, SIG_IGN);
}

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

void TlsContext::renew(const std::string& certificate_file, const std::string& key_file) {
    Context renewed = read_context(certificate_file, key_file);
    const std::lock_guard lock(mutex_);
    const Context former(std::exchange(context_, renewed.release()));
}

std::unique_ptr<TlsSession> TlsContext::open(int descriptor) const {
    const std::lock_guard lock(mutex_);
    return std::make_unique<TlsSession>(context_, descriptor);
}

TlsSession::TlsSession(ssl_ctx_st* context, int descriptor) : ssl_(SSL_new(context)) {
    if (ssl_ == nullptr || SSL_set_fd(ssl_, descriptor) != 1) {
        SSL_free(ssl_);
        throw std::runtime_error("TLS: " + openssl_reason());
    }
    SSL_set_accept_state(ssl_);
    SSL_set_msg_callback(ssl_, &TlsSession::message_seen);
    SSL_set_msg_callback_arg(ssl_, this);
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
}

Transfer TlsSession::read(char* into, size_t size) {
    if (broken_) return {Transfer::State::Broken};
    ERR_clear_error();
    const int count = SSL_read(ssl_, into, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    broken_ = handshake_messages_ > most_handshake_messages;
    if (broken_) return {Transfer::State::Broken};
    if (count <= 0) return outcome(ssl_, count, broken_);
    handshake_messages_ = 0;
    return {Transfer::State::Moved, static_cast<size_t>(count)};
}

/// OpenSSL reads on until bytes for us come: a peer that only sends new keys, or in TLS 1.2 asks
/// again and again for a handshake that it does not get, would have the loop to itself, for as
/// long as it likes.
void TlsSession::message_seen(int written, int, int kind, const void*, size_t, ssl_st* ssl,
                              void* session) {
    if (written != 0 || kind != SSL3_RT_HANDSHAKE) return;
    if (++static_cast<TlsSession*>(session)->handshake_messages_ > most_handshake_messages)
        SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
}

Transfer TlsSession::write(const iovec* parts, int count) {
    if (broken_) return {Transfer::State::Broken};
    size_t moved = 0;
    for (int i = 0; i < count; ++i) {
        size_t done = 0;
        while (done < parts[i].iov_len) {
            ERR_clear_error();
            const size_t left = std::min<size_t>(parts[i].iov_len - done, INT_MAX);
            const int sent = SSL_write(ssl_, static_cast<const char*>(parts[i].iov_base) + done,
                                       static_cast<int>(left));
            if (sent <= 0) {
                const Transfer result = outcome(ssl_, sent, broken_);
                if (moved > 0) return {Transfer::State::Moved, moved};
                return result;
            }
            done += static_cast<size_t>(sent);
            moved += static_cast<size_t>(sent);
        }
    }
    return {Transfer::State::Moved, moved};
}

void TlsSession::shut() {
    if (broken_ || SSL_in_init(ssl_) != 0) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

}  // namespace tandem::listen
