// tandem/plugin/websocket.hpp: a conversation with a provider, over the host's sockets.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/websocket.h"
#include "tandem/plugin/service.hpp"

namespace tandem::plugin {

/// Where to. `url` is wss:// or ws://, its host named by the options of the plugin.
struct WebsocketRequest {
    std::string url;
    std::vector<Field> headers;  ///< Of the handshake, beside the host's own.
    /// For connection and handshake; the host caps it.
    std::uint32_t deadline_ms = 10'000;
};

/// What a wait for a message came to.
struct Received {
    enum class Kind {
        Message,  ///< `text` is one complete message.
        Nothing,  ///< None came in this time.
        Closed,   ///< The server closed it, with `close_code` and `reason`.
    };
    Kind kind = Kind::Nothing;
    std::string text;
    std::uint32_t close_code = 0;
    std::string reason;
};

/// One open connection; RFC 6455, text messages only. Used by one thread at a time, and gone
/// before the plugin's stop returns.
class Connection {
public:
    Connection(void* self, const tandem_host_websocket* table, tandem_websocket* socket) noexcept
        : self_(self), table_(table), socket_(socket) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    /// Closes as one who goes away (RFC 6455, 7.4.1).
    ~Connection() { close(1001); }

    /// Throws UNAVAILABLE where the connection is broken or was closed here.
    void send(std::string_view text);
    /// Waits this long for one message. Throws UNAVAILABLE where the connection is broken or was
    /// closed here, CORRUPT for a message that is too long or no UTF-8.
    Received receive(std::uint32_t timeout_ms);
    /// Says goodbye where it can and frees the connection. A second time does nothing.
    void close(std::uint32_t code = 1000) noexcept {
        if (socket_ == nullptr) return;
        table_->close(self_, socket_, code);
        socket_ = nullptr;
    }

private:
    /// Collects one message; what goes wrong inside the callback is kept for after it.
    struct Collector {
        std::string text;
        std::exception_ptr failure;
    };
    static void collect(void* context, tandem_view message) noexcept {
        auto& collector = *static_cast<Collector*>(context);
        try {
            collector.text = std::string(text(message));
        } catch (...) {
            collector.failure = std::current_exception();
        }
    }
    void check_open() const {
        if (socket_ == nullptr) throw Failure(TANDEM_UNAVAILABLE, "the connection was closed");
    }
    static Failure failed(tandem_status status, const tandem_error& error) {
        return Failure(status, error.text_size > 0 ? error_text(error) : "the host gave no reason",
                       error.retry_after_ms);
    }

    void* self_;
    const tandem_host_websocket* table_;
    tandem_websocket* socket_;
};

inline void Connection::send(std::string_view text) {
    check_open();
    auto error = sized<tandem_error>();
    const tandem_status status = table_->send(self_, socket_, view(text), &error);
    if (status < 0) throw failed(status, error);
}

inline Received Connection::receive(std::uint32_t timeout_ms) {
    check_open();
    Collector collector;
    auto sink = sized<tandem_websocket_sink>();
    sink.context = &collector;
    sink.message = &Connection::collect;
    auto error = sized<tandem_error>();
    const tandem_status status = table_->receive(self_, socket_, timeout_ms, &sink, &error);
    if (collector.failure) std::rethrow_exception(collector.failure);

    Received received;
    if (status == TANDEM_TIMEOUT) return received;
    if (status == TANDEM_CANCELLED) {
        received.kind = Received::Kind::Closed;
        received.close_code = sink.close_code;
        received.reason = error_text(error);
        return received;
    }
    if (status < 0) throw failed(status, error);
    received.kind = Received::Kind::Message;
    received.text = std::move(collector.text);
    return received;
}

/// Opens connections; legal from start until stop.
class Websocket {
public:
    explicit Websocket(const tandem_host* host) noexcept
        : self_(host->self),
          table_(find_service<tandem_host_websocket>(host, TANDEM_HOST_WEBSOCKET)) {}

    /// Throws UNAUTHORIZED or FORBIDDEN where the server answered 401 or 403, UNAVAILABLE where
    /// it could not be reached or would not speak, UNSUPPORTED where the host offers none.
    std::unique_ptr<Connection> open(const WebsocketRequest& request) const {
        const auto connect =
            service_function(table_, &tandem_host_websocket::open, TANDEM_HOST_WEBSOCKET);
        // The last function of the table that a Connection needs; those before it are there too.
        service_function(table_, &tandem_host_websocket::close, TANDEM_HOST_WEBSOCKET);
        const std::vector<tandem_pair> headers = pairs(request.headers);
        auto raw = sized<tandem_websocket_request>();
        raw.deadline_ms = request.deadline_ms;
        raw.url = view(request.url);
        raw.headers = headers.data();
        raw.header_count = headers.size();
        tandem_websocket* socket = nullptr;
        auto error = sized<tandem_error>();
        const tandem_status status = connect(self_, &raw, &socket, &error);
        if (status < 0 || socket == nullptr) {
            throw Failure(status < 0 ? status : TANDEM_INTERNAL,
                          error.text_size > 0 ? error_text(error) : "the host gave no reason",
                          error.retry_after_ms);
        }
        return std::make_unique<Connection>(self_, table_, socket);
    }

private:
    void* self_;
    const tandem_host_websocket* table_;
};

}  // namespace tandem::plugin
