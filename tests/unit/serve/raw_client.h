#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "listen/socket.h"

/// A client that sends bytes as they are and reads answers as they come.
namespace tandem::serve {

struct Answer {
    int status = 0;
    std::string head;  // status line and headers, without the empty line
    std::string body;

    /// The value of a header (exact name); nothing if there is none.
    std::optional<std::string> header(std::string_view name) const;
};

class RawClient {
public:
    using Time = std::chrono::milliseconds;
    /// Generous: the machines that run tests are slow at times.
    static constexpr Time patience{20'000};

    /// A small `receive_buffer` makes a client that reads slowly felt at once.
    explicit RawClient(uint16_t port, int receive_buffer = 0);
    /// Over a connection that is there.
    explicit RawClient(listen::Descriptor connected) : socket_(std::move(connected)) {}
    /// Comes from another of the loopback's addresses.
    RawClient(uint16_t port, const std::string& source);

    /// False when the peer is gone.
    bool send(std::string_view bytes);
    /// The next answer, of its Content-Length; nothing if the connection ended before.
    std::optional<Answer> answer(bool to_head = false, Time time = patience);
    /// At least `count` bytes of what comes, if they come.
    std::string take(size_t count, Time time = patience);
    /// Everything up to `end`, and `end`.
    std::string take_until(std::string_view end, Time time = patience);
    /// True when the server closes within `time`; what comes before it is thrown away.
    bool closed(Time time = patience);
    void shut_writing();
    /// Closes with a reset.
    void reset();
    void close() { socket_.close(); }
    int number() const { return socket_.number(); }

private:
    void connect_to(uint16_t port);
    bool fill(std::chrono::steady_clock::time_point end);

    listen::Descriptor socket_;
    std::string buffer_;
    bool ended_ = false;
};

}  // namespace tandem::serve
