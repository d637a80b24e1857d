// tandem/plugin/testing/websocket.hpp: a provider's side of one WebSocket, by script.
//
//     testing::FakeWebsocket& line = fake.websocket();
//     line.on_send([&line](const std::string& sent) { line.message("echo " + sent); });
//     line.close(1000, "goodbye");
//     … the plugin opens a connection and talks …
//     assert(line.sent().at(0) == "hello");
//     assert(line.closed_with() == 1000);
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/abi/websocket.h"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin::testing {

/// One connection that a plugin may open: what the server says in order, and all that the
/// plugin did with it. Used by one thread at a time; belongs to its FakeHost.
class FakeWebsocket {
public:
    /// The handshake fails: UNAUTHORIZED, FORBIDDEN, UNAVAILABLE.
    void refuse(tandem_status code, std::string text) { refused_ = {code, std::move(text), 0}; }
    /// The server says this next.
    void message(std::string text) { script_.push_back({TANDEM_OK, std::move(text), 0}); }
    /// One wait for a message comes back without one.
    void nothing() { script_.push_back({TANDEM_TIMEOUT, {}, 0}); }
    /// The server closes the connection next.
    void close(std::uint32_t code, std::string reason) {
        script_.push_back({TANDEM_CANCELLED, std::move(reason), code});
    }
    /// The connection breaks next; with CORRUPT the message is one that nobody may read.
    void fail(tandem_status code, std::string text) {
        script_.push_back({code, std::move(text), 0});
    }
    /// Called with each message that the plugin sends; may go on with the script.
    void on_send(std::function<void(const std::string& sent)> react) { react_ = std::move(react); }
    /// From now on `send` fails so.
    void break_sends(std::string text) { send_broken_ = std::move(text); }

    bool opened() const { return opened_; }
    const std::string& url() const { return url_; }
    const std::vector<Header>& headers() const { return headers_; }
    std::uint32_t deadline_ms() const { return deadline_ms_; }
    const std::vector<std::string>& sent() const { return sent_; }
    /// The code that the plugin closed it with; nothing: it is open still.
    const std::optional<std::uint32_t>& closed_with() const { return closed_with_; }

private:
    friend class FakeHost;

    /// What one wait comes to.
    struct Step {
        tandem_status status = TANDEM_OK;
        std::string text;
        std::uint32_t code = 0;
    };

    tandem_status open(const tandem_websocket_request* request, tandem_error* error) {
        opened_ = true;
        url_ = text(request->url);
        deadline_ms_ = request->deadline_ms;
        for (const Field& field : fields(request->headers, request->header_count)) {
            headers_.push_back({std::string(field.name), std::string(field.value)});
        }
        if (!refused_) return TANDEM_OK;
        fill_error(error, refused_->status, refused_->text, 0);
        return refused_->status;
    }

    tandem_status send(tandem_view raw, tandem_error* error) {
        if (send_broken_) {
            fill_error(error, TANDEM_UNAVAILABLE, *send_broken_, 0);
            return TANDEM_UNAVAILABLE;
        }
        sent_.emplace_back(text(raw));
        if (react_) react_(sent_.back());
        return TANDEM_OK;
    }

    tandem_status receive(tandem_websocket_sink* sink, tandem_error* error) {
        if (script_.empty()) return TANDEM_TIMEOUT;
        const Step step = std::move(script_.front());
        script_.pop_front();
        if (step.status == TANDEM_OK) {
            sink->message(sink->context, view(step.text));
            return TANDEM_OK;
        }
        sink->close_code = step.code;
        fill_error(error, step.status, step.text, 0);
        return step.status;
    }

    std::optional<Step> refused_;
    std::deque<Step> script_;
    std::function<void(const std::string&)> react_;
    std::optional<std::string> send_broken_;
    bool opened_ = false;
    std::string url_;
    std::vector<Header> headers_;
    std::uint32_t deadline_ms_ = 0;
    std::vector<std::string> sent_;
    std::optional<std::uint32_t> closed_with_;
};

}  // namespace tandem::plugin::testing
