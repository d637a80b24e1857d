// tandem/plugin/testing/recordings.hpp: recorded webhooks, replayed.
//
// A folder `conformance` holds pairs of files. NAME.request is a raw HTTP request: the request
// line, the headers, an empty line, the body to the end of the file (lines may end with LF or
// CRLF; the body is taken as it is). NAME.expected is what the plugin makes of it, as `replay`
// writes it. The request's target is the route's path, perhaps with a query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tandem/plugin/testing/sinks.hpp"

namespace tandem::plugin::testing {

/// The bytes of a file. Throws if it cannot be read.
inline std::string read_file(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A recorded request. It owns the bytes that `request` shows, so it stays where it is.
class Recording {
public:
    /// `public_base` is what the provider was told to call, up to and with the last slash.
    /// Throws where the bytes are no request.
    explicit Recording(std::string bytes,
                       std::string_view public_base = "https://tandem.example/api/webhooks/acme/")
        : bytes_(std::move(bytes)) {
        std::string_view rest = bytes_;
        const std::string_view first = take_line(rest);
        const std::size_t method_end = first.find(' ');
        const std::size_t target_end = first.rfind(' ');
        if (method_end == std::string_view::npos || target_end <= method_end) {
            throw std::runtime_error("a recording begins with METHOD TARGET HTTP/1.1");
        }
        request_.method = first.substr(0, method_end);
        request_.target = first.substr(method_end + 1, target_end - method_end - 1);
        request_.path = request_.target.substr(0, request_.target.find('?'));
        public_url_ = std::string(public_base) + std::string(request_.target);
        request_.public_url = public_url_;
        request_.received_at = 1'700'000'000'000;
        while (!rest.empty()) {
            const std::string_view line = take_line(rest);
            if (line.empty()) break;
            const std::size_t colon = line.find(':');
            if (colon == std::string_view::npos) throw std::runtime_error("a header has no colon");
            std::string_view value = line.substr(colon + 1);
            while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
            request_.headers.push_back({line.substr(0, colon), value});
        }
        request_.body = rest;
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    const WebhookRequest& request() const { return request_; }

private:
    static std::string_view take_line(std::string_view& rest) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        return line;
    }

    std::string bytes_;
    std::string public_url_;
    WebhookRequest request_;
};

/// Writes records as lines; members that are empty or zero are left out.
class Transcript {
public:
    std::string text() const { return out_.str(); }
    void line(std::string_view words) { out_ << words << '\n'; }

    void event(const MessageReceived& event) {
        begin("message received", event);
        member("provider_id", event.provider_id);
        member("text", event.text);
        for (const Media& media : event.media)
            member("media", media.url + " " + media.content_type);
        member("sender_name", event.sender_name);
        member("opt", static_cast<long long>(event.opt));
    }
    void event(const MessageStatus& event) {
        begin("message status", event);
        member("provider_id", event.provider_id);
        member("message_id", event.message_id);
        member("delivery", static_cast<long long>(event.delivery));
        if (event.opt != Opt::None) member("opt", static_cast<long long>(event.opt));
        member("provider_word", event.provider_word);
        member("error_code", event.error_code);
        member("error_text", event.error_text);
    }
    void event(const CallStarted& event) {
        begin("call started", event);
        member("call_id", event.call_id);
        member("conversation_id", event.conversation_id);
        member("direction", static_cast<long long>(event.direction));
        member("asks_context", event.asks_context ? 1 : 0);
        member("our_call_id", event.our_call_id);
    }
    void event(const CallEnded& event) {
        begin("call ended", event);
        member("call_id", event.call_id);
        member("conversation_id", event.conversation_id);
        member("direction", static_cast<long long>(event.direction));
        member("outcome", static_cast<long long>(event.outcome));
        member("duration_s", event.duration_s);
        member("failure_reason", event.failure_reason);
        member("summary", event.summary);
        member("analysis_json", event.analysis_json);
        for (const CallTurn& turn : event.turns) {
            out_ << "  turn: " << static_cast<std::uint32_t>(turn.speaker) << ' ' << turn.seconds
                 << ' ' << turn.text << '\n';
        }
        member("our_call_id", event.our_call_id);
    }
    void event(const CallStatus& event) {
        begin("call status", event);
        member("call_id", event.call_id);
        member("line", static_cast<long long>(event.line));
        member("duration_s", event.duration_s);
        member("provider_word", event.provider_word);
        member("error_code", event.error_code);
    }
    void answer(const Answer& answer) {
        out_ << "answer: " << answer.status << ' ' << answer.content_type << '\n';
        member("body", answer.body);
    }

private:
    void begin(const char* kind, const Event& event) {
        out_ << kind << '\n';
        member("dedupe_key", event.dedupe_key);
        member("business_address", event.business_address);
        member("customer_address", event.customer_address);
        member("happened_at", event.happened_at);
    }
    void member(const char* name, const std::string& value) {
        if (!value.empty()) out_ << "  " << name << ": " << value << '\n';
    }
    void member(const char* name, long long value) {
        if (value != 0) out_ << "  " << name << ": " << value << '\n';
    }

    std::ostringstream out_;
};

/// The path of the plugin's route that a recorded path leads to: a route's last segment may be
/// a parameter, `{secret}`. The path itself where no route matches.
inline std::string_view matching_path(const std::vector<Route>& routes, std::string_view path) {
    for (const Route& route : routes) {
        const std::size_t parameter = route.path.find('{');
        if (parameter == std::string::npos) continue;
        const bool begins = path.substr(0, parameter) == route.path.substr(0, parameter);
        if (begins && path.size() > parameter && path.find('/', parameter) == path.npos) {
            return route.path;
        }
    }
    return path;
}

/// What a plugin makes of a request, as text: whether it is genuine, and if so the events and
/// the answer.
inline std::string replay(Webhook& plugin, const WebhookRequest& recorded) {
    const std::vector<Route> routes = plugin.routes();
    WebhookRequest request = recorded;
    request.path = matching_path(routes, recorded.path);
    Transcript transcript;
    try {
        plugin.verify(request);
    } catch (const Failure& failure) {
        transcript.line("not genuine: " + std::string(failure.what()));
        return transcript.text();
    }
    transcript.line("genuine");
    RecordedWebhook said;
    try {
        plugin.normalise(request, said.sink());
    } catch (const Failure& failure) {
        transcript.line("refused: " + std::string(failure.what()));
        return transcript.text();
    }
    for (const AnyEvent& event : said.events()) {
        std::visit([&transcript](const auto& known) { transcript.event(known); }, event);
    }
    if (said.answer()) transcript.answer(*said.answer());
    return transcript.text();
}

}  // namespace tandem::plugin::testing
