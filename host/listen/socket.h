#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

struct iovec;
struct ssl_ctx_st;
struct ssl_st;

/// Owners of descriptors, plain or TLS. A connection is 16 bytes of socket and 16 of
/// address, because ten thousand idle streams each keep one.
namespace tandem::listen {

/// Owns a file descriptor. Movable.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int number() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    void close();

private:
    int number_ = -1;
};

/// What one attempt to move bytes came to.
struct Transfer {
    enum class State {
        Moved,  // `bytes` of them
        Later,  // nothing now; an edge will come
        Ended,  // the peer sends no more
        Broken,
    };
    State state;
    size_t bytes = 0;
};

/// One TLS connection over a descriptor that it does not own. The handshake runs by
/// itself within the first reads and writes.
class TlsSession {
public:
    TlsSession(ssl_ctx_st* context, int descriptor);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    Transfer read(char* into, size_t size);
    Transfer write(const iovec* parts, int count);
    /// Says goodbye, if that does not block.
    void shut();

private:
    static void message_seen(int written, int version, int kind, const void* bytes, size_t size,
                             ssl_st* ssl, void* session);

    ssl_st* ssl_;
    unsigned handshake_messages_ = 0;  // of the peer, since bytes of its own came
    bool broken_ = false;
};

/// The certificate and key that a listener shows; TLS 1.2 or newer. Safe from any thread.
class TlsContext {
public:
    /// Throws std::runtime_error naming the file that could not be used.
    TlsContext(const std::string& certificate_file, const std::string& key_file);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Reads the files, or others, for who comes from now on; who is there keeps what it was
    /// shown. Throws as the constructor does, and then everything stays.
    void renew(const std::string& certificate_file, const std::string& key_file);
    std::unique_ptr<TlsSession> open(int descriptor) const;

private:
    mutable std::mutex mutex_;
    ssl_ctx_st* context_;  // guarded by mutex_; sessions hold it too
};

/// A connected, non-blocking socket, plain or TLS. Confined to one thread.
class Socket {
public:
    explicit Socket(Descriptor descriptor, std::unique_ptr<TlsSession> tls = nullptr);

    int number() const { return descriptor_.number(); }
    bool secure() const { return tls_ != nullptr; }
    Transfer read(char* into, size_t size);
    Transfer write(const iovec* parts, int count);
    /// No more bytes from us; what was written still goes out.
    void shut_writing();

private:
    Descriptor descriptor_;
    std::unique_ptr<TlsSession> tls_;
};

/// HOST:PORT or [IPv6]:PORT as listening sockets, non-blocking. With `shared_port`
/// several sockets may take the same port (SO_REUSEPORT). Throws std::runtime_error.
Descriptor open_port(const std::string& where, bool shared_port, unsigned stall_ms);
/// A socket of this machine at a path, for its owner alone (mode 0600). What a process before
/// us left there is taken away. Throws std::runtime_error, also while somebody listens there.
Descriptor open_local(const std::string& path);
/// The user behind a connection of this machine (SO_PEERCRED); nothing if it has none.
std::optional<unsigned> peer_user(const Descriptor& socket);
/// The address a listening socket got, as HOST:PORT.
std::string bound_address(const Descriptor& listener);
uint16_t bound_port(const Descriptor& listener);

}  // namespace tandem::listen
