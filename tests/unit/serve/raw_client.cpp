#include "unit/serve/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

namespace tandem::serve {

std::optional<std::string> Answer::header(std::string_view name) const {
    const std::string line = "\r\n" + std::string(name) + ": ";
    const size_t found = head.find(line);
    if (found == std::string::npos) return std::nullopt;
    const size_t start = found + line.size();
    return head.substr(start, head.find("\r\n", start) - start);
}

RawClient::RawClient(uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
        setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connect_to(port);
}

RawClient::RawClient(uint16_t port, const std::string& source)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    inet_pton(AF_INET, source.c_str(), &name.sin_addr);
    if (bind(socket_.number(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
        throw std::runtime_error("cannot bind to " + source);
    connect_to(port);
}

void RawClient::connect_to(uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_.number(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
        throw std::runtime_error("cannot connect");
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

bool RawClient::fill(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::duration_cast<Time>(end - std::chrono::steady_clock::now());
    pollfd wanted{socket_.number(), POLLIN, 0};
    if (ended_ || left.count() <= 0 || poll(&wanted, 1, static_cast<int>(left.count())) <= 0)
        return false;
    char bytes[65536];
    const ssize_t count = recv(socket_.number(), bytes, sizeof bytes, 0);
    if (count <= 0) {
        ended_ = true;
        return false;
    }
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
}

std::optional<Answer> RawClient::answer(bool to_head, Time time) {
    const auto end = std::chrono::steady_clock::now() + time;
    size_t head = 0;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (!fill(end)) return std::nullopt;
    Answer answer;
    answer.head = buffer_.substr(0, head);
    answer.status = std::stoi(answer.head.substr(9, 3));
    size_t length = 0;
    if (const auto told = answer.header("Content-Length"); told && !to_head)
        length = std::stoul(*told);
    while (buffer_.size() < head + 4 + length)
        if (!fill(end)) return std::nullopt;
    answer.body = buffer_.substr(head + 4, length);
    buffer_.erase(0, head + 4 + length);
    return answer;
}

std::string RawClient::take(size_t count, Time time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (buffer_.size() < count && fill(end)) {
    }
    const std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, taken.size());
    return taken;
}

std::string RawClient::take_until(std::string_view text, Time time) {
    const auto end = std::chrono::steady_clock::now() + time;
    size_t found = 0;
    while ((found = buffer_.find(text)) == std::string::npos)
        if (!fill(end)) return {};
    const std::string taken = buffer_.substr(0, found + text.size());
    buffer_.erase(0, taken.size());
    return taken;
}

bool RawClient::closed(Time time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (fill(end)) {
    }
    buffer_.clear();
    return ended_;
}

void RawClient::shut_writing() {
    shutdown(socket_.number(), SHUT_WR);
}

void RawClient::reset() {
    const linger now{1, 0};
    setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.close();
}

}  // namespace tandem::serve
