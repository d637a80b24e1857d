#include "trespass/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace tandem::trespass {

namespace {

constexpr int patience_ms = 30000;
// A stream begins with all that it has; heartbeats are further apart.
constexpr int silence_ms = 150;
constexpr size_t most_bytes = 64 * 1024 * 1024;

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
}

listen::Descriptor connected(int port) {
    listen::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        socket.close();
    return socket;
}

bool sent(const listen::Descriptor& socket, const Asked& asked) {
    std::string text = asked.method + ' ' + asked.target + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const auto& [name, value] : asked.headers) text += name + ": " + value + "\r\n";
    if (!asked.body.empty() || asked.method == "POST" || asked.method == "PATCH" ||
        asked.method == "PUT")
        text += "Content-Length: " + std::to_string(asked.body.size()) + "\r\n";
    text += "Connection: close\r\n\r\n" + asked.body;
    for (size_t done = 0; done < text.size();) {
        const ssize_t count =
            send(socket.number(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += static_cast<size_t>(count);
    }
    return true;
}

/// Adds what came within the time; 0 at the end, below it when nothing came.
ssize_t more(const listen::Descriptor& socket, int limit_ms, std::string& into) {
    pollfd waiting{socket.number(), POLLIN, 0};
    if (poll(&waiting, 1, limit_ms) <= 0) return -1;
    char part[16384];
    const ssize_t count = recv(socket.number(), part, sizeof part, 0);
    if (count > 0) into.append(part, static_cast<size_t>(count));
    return count < 0 ? 0 : count;
}

}  // namespace

int free_port() {
    listen::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket.number(), name, size) != 0 || getsockname(socket.number(), name, &size) != 0)
        return 0;
    return ntohs(address.sin_port);
}

Result<Answered> ask(int port, const Asked& asked) {
    const auto socket = connected(port);
    if (!socket || !sent(socket, asked))
        return Error{Code::Unavailable, "the gateway cannot be reached"};
    std::string text;
    size_t end = std::string::npos;
    while (text.size() < most_bytes) {
        end = text.find("\r\n\r\n");
        const bool endless = end != std::string::npos &&
                             text.substr(0, end).find("text/event-stream") != std::string::npos;
        const ssize_t count = more(socket, endless ? silence_ms : patience_ms, text);
        if (count == 0 || (count < 0 && endless)) break;
        if (count < 0)
            return Error{Code::Unavailable, asked.method + " " + asked.target + ": no answer"};
    }
    end = text.find("\r\n\r\n");
    if (end == std::string::npos || text.compare(0, 9, "HTTP/1.1 ") != 0)
        return Error{Code::Unavailable, asked.method + " " + asked.target + ": no HTTP answer"};
    return Answered{std::atoi(text.c_str() + 9), text.substr(0, end), text.substr(end + 4)};
}

Watched::Watched(int port, const Asked& asked) : socket_(connected(port)) {
    if (socket_ && sent(socket_, asked))
        reader_ = std::thread([this] { read(); });
    else
        ended_ = true;
}

Watched::~Watched() {
    over_ = true;
    if (reader_.joinable()) reader_.join();
}

void Watched::read() {
    constexpr int look_up_ms = 50;
    while (!over_) {
        std::string part;
        const ssize_t count = more(socket_, look_up_ms, part);
        if (count == 0) {
            ended_ = true;
            return;
        }
        const std::lock_guard lock(mutex_);
        seen_ += part;
    }
}

std::string Watched::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

bool Watched::await(const std::string& text, int seconds) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (true) {
        const bool ended = ended_;  // before its last bytes are looked at
        if (seen().find(text) != std::string::npos) return true;
        if (ended || std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

}  // namespace tandem::trespass
