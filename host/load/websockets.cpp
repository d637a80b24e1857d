#include "load/websockets.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "load/code.h"

namespace tandem::load {
namespace {

// A worker waits as long; no provider keeps silent for longer within one turn.
constexpr uint32_t max_wait_ms = 60'000;

host::Outcome outcome_of(const Error& error) {
    return {status_of(error.code), error.text, error.retry_after_ms};
}

// RFC 6455 section 7.4: the others say something of a connection that was never closed.
bool is_sendable(uint32_t code) {
    const bool defined = code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
    return defined || (code >= 3000 && code < 5000);
}

const host::Outcome ended{TANDEM_CANCELLED, "websocket: this instance has ended", 0};
const host::Outcome closed{TANDEM_UNAVAILABLE, "websocket: the connection has ended", 0};

}  // namespace

/// One connection in the hands of a plugin.
class WebSockets::Lent : public host::WebsocketConnection {
public:
    Lent(WebSockets& owner, std::unique_ptr<fetch::WebSocket> socket)
        : owner_(owner), socket_(std::move(socket)) {
        const std::lock_guard lock(owner_.mutex_);
        owner_.lent_.insert(this);
    }
    ~Lent() override {
        const std::lock_guard lock(owner_.mutex_);
        owner_.lent_.erase(this);
    }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    host::Outcome send(std::string_view text) override {
        const std::lock_guard use(use_);
        if (owner_.refused_()) return ended;
        if (!socket_) return closed;
        const Result<void> sent = socket_->send(text);
        return sent ? host::Outcome{} : outcome_of(sent.error());
    }

    host::WebsocketReceived receive(uint32_t timeout_ms) override {
        const std::lock_guard use(use_);
        if (owner_.refused_()) return {ended, {}, 0};
        if (!socket_) return {closed, {}, 0};
        Result<fetch::Received> next =
            socket_->receive(Milliseconds{std::min(timeout_ms, max_wait_ms)});
        if (!next) return {outcome_of(next.error()), {}, 0};
        switch (next->kind) {
            case fetch::Received::Kind::Message: return {{}, std::move(next->text), 0};
            case fetch::Received::Kind::Nothing: break;
            case fetch::Received::Kind::Closed:
                return {{TANDEM_CANCELLED, std::move(next->text), 0}, {}, next->close_code};
        }
        return {{TANDEM_TIMEOUT, "websocket: no message in this time", 0}, {}, 0};
    }

    // Also after the end: a plugin's destructors may still hold connections.
    void close(uint32_t code) override {
        const std::lock_guard use(use_);
        if (!socket_) return;
        socket_->close(is_sendable(code) ? static_cast<uint16_t>(code) : uint16_t{1000});
        socket_.reset();
    }

    /// A plugin that is inside against the rules keeps its connection until it lets go.
    void close_if_idle() {
        const std::unique_lock use(use_, std::try_to_lock);
        if (use) socket_.reset();
    }

private:
    WebSockets& owner_;
    std::mutex use_;
    std::unique_ptr<fetch::WebSocket> socket_;  // guarded by use_
};

WebSockets::WebSockets(std::vector<fetch::Origin> allowed, std::function<bool()> refused)
    : client_(std::move(allowed)), refused_(std::move(refused)) {}

WebSockets::~WebSockets() = default;

host::Outcome WebSockets::open(host::WebsocketRequest request,
                               std::unique_ptr<host::WebsocketConnection>& to) {
    auto opened =
        client_.open({std::move(request.url), std::move(request.headers), request.deadline_ms});
    if (!opened) return outcome_of(opened.error());
    to = std::make_unique<Lent>(*this, std::move(*opened));
    return {};
}

void WebSockets::close_all() {
    const std::lock_guard lock(mutex_);
    for (Lent* socket : lent_) socket->close_if_idle();
}

}  // namespace tandem::load
