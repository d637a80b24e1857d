#include "bench/takeover/provider.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace tandem::bench {

namespace {

// How long a connection sleeps before it looks whether we stop.
constexpr timeval patience{0, 200000};

std::string decoded(const std::string& text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            plain += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
            i += 2;
        } else {
            plain += text[i] == '+' ? ' ' : text[i];
        }
    }
    return plain;
}

std::string field(const std::string& form, const std::string& name) {
    const std::string all = '&' + form;
    const size_t at = all.find('&' + name + '=');
    if (at == std::string::npos) return {};
    const size_t begin = at + name.size() + 2;
    return decoded(all.substr(begin, all.find('&', begin) - begin));
}

/// A whole request at the beginning of `bytes`: its length, with the body's place; 0: not yet.
size_t whole_request(const std::string& bytes, size_t& body) {
    const size_t head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    body = head + 4;
    size_t length = 0;
    for (const char* name : {"Content-Length: ", "content-length: "}) {
        const size_t at = bytes.find(name);
        if (at < head) length = std::strtoul(bytes.c_str() + at + 16, nullptr, 10);
    }
    return bytes.size() >= body + length ? body + length : 0;
}

}  // namespace

Provider::Provider(std::chrono::milliseconds delay) : delay_(delay) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, place, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, place, &size) != 0)
        throw std::runtime_error("the provider cannot listen");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { accept(); });
}

Provider::~Provider() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

std::vector<Provider::Instant> Provider::sends(const std::string& number) {
    const std::lock_guard lock(mutex_);
    return sends_[number];
}

void Provider::accept() {
    while (!stopping_) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket >= 0) connections_.emplace_back([this, socket] { serve(socket); });
    }
    for (std::thread& one : connections_) one.join();
}

void Provider::serve(int socket) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string bytes;
    char some[16384];
    while (!stopping_) {
        const ssize_t got = ::recv(socket, some, sizeof some, 0);
        if (got == 0) break;
        if (got < 0) continue;
        bytes.append(some, static_cast<size_t>(got));
        size_t body = 0;
        while (const size_t length = whole_request(bytes, body)) {
            const std::string text = answer(bytes.substr(body, length - body));
            bytes.erase(0, length);
            if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
        }
    }
    ::close(socket);
}

std::string Provider::answer(const std::string& form) {
    const std::string to = field(form, "To");
    {
        const std::lock_guard lock(mutex_);
        sends_[to].push_back(std::chrono::steady_clock::now());
    }
    std::this_thread::sleep_for(delay_);
    // The customers' own texts count from one.
    char sid[40];
    std::snprintf(sid, sizeof sid, "SMf%031x", ++sent_);
    const std::string json = std::string("{\"sid\":\"") + sid +
                             "\",\"status\":\"queued\",\"to\":\"" + to +
                             "\",\"num_segments\":\"1\",\"error_code\":null}";
    return "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(json.size()) + "\r\n\r\n" + json;
}

}  // namespace tandem::bench
