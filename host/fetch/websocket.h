#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fetch/fetch.h"

/// Conversations with providers: RFC 6455 as client, text messages only.
namespace tandem::fetch {

struct WebSocketRequest {
    std::string url;           // wss or ws
    Fields headers;            // of the handshake, beside the client's own
    uint32_t deadline_ms = 0;  // for connection and handshake; 0: the longest there is
};

struct Received {
    enum class Kind { Message, Nothing, Closed };
    Kind kind = Kind::Nothing;
    std::string text;         // the message; of Closed, the server's reason
    uint16_t close_code = 0;  // of Closed; 1005: the server gave none
};

/// One open connection. One thread at a time; blocks it. The protocol's pings are answered
/// while `receive` or `send` runs. Destroyed without `close`, it says that it goes away.
class WebSocket {
public:
    static constexpr size_t max_message_bytes = 1 << 20;  // as plugins are promised
    static constexpr uint32_t max_send_ms = 10'000;       // a peer that does not read
    static constexpr uint32_t max_close_ms = 500;         // to hear the other side's goodbye
    static constexpr uint16_t going_away = 1001;          // RFC 6455 section 7.4.1

    class Session;

    explicit WebSocket(std::unique_ptr<Session> session);
    ~WebSocket();

    /// Limited: more than a message may have; otherwise a failure ends the connection.
    Result<void> send(std::string_view text);
    /// The next whole message, if it comes in this time; a begun one is kept for the next
    /// call. Corrupt: too large, no UTF-8 or no text. After a failure or Closed nothing
    /// comes any more: Unavailable.
    Result<Received> receive(Milliseconds timeout);
    /// Says goodbye with this code where it can, and waits a little for the answer.
    void close(uint16_t code);

private:
    std::unique_ptr<Session> session_;
};

/// Opens connections to those who may be asked: wss is held to what https is held to, ws to
/// what http is. Each plugin instance has its own. Safe from any thread.
class WebSocketClient {
public:
    static constexpr uint32_t max_open_ms = 10'000;  // a worker waits for it
    static constexpr unsigned max_connections = 16;  // each holds a worker

    /// `authorities`: a PEM file to be trusted instead of the system's; empty: the system's.
    explicit WebSocketClient(std::vector<Origin> allowed, std::string authorities = {});

    /// Blocks. Unauthorized, Forbidden: the server answered 401 or 403, or the URL may not be
    /// asked; Limited: too many are open; Unavailable, Timeout: no connection, or no
    /// WebSocket behind it.
    Result<std::unique_ptr<WebSocket>> open(const WebSocketRequest& request);

private:
    const std::vector<Origin> allowed_;
    const std::string authorities_;
    // Of connections, which may outlive the client.
    const std::shared_ptr<std::atomic<unsigned>> open_;
};

}  // namespace tandem::fetch
