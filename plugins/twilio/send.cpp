#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

using Json = nlohmann::json;

// Twilio refuses longer texts (21617). Whether it counts code points or UTF-16 units is not
// documented; the latter are never fewer.
constexpr std::uint32_t twilio_max_text_units = 1600;
constexpr int max_depth = 64;
constexpr std::uint32_t longest_retry_after_s = 3600;
constexpr std::size_t max_error_bytes = 300;

std::string basic(const std::string& user, const std::string& password) {
    const std::string pair = user + ":" + password;
    std::string text(4 * ((pair.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(pair.data()),
                                       static_cast<int>(pair.size()));
    text.resize(static_cast<std::size_t>(length));
    return "Basic " + text;
}

/// The answer as an object; null for anything else, also for one nested without end.
Json object_of(const std::string& body) {
    bool deep = false;
    const auto guard = [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > max_depth;
        return !deep;
    };
    Json json = Json::parse(body, guard, false);
    return !deep && json.is_object() ? json : Json();
}

std::string text_of(const Json& object, const char* name) {
    if (!object.is_object() || !object.contains(name)) return {};
    const Json& value = object[name];
    if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
    if (!value.is_string()) return {};
    std::string text = value.get<std::string>();
    text.resize(whole_characters(text, max_error_bytes));
    return text;
}

std::uint32_t retry_after_ms(const HttpResult& result) {
    const std::string_view text = result.header("Retry-After").value_or("");
    std::uint32_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem != std::errc() || end != text.data() + text.size()) return 0;
    return std::min(seconds, longest_retry_after_s) * 1000;
}

bool is_message_sid(const std::string& sid) {
    return sid.size() == 34 && (sid.rfind("SM", 0) == 0 || sid.rfind("MM", 0) == 0);
}

/// Codes with which Twilio did nothing and may do it later: too many requests, and too many
/// messages waiting at this sender.
bool is_back_off(int status, const std::string& code) {
    return status == 429 || code == "20429" || code == "21611";
}

}  // namespace

std::uint32_t Twilio::max_text_units() {
    return twilio_max_text_units;
}

Receipt Twilio::send(const OutboundMessage& message) {
    HttpRequest request;
    request.method = "POST";
    request.url = api_base_url_ + "/2010-04-01/Accounts/" + account_sid_ + "/Messages.json";
    request.headers = {{"Authorization", basic(account_sid_, auth_tokens_.front())},
                       {"Content-Type", "application/x-www-form-urlencoded"},
                       {"Accept", "application/json"}};
    request.body = form_of(message);
    if (message.deadline_ms > 0) request.deadline_ms = message.deadline_ms;
    return receipt_of(host_.http().send(request));
}

std::string Twilio::form_of(const OutboundMessage& message) const {
    std::string form;
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!form.empty()) form.push_back('&');
        form += std::string(name) + "=" + form_encoded(value);
    };
    // A messenger's address is answered from the same messenger.
    std::string from = message.from.empty() ? from_ : std::string(message.from);
    const std::size_t scheme = message.to.find(':');
    if (scheme != std::string_view::npos && from.find(':') == std::string::npos)
        from = std::string(message.to.substr(0, scheme + 1)) + from;
    add("To", message.to);
    if (!from.empty()) add("From", from);
    if (!messaging_service_sid_.empty()) add("MessagingServiceSid", messaging_service_sid_);
    add("Body", message.text);
    if (!message.status_url.empty()) {
        std::string url(message.status_url);
        // Given as the place of all our webhooks, it ends with a slash.
        if (url.back() == '/') url += "sms/status";
        url += url.find('?') == std::string::npos ? '?' : '&';
        add("StatusCallback", url + "message_id=" + form_encoded(message.message_id));
    }
    return form;
}

Receipt receipt_of(const HttpResult& result) {
    if (!result.answered)
        return result.maybe_sent ? Receipt::unknown(result.error)
                                 : Receipt::not_sent(result.error, result.retry_after_ms);
    const Json answer = object_of(result.body);
    std::string words = "Twilio answered " + std::to_string(result.status);
    if (result.status >= 200 && result.status < 300) {
        const std::string sid = text_of(answer, "sid");
        if (!is_message_sid(sid)) return Receipt::unknown(words + " without a message's sid");
        const Delivery known = delivery_of(text_of(answer, "status"));
        return Receipt::accepted(sid, known == Delivery::Other ? Delivery::Queued : known);
    }
    // After a 5xx nobody knows what Twilio did before it failed. A redirect is never followed,
    // and whoever sent it is not the API.
    if (result.status >= 500 || result.status < 400) return Receipt::unknown(words);

    std::string code = text_of(answer, "code");
    if (is_back_off(result.status, code)) return Receipt::not_sent(words, retry_after_ms(result));
    if (result.status == 408) return Receipt::unknown(words);
    const std::string reason = text_of(answer, "message");
    if (!reason.empty()) words += ": " + reason;
    if (code.empty()) code = "http_" + std::to_string(result.status);
    Receipt receipt = Receipt::refused(code, words);
    receipt.opted_out = code == "21610";
    return receipt;
}

}  // namespace tandem::twilio
