#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "signature.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::string_view incoming = "sms/incoming";
constexpr std::string_view status = "sms/status";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view empty_twiml = R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)";

// A wide callback has about 40 fields; Twilio adds some without notice.
constexpr std::size_t max_fields = 256;
// A text has 1600 characters at most; field experience knows base64-encoded long ones.
constexpr std::size_t max_text_bytes = 64 * 1024;
constexpr std::size_t max_sid_bytes = 64;
constexpr std::size_t max_word_bytes = 64;
constexpr std::size_t max_address_bytes = 64;
constexpr std::size_t max_error_bytes = 512;
// Twilio's own limit of media in one message.
constexpr unsigned max_media = 10;

[[noreturn]] void refuse(const std::string& why) {
    throw Failure(TANDEM_INVALID, why);
}

std::string required(const Form& form, const char* name) {
    auto value = form.only(name);
    if (!value || value->empty()) refuse(std::string(name) + " is missing");
    return std::move(*value);
}

std::string optional(const Form& form, const char* name, std::size_t limit) {
    std::string value = repaired(form.only(name).value_or(""));
    value.resize(whole_characters(value, limit));
    return value;
}

/// `SM…` or `MM…`: the id that makes a repeated delivery the same message.
std::string message_sid(const Form& form) {
    std::string sid = required(form, "MessageSid");
    const bool prefixed = sid.rfind("SM", 0) == 0 || sid.rfind("MM", 0) == 0;
    const bool plain = std::all_of(sid.begin(), sid.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '_' || letter == '-';
    });
    if (!prefixed || !plain || sid.size() > max_sid_bytes) refuse("MessageSid is no message's id");
    return sid;
}

std::string address(const Form& form, const char* name) {
    std::string value = required(form, name);
    const bool hidden = std::any_of(value.begin(), value.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    if (hidden || value.size() > max_address_bytes || repaired(value) != value)
        refuse(std::string(name) + " is no address");
    return value;
}

/// A reference that a front end may follow: https, and a name of the public net. What points
/// at addresses, files or our own network is a trap for whoever opens it.
bool is_public(std::string_view url) {
    static constexpr std::string_view scheme = "https://";
    if (url.substr(0, scheme.size()) != scheme || url.size() > 2048) return false;
    url.remove_prefix(scheme.size());
    std::string_view host = url.substr(0, url.find_first_of("/?#"));
    if (host.find('@') != std::string_view::npos) return false;
    host = host.substr(0, host.find(':'));
    const std::size_t dot = host.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == host.size()) return false;
    const std::string_view top = host.substr(dot + 1);
    const bool letters = std::all_of(top.begin(), top.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    });
    for (const std::string_view inside : {"local", "internal", "localhost", "lan", "home"})
        if (same_name(top, inside)) return false;
    return letters;
}

unsigned media_count(const Form& form) {
    const std::string text = form.only("NumMedia").value_or("0");
    unsigned count = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
    // A count that is none is the sender's mistake; the text is still worth having.
    if (problem != std::errc() || end != text.data() + text.size()) return 0;
    return count > max_media ? 0 : count;
}

Opt opt_of(const Form& form) {
    const std::string word = form.only("OptOutType").value_or("");
    if (word == "STOP") return Opt::Stop;
    if (word == "START") return Opt::Start;
    if (word == "HELP") return Opt::Help;
    return Opt::None;
}

/// Our own message's id, which `send` put into the callback's query.
std::string own_id(std::string_view target) {
    const std::size_t question = target.find('?');
    if (question == std::string_view::npos) return {};
    const auto id = parse_form(target.substr(question + 1), max_fields).only("message_id");
    if (!id || id->size() > max_sid_bytes || repaired(*id) != *id) return {};
    return *id;
}

}  // namespace

Delivery delivery_of(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, Delivery>, 11> words{{
        {"accepted", Delivery::Queued},
        {"scheduled", Delivery::Queued},
        {"queued", Delivery::Queued},
        {"sending", Delivery::Sending},
        {"sent", Delivery::Sent},
        {"delivered", Delivery::Delivered},
        {"partially_delivered", Delivery::Delivered},
        {"undelivered", Delivery::Undelivered},
        {"failed", Delivery::Failed},
        {"canceled", Delivery::Failed},
        {"read", Delivery::Read},
    }};
    for (const auto& [name, delivery] : words)
        if (word == name) return delivery;
    return Delivery::Other;
}

