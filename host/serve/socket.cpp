#include "serve/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <utility>

namespace tandem::serve {

namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool mapped(const Address& address) {
    return std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
}

}  // namespace

Address Address::of(const sockaddr& address) {
    Address result;
    if (address.sa_family == AF_INET6) {
        std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
                    16);
    } else {
        std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.bytes.begin());
        std::memcpy(result.bytes.data() + 12,
                    &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    }
    return result;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string copy(text);
    Address result;
    if (inet_pton(AF_INET6, copy.c_str(), result.bytes.data()) == 1) return result;
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), result.bytes.begin());
    if (inet_pton(AF_INET, copy.c_str(), result.bytes.data() + 12) == 1) return result;
    return std::nullopt;
}

std::string Address::text() const {
    char buffer[INET6_ADDRSTRLEN] = "";
    if (mapped(*this))
        inet_ntop(AF_INET, bytes.data() + 12, buffer, sizeof buffer);
    else
        inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
    return buffer;
}

size_t AddressHash::operator()(const Address& address) const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

std::optional<Network> Network::parse(std::string_view text) {
    const size_t slash = std::min(text.find('/'), text.size());
    const auto base = Address::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    Network network;
    network.base_ = *base;
    if (slash == text.size()) return network;
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), network.bits_);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    if (mapped(*base) && text.find(':') == std::string_view::npos) {
        if (network.bits_ > 32) return std::nullopt;
        network.bits_ += 96;
    }
    if (network.bits_ > 128) return std::nullopt;
    return network;
}

bool Network::contains(const Address& address) const {
    const unsigned whole = bits_ / 8;
    if (std::memcmp(base_.bytes.data(), address.bytes.data(), whole) != 0) return false;
    if (bits_ % 8 == 0) return true;
    const auto mask = static_cast<unsigned char>(0xff << (8 - bits_ % 8));
    return ((base_.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

bool contains(const Networks& networks, const Address& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const Network& network) { return network.contains(address); });
}

Networks parse_networks(const std::vector<std::string>& texts) {
    Networks networks;
    for (const std::string& text : texts) {
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument(text + " is no address range");
        networks.push_back(*network);
    }
    return networks;
}

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

Descriptor listen_on(const std::string& where, bool shared_port, unsigned stall_ms) {
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
        listen(socket.number(), SOMAXCONN) != 0)
        refuse(where, std::strerror(errno));
    return socket;
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

}  // namespace tandem::serve
