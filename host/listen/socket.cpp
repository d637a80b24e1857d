#include "listen/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "listen/address.h"

namespace tandem::listen {

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

Descriptor::~Descriptor() {
    close();
}

void Descriptor::close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
}

Socket::Socket(Descriptor descriptor, std::unique_ptr<TlsSession> tls)
    : descriptor_(std::move(descriptor)), tls_(std::move(tls)) {}

Transfer Socket::read(char* into, size_t size) {
    if (tls_) return tls_->read(into, size);
    for (;;) {
        const ssize_t count = recv(descriptor_.number(), into, size, 0);
        if (count > 0) return {Transfer::State::Moved, static_cast<size_t>(count)};
        if (count == 0) return {Transfer::State::Ended};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Transfer::State::Later};
        if (errno != EINTR) return {Transfer::State::Broken};
    }
}

Transfer Socket::write(const iovec* parts, int count) {
    if (tls_) return tls_->write(parts, count);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<size_t>(count);
    for (;;) {
        const ssize_t sent =
            count == 1 ? send(descriptor_.number(), parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
                       : sendmsg(descriptor_.number(), &message, MSG_NOSIGNAL);
        if (sent >= 0) return {Transfer::State::Moved, static_cast<size_t>(sent)};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Transfer::State::Later};
        if (errno != EINTR) return {Transfer::State::Broken};
    }
}

void Socket::shut_writing() {
    if (tls_) tls_->shut();
    shutdown(descriptor_.number(), SHUT_WR);
}

namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
    throw std::runtime_error("cannot listen on " + where + ": " + why);
}

std::pair<std::string, std::string> host_and_port(const std::string& where) {
    const size_t colon = where.rfind(':');
    if (colon == std::string::npos) refuse(where, "expected HOST:PORT");
    std::string host = where.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string::npos)
        refuse(where, "an IPv6 address stands in brackets, [::]:8080");
    return {host, where.substr(colon + 1)};
}

void set_option(const Descriptor& socket, int level, int name, int value) {
    setsockopt(socket.number(), level, name, &value, sizeof value);
}

sockaddr_storage name_of(const Descriptor& listener) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    getsockname(listener.number(), reinterpret_cast<sockaddr*>(&name), &size);
    return name;
}

}  // namespace

Descriptor open_port(const std::string& where, bool shared_port, unsigned stall_ms) {
    const auto [host, port] = host_and_port(where);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int failure =
        getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
    if (failure != 0) refuse(where, gai_strerror(failure));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);

    Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) refuse(where, std::strerror(errno));
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared_port) set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
    // Accepted sockets inherit both, which saves two calls a connection: no waiting for
    // full segments, and a peer that acknowledges nothing for so long is gone.
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(stall_ms));
    if (bind(socket.number(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.number(), SOMAXCONN) != 0)
        refuse(where, std::strerror(errno));
    return socket;
}

Descriptor open_local(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path) refuse(path, "the path is too long for a socket");
    std::copy(path.begin(), path.end(), name.sun_path);
    const auto* address = reinterpret_cast<const sockaddr*>(&name);

    const Descriptor other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!other) refuse(path, std::strerror(errno));
    if (connect(other.number(), address, sizeof name) == 0) refuse(path, "it is in use");
    // Nobody answers: it is what a killed process left. Anything but a socket stays.
    struct stat found {};
    if (lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) unlink(path.c_str());

    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // Before it has a name, so that nobody finds it open.
    if (!socket || fchmod(socket.number(), 0600) != 0 ||
        bind(socket.number(), address, sizeof name) != 0 || chmod(path.c_str(), 0600) != 0 ||
        ::listen(socket.number(), SOMAXCONN) != 0)
        refuse(path, std::strerror(errno));
    return socket;
}

std::optional<unsigned> peer_user(const Descriptor& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
    return peer.uid;
}

std::string bound_address(const Descriptor& listener) {
    const sockaddr_storage name = name_of(listener);
    const std::string host = Address::of(reinterpret_cast<const sockaddr&>(name)).text();
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(bound_port(listener));
}

uint16_t bound_port(const Descriptor& listener) {
    const sockaddr_storage name = name_of(listener);
    return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port
                                            : reinterpret_cast<const sockaddr_in&>(name).sin_port);
}

}  // namespace tandem::listen
