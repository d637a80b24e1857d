#include "recording.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <variant>

namespace tandem::check {
namespace {

namespace fs = std::filesystem;

// Without its line end, which may be LF or CRLF.
std::string_view take_line(std::string_view& rest) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

// The lines up to the empty one, as fields; `rest` is the body afterwards.
std::vector<std::pair<std::string_view, std::string_view>> take_fields(std::string_view& rest) {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        if (line.empty()) break;
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) throw std::runtime_error("a header has no colon");
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        fields.emplace_back(line.substr(0, colon), value);
    }
    return fields;
}

/// Writes what a plugin gave as lines; members that are empty or zero are left out.
class Transcript {
public:
    std::string text() const { return out_.str(); }
    void line(std::string_view words) { out_ << words << '\n'; }

    void operator()(const host::MessageReceived& event) {
        begin("message received", event);
        member("provider_id", event.provider_id);
        member("text", event.text);
        for (const host::Media& media : event.media) {
            member("media", media.url + " " + media.content_type);
        }
        member("sender_name", event.sender_name);
        member("opt", event.opt);
    }
    void operator()(const host::MessageStatus& event) {
        begin("message status", event);
        member("provider_id", event.provider_id);
        member("message_id", event.message_id);
        member("delivery", event.delivery);
        member("provider_word", event.provider_word);
        member("error_code", event.error_code);
        member("error_text", event.error_text);
    }
    void operator()(const host::CallStarted& event) {
        begin("call started", event);
        member("call_id", event.call_id);
        member("conversation_id", event.conversation_id);
        member("direction", event.direction);
        member("asks_context", event.asks_context ? 1 : 0);
        member("our_call_id", event.our_call_id);
    }
    void operator()(const host::CallEnded& event) {
        begin("call ended", event);
        member("call_id", event.call_id);
        member("conversation_id", event.conversation_id);
        member("direction", event.direction);
        member("outcome", event.outcome);
        member("duration_s", event.duration_s);
        member("failure_reason", event.failure_reason);
        member("summary", event.summary);
        member("analysis_json", event.analysis_json);
        for (const host::CallTurn& turn : event.turns) {
            out_ << "  turn: " << turn.speaker << ' ' << turn.seconds << ' ' << turn.text << '\n';
        }
        member("our_call_id", event.our_call_id);
    }
    void operator()(const host::CallStatus& event) {
        begin("call status", event);
        member("call_id", event.call_id);
        member("line", event.line);
        member("duration_s", event.duration_s);
        member("provider_word", event.provider_word);
        member("error_code", event.error_code);
    }
    void answer(const host::WebhookAnswer& answer) {
        out_ << "answer: " << answer.status << ' ' << answer.content_type << '\n';
        member("body", answer.body);
    }
    void member(const char* name, const std::string& value) {
        if (!value.empty()) out_ << "  " << name << ": " << value << '\n';
    }
    void member(const char* name, long long value) {
        if (value != 0) out_ << "  " << name << ": " << value << '\n';
    }

private:
    void begin(const char* kind, const host::EventHead& event) {
        out_ << kind << '\n';
        member("dedupe_key", event.dedupe_key);
        member("business_address", event.business_address);
        member("customer_address", event.customer_address);
        member("happened_at", event.happened_at);
    }

    std::ostringstream out_;
};

}  // namespace

std::vector<std::string> recorded(const std::string& folder, const std::string& input,
                                  const std::string& expected) {
    std::vector<std::string> names;
    if (folder.empty()) return names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const fs::path& path = entry.path();
        if (path.extension() == input || path.extension() == expected) {
            names.push_back((path.parent_path() / path.stem()).string());
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names) {
        for (const std::string& file : {name + input, name + expected}) {
            if (!fs::exists(file)) throw std::runtime_error(file + " is missing");
        }
    }
    return names;
}

std::string read_file(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Recording::Recording(std::string bytes) : bytes_(std::move(bytes)) {
    std::string_view rest = bytes_;
    const std::string_view first = take_line(rest);
    const size_t method_end = first.find(' ');
    const size_t target_end = first.rfind(' ');
    if (method_end == std::string_view::npos || target_end <= method_end) {
        throw std::runtime_error("a recording begins with METHOD TARGET HTTP/1.1");
    }
    request_.method = first.substr(0, method_end);
    request_.target = first.substr(method_end + 1, target_end - method_end - 1);
    request_.path = request_.target.substr(0, request_.target.find('?'));
    // The place that recordings are signed for.
    public_url_ = "https://tandem.example/api/webhooks/acme/" + std::string(request_.target);
    request_.public_url = public_url_;
    request_.received_at = 1'700'000'000'000;
    request_.headers = take_fields(rest);
    request_.body = rest;
}

host::HttpResult recorded_answer(const std::string& bytes) {
    std::string_view rest = bytes;
    const std::string first(take_line(rest));
    host::HttpResult result;
    if (first.compare(0, 9, "HTTP/1.1 ") != 0 || first.size() < 12) {
        throw std::runtime_error("a recorded answer begins with HTTP/1.1 STATUS");
    }
    result.status = std::stoi(first.substr(9, 3));
    for (const auto& [name, value] : take_fields(rest)) result.headers.emplace_back(name, value);
    result.body = rest;
    return result;
}

std::string replay(const host::Webhook& webhook, const host::WebhookRequest& recorded) {
    std::vector<host::WebhookRoute> routes;
    webhook.routes(routes);
    host::WebhookRequest request = recorded;
    for (const host::WebhookRoute& route : routes) {
        // A route's last segment may be a parameter.
        const size_t parameter = route.path.find('{');
        if (parameter == route.path.npos || recorded.path.size() <= parameter) continue;
        const bool begins = recorded.path.substr(0, parameter) == route.path.substr(0, parameter);
        if (begins && recorded.path.find('/', parameter) == recorded.path.npos) {
            request.path = route.path;
        }
    }
    Transcript transcript;
    if (const host::Outcome outcome = webhook.verify(request); !outcome.ok()) {
        transcript.line("not genuine: " + outcome.text);
        return transcript.text();
    }
    transcript.line("genuine");
    host::Normalised said;
    if (const host::Outcome outcome = webhook.normalise(request, said); !outcome.ok()) {
        transcript.line("refused: " + outcome.text);
        return transcript.text();
    }
    for (const host::Event& event : said.events) std::visit(transcript, event);
    if (said.answer) transcript.answer(*said.answer);
    return transcript.text();
}

std::string transcript(const host::Receipt& receipt) {
    Transcript made;
    switch (receipt.outcome) {
        case TANDEM_SEND_ACCEPTED: made.line("accepted"); break;
        case TANDEM_SEND_REFUSED: made.line("refused"); break;
        case TANDEM_SEND_NOT_SENT: made.line("not sent"); break;
        default: made.line("unknown"); break;
    }
    made.member("provider_id", receipt.provider_id);
    made.member("delivery", receipt.delivery);
    made.member("retry_after_ms", receipt.retry_after_ms);
    made.member("error_code", receipt.error_code);
    made.member("error_text", receipt.error_text);
    made.member("opted_out", receipt.opted_out ? 1 : 0);
    made.member("account_refused", receipt.account_refused ? 1 : 0);
    made.member("line_id", receipt.line_id);
    made.member("segments", receipt.segments);
    return made.text();
}

}  // namespace tandem::check
