// Boost.Beast stands here for RFC 6455: a well-kept library instead of our own framing.
#include "fetch/websocket.h"

#include <strings.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "fetch/connection.h"
#include "fetch/egress.h"

namespace tandem::fetch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

/// The connection as Beast wants to see it. Waits by the connection's context.
class Wire {
public:
    using executor_type = asio::io_context::executor_type;

    Wire(asio::io_context& context, Connection& connection)
        : connection_(connection), context_(context), descriptor_(context, connection.socket()) {}
    // The socket is curl's to close.
    ~Wire() { descriptor_.release(); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    executor_type get_executor() { return context_.get_executor(); }

    template <typename Buffers, typename Handler>
    auto async_read_some(const Buffers& buffers, Handler&& handler) {
        const asio::mutable_buffer first = first_of<asio::mutable_buffer>(buffers);
        return move(
            [this, first] {
                return connection_.read(static_cast<char*>(first.data()), first.size());
            },
            first.size(), asio::posix::stream_descriptor::wait_read,
            std::forward<Handler>(handler));
    }

    template <typename Buffers, typename Handler>
    auto async_write_some(const Buffers& buffers, Handler&& handler) {
        const asio::const_buffer first = first_of<asio::const_buffer>(buffers);
        return move(
            [this, first] {
                return connection_.write(static_cast<const char*>(first.data()), first.size());
            },
            first.size(), asio::posix::stream_descriptor::wait_write,
            std::forward<Handler>(handler));
    }

private:
    template <typename Buffer, typename Buffers>
    static Buffer first_of(const Buffers& buffers) {
        for (auto each = asio::buffer_sequence_begin(buffers);
             each != asio::buffer_sequence_end(buffers); ++each) {
            const Buffer buffer = *each;
            if (buffer.size() > 0) return buffer;
        }
        return {};
    }

    template <typename Step, typename Handler>
    auto move(Step step, size_t wanted, asio::posix::stream_descriptor::wait_type wait,
              Handler&& handler) {
        bool begun = false;
        return asio::async_compose<Handler, void(error_code, size_t)>(
            [this, step, wanted, wait, begun](auto& self, error_code error = {}) mutable {
                if (!std::exchange(begun, true)) return asio::post(context_, std::move(self));
                if (error || wanted == 0) return self.complete(error, 0);
                const Connection::Progress progress = step();
                switch (progress.state) {
                    case Connection::State::Moved: return self.complete({}, progress.bytes);
                    case Connection::State::Ended: return self.complete(asio::error::eof, 0);
                    case Connection::State::Broken:
                        return self.complete(asio::error::connection_reset, 0);
                    case Connection::State::Blocked: break;
                }
                descriptor_.async_wait(wait, std::move(self));
            },
            handler, context_);
    }

    Connection& connection_;
    asio::io_context& context_;
    asio::posix::stream_descriptor descriptor_;
};

// What Beast asks of its stream; the connection's end is its owner's.
template <typename Handler>
void async_teardown(beast::role_type, Wire& wire, Handler&& handler) {
    asio::post(wire.get_executor(),
               beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}
void beast_close_socket(Wire&) {}

// The handshake's own fields (RFC 6455 section 4.1).
bool is_handshake_field(const std::string& name) {
    for (const char* own : {"sec-websocket-key", "sec-websocket-version",
                            "sec-websocket-extensions", "sec-websocket-accept"}) {
        if (::strcasecmp(name.c_str(), own) == 0) return true;
    }
    return false;
}

Error refusal(const websocket::response_type& answer, error_code error) {
    if (error != websocket::error::upgrade_declined) {
        return {Code::Unavailable, "the server speaks no WebSocket: " + error.message()};
    }
    const unsigned status = answer.result_int();
    const std::string text = "the server answered " + std::to_string(status);
    if (status == 401) return {Code::Unauthorized, text};
    if (status == 403) return {Code::Forbidden, text};
    return {Code::Unavailable, text};
}

}  // namespace

/// A connection, the protocol on it, and its place among those that may be open.
class WebSocket::Session {
public:
    Session(std::unique_ptr<Connection> connection, std::shared_ptr<std::atomic<unsigned>> open)
        : open_(std::move(open)),
          connection_(std::move(connection)),
          stream_(context_, *connection_) {
        stream_.read_message_max(max_message_bytes);
        // Some servers cannot join what clients send in fragments.
        stream_.auto_fragment(false);
    }
    ~Session() { open_->fetch_sub(1); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Result<void> shake_hands(const std::string& host, const std::string& target,
                             const Fields& headers, SteadyTime deadline);
    Result<void> send(std::string_view text);
    Result<Received> receive(Milliseconds timeout);
    void close(uint16_t code);

private:
    /// Lets the protocol work until this is done. False: the time is over.
    template <typename Done>
    bool run(SteadyTime deadline, Done done) {
        while (!done()) {
            if (context_.stopped()) context_.restart();
            if (context_.poll_one() == 0) {
                if (std::chrono::steady_clock::now() >= deadline) return false;
                context_.run_one_until(deadline);
            } else if (std::chrono::steady_clock::now() >= deadline) {
                return done();  // one that never stops sending must not hold us
            }
        }
        return true;
    }

    Result<Received> received(error_code error);
    Error broken(Code code, std::string text) {
        broken_ = true;
        return {code, std::move(text)};
    }

    const std::shared_ptr<std::atomic<unsigned>> open_;
    asio::io_context context_{1};  // of the one thread that is inside
    const std::unique_ptr<Connection> connection_;
    websocket::stream<Wire, false> stream_;
    beast::flat_buffer buffer_;
    bool reading_ = false;            // also between two calls
    std::optional<error_code> read_;  // how the read in hand ended
    bool broken_ = false;
};

Result<void> WebSocket::Session::shake_hands(const std::string& host, const std::string& target,
                                             const Fields& headers, SteadyTime deadline) {
    stream_.set_option(
        websocket::stream_base::decorator([&headers](websocket::request_type& request) {
            request.set(http::field::user_agent, "tandem/" TANDEM_VERSION);
            for (const auto& [name, value] : headers) request.set(name, value);
        }));
    websocket::response_type answer;
    std::optional<error_code> ended;
    stream_.async_handshake(answer, host, target, [&](error_code error) { ended = error; });
    if (!run(deadline, [&] { return ended.has_value(); })) {
        return broken(Code::Timeout, "the server did not finish its handshake in time");
    }
    if (*ended) {
        broken_ = true;
        return refusal(answer, *ended);
    }
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
    return {};
}

Result<void> WebSocket::Session::send(std::string_view text) {
    if (broken_) return Error{Code::Unavailable, "the connection has ended"};
    if (text.size() > max_message_bytes) return Error{Code::Limited, "the message is too large"};
    std::optional<error_code> ended;
    stream_.text(true);
    stream_.async_write(asio::buffer(text.data(), text.size()),
                        [&](error_code error, size_t) { ended = error; });
    const SteadyTime deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(max_send_ms);
    if (!run(deadline, [&] { return ended.has_value(); })) {
        return broken(Code::Unavailable, "the server does not take a message");
    }
    if (*ended) return broken(Code::Unavailable, "the connection broke: " + ended->message());
    return {};
}

Result<Received> WebSocket::Session::receive(Milliseconds timeout) {
    // What came before it broke, as the reason why, is still told.
    if (broken_ && !read_) return Error{Code::Unavailable, "the connection has ended"};
    if (!reading_) {
        reading_ = true;
        buffer_.clear();
        stream_.async_read(buffer_, [this](error_code error, size_t) { read_ = error; });
    }
    const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
    if (!run(deadline, [this] { return read_.has_value(); })) return Received{};
    reading_ = false;
    return received(*std::exchange(read_, std::nullopt));
}

Result<Received> WebSocket::Session::received(error_code error) {
    if (!error && stream_.got_text()) {
        const auto bytes = buffer_.cdata();
        return Received{
            Received::Kind::Message, {static_cast<const char*>(bytes.data()), bytes.size()}, 0};
    }
    if (!error) {
        close(websocket::close_code::unknown_data);
        return broken(Code::Corrupt, "the server sent a message that is no text");
    }
    if (error == websocket::error::closed) {
        broken_ = true;
        const websocket::close_reason& reason = stream_.reason();
        const uint16_t code =
            reason.code ? reason.code : uint16_t{websocket::close_code::no_status};
        return Received{Received::Kind::Closed, {reason.reason.data(), reason.reason.size()}, code};
    }
    if (error == websocket::error::message_too_big) {
        return broken(Code::Corrupt, "the server sent a message that is too large");
    }
    if (error == websocket::error::bad_frame_payload) {
        return broken(Code::Corrupt, "the server sent a message that is no UTF-8");
    }
    return broken(Code::Unavailable, "the connection broke: " + error.message());
}

void WebSocket::Session::close(uint16_t code) {
    if (std::exchange(broken_, true) || !stream_.is_open()) return;
    bool ended = false;
    stream_.async_close(websocket::close_reason(code), [&](error_code) { ended = true; });
    run(std::chrono::steady_clock::now() + std::chrono::milliseconds(max_close_ms),
        [&] { return ended; });
}

WebSocket::WebSocket(std::unique_ptr<Session> session) : session_(std::move(session)) {}

WebSocket::~WebSocket() {
    session_->close(going_away);
}

Result<void> WebSocket::send(std::string_view text) {
    return session_->send(text);
}

Result<Received> WebSocket::receive(Milliseconds timeout) {
    return session_->receive(timeout);
}

void WebSocket::close(uint16_t code) {
    session_->close(code);
}

WebSocketClient::WebSocketClient(std::vector<Origin> allowed, std::string authorities)
    : allowed_(std::move(allowed)),
      authorities_(std::move(authorities)),
      open_(std::make_shared<std::atomic<unsigned>>(0)) {}

Result<std::unique_ptr<WebSocket>> WebSocketClient::open(const WebSocketRequest& request) {
    const auto failed = [](const Error& error) {
        return Error{error.code, "websocket: " + error.text, error.retry_after_ms};
    };
    // wss:// and ws:// become what they are judged as, https:// and http://.
    if (request.url.compare(0, 6, "wss://") != 0 && request.url.compare(0, 5, "ws://") != 0) {
        return failed({Code::Invalid, "the URL is not a wss or ws URL"});
    }
    const std::string url = "http" + request.url.substr(2);
    // Nothing encodes what the target holds; other bytes than ASCII do not belong there.
    if (std::any_of(url.begin(), url.end(), [](char c) { return (c & 0x80) != 0; })) {
        return failed({Code::Invalid, "the URL is not ASCII"});
    }
    if (std::string fault = fields_fault(request.headers); !fault.empty()) {
        return failed({Code::Invalid, std::move(fault)});
    }
    for (const auto& [name, value] : request.headers) {
        if (!is_handshake_field(name)) continue;
        return failed({Code::Invalid, "the header field " + name + " is the host's to set"});
    }
    const Result<Origin> origin = permitted(url, allowed_);
    if (!origin) return failed(origin.error());
    const size_t path = std::min(url.find_first_of("/?#", origin->scheme.size() + 3), url.size());
    std::string target = url.substr(path, url.find('#') - path);
    if (target.empty() || target.front() != '/') target.insert(0, 1, '/');

    if (open_->fetch_add(1) >= max_connections) {
        open_->fetch_sub(1);
        return failed({Code::Limited, "as many connections are open as may be"});
    }
    struct Seat {  // given back unless a session takes it over
        std::atomic<unsigned>* taken;
        ~Seat() {
            if (taken) taken->fetch_sub(1);
        }
    } seat{open_.get()};
    const uint32_t asked = request.deadline_ms ? request.deadline_ms : max_open_ms;
    const uint32_t deadline_ms = std::min(asked, max_open_ms);
    const SteadyTime deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
    auto connection =
        Connection::open({url, origin->written_by_operator, deadline_ms, authorities_});
    if (!connection) return failed(connection.error());
    auto session = std::make_unique<WebSocket::Session>(std::move(*connection), open_);
    seat.taken = nullptr;
    const std::string authority =
        url.substr(origin->scheme.size() + 3, path - origin->scheme.size() - 3);
    if (const auto shaken = session->shake_hands(authority, target, request.headers, deadline);
        !shaken) {
        return failed(shaken.error());
    }
    return std::make_unique<WebSocket>(std::move(session));
}

}  // namespace tandem::fetch