std::vector<Route> Twilio::routes() {
    return {{"POST", std::string(incoming)}, {"POST", std::string(status)}};
}

void Twilio::verify(const WebhookRequest& request) {
    SignedRequest judged;
    judged.url = request.public_url;
    judged.content_type = request.header("Content-Type").value_or("");
    judged.body = request.body;
    unsigned signatures = 0;
    for (const Field& header : request.headers) {
        if (!same_name(header.name, "X-Twilio-Signature")) continue;
        if (signatures++ > 0) throw Failure(TANDEM_UNAUTHORIZED, "X-Twilio-Signature comes twice");
        judged.signature = header.value;
    }
    const std::string reason = reason_against(judged, auth_tokens_);
    if (!reason.empty()) throw Failure(TANDEM_UNAUTHORIZED, reason);

    // A subaccount may share the token, but not our customers.
    const Form form = parse_form(request.body, max_fields);
    for (const auto& field : form.fields)
        if (field.first == "AccountSid" && field.second != account_sid_)
            throw Failure(TANDEM_UNAUTHORIZED, "signed, but of another account");
}

void Twilio::normalise(const WebhookRequest& request, WebhookSink& sink) {
    if (!is_media_type(request.header("Content-Type").value_or(""), form_type))
        throw Failure(TANDEM_UNSUPPORTED, "the body is not application/x-www-form-urlencoded");
    const Form form = parse_form(request.body, max_fields);
    if (form.cut) throw Failure(TANDEM_LIMITED, "the body has more than 256 fields");
    if (form.malformed) refuse("the body has a percent sign without two hex digits");
    if (required(form, "AccountSid") != account_sid_) refuse("AccountSid is of another account");

    if (request.path == status) {
        sink.event(status_of(form, request.target));
        return;
    }
    sink.event(message_of(form));
    sink.answer({200, "text/xml", std::string(empty_twiml)});
}

MessageReceived Twilio::message_of(const Form& form) const {
    MessageReceived message;
    message.provider_id = message_sid(form);
    message.dedupe_key = "message:" + message.provider_id;
    message.business_address = address(form, "To");
    message.customer_address = address(form, "From");
    const std::string text = form.only("Body").value_or("");
    if (text.size() > max_text_bytes) throw Failure(TANDEM_LIMITED, "Body has more than 64 KiB");
    message.text = repaired(text);
    message.sender_name = optional(form, "ProfileName", max_error_bytes);
    message.opt = opt_of(form);
    unsigned refused = 0;
    for (unsigned i = 0; i < media_count(form); ++i) {
        const std::string index = std::to_string(i);
        const std::string url = form.only("MediaUrl" + index).value_or("");
        if (!is_public(url) || repaired(url) != url) {
            ++refused;
            continue;
        }
        const std::string type_name = "MediaContentType" + index;
        message.media.push_back({url, optional(form, type_name.c_str(), max_word_bytes)});
    }
    if (refused > 0)
        host_.log().warn("media of a message left out: missing, or no public https address",
                         {{"count", std::to_string(refused)}});
    return message;
}

MessageStatus Twilio::status_of(const Form& form, std::string_view target) const {
    MessageStatus told;
    told.provider_id = message_sid(form);
    told.provider_word = optional(form, "MessageStatus", max_word_bytes);
    if (told.provider_word.empty()) refuse("MessageStatus is missing");
    told.error_code = optional(form, "ErrorCode", max_word_bytes);
    told.error_text = optional(form, "ErrorMessage", max_error_bytes);
    told.dedupe_key =
        "status:" + told.provider_id + ":" + told.provider_word + ":" + told.error_code;
    // The status is of our message: it went from the business to the customer.
    told.business_address = address(form, "From");
    told.customer_address = address(form, "To");
    told.message_id = own_id(target);
    told.delivery = delivery_of(told.provider_word);
    return told;
}

}  // namespace tandem::twilio
