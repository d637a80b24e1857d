#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "elevenlabs.h"
#include "ended.h"
#include "json.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

constexpr std::string_view initiation = "conversation-initiation";
constexpr std::string_view initiation_by_path = "conversation-initiation/{secret}";
constexpr std::string_view post_call = "post-call";

constexpr std::size_t max_address_bytes = 128;
constexpr std::size_t max_type_bytes = 64;

/// What follows the scheme's name, which has no case (RFC 9110, 11.1); empty for another one.
std::string_view bearer(std::string_view value) {
    constexpr std::string_view scheme = "Bearer ";
    if (!same_name(value.substr(0, scheme.size()), scheme)) return {};
    value.remove_prefix(scheme.size());
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
}

/// The last segment of the raw target, one percent-encoding undone; empty for a malformed one.
std::string last_segment(std::string_view target) {
    target = target.substr(0, target.find_first_of("?#"));
    const std::size_t slash = target.rfind('/');
    if (slash != std::string_view::npos) target.remove_prefix(slash + 1);
    const auto digit = [](char letter) {
        if (letter >= '0' && letter <= '9') return letter - '0';
        if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
        if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
        return -1;
    };
    std::string plain;
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (target[i] != '%') {
            plain.push_back(target[i]);
            continue;
        }
        if (i + 2 >= target.size()) return {};
        const int high = digit(target[i + 1]), low = digit(target[i + 2]);
        if (high < 0 || low < 0) return {};
        plain.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return plain;
}

/// A call that rings, from the body of conversation-initiation.
CallStarted started_call(const Json& body, tandem_time received_at) {
    CallStarted call;
    call.direction = Direction::Inbound;
    call.asks_context = true;
    call.call_id = id_at(body, "call_sid");
    // A SIP trunk may name its own id instead.
    if (call.call_id.empty()) call.call_id = id_at(body, "call_id");
    call.conversation_id = id_at(body, "conversation_id");
    call.business_address =
        address_of(text_at(body, "called_number", max_address_bytes), call.call_id);
    call.customer_address = address_of(text_at(body, "caller_id", max_address_bytes), call.call_id);
    // Without any id it is a call all the same: somebody waits on the line.
    std::string id = call.call_id.empty() ? call.conversation_id : call.call_id;
    if (id.empty()) id = call.customer_address + ":" + std::to_string(received_at);
    call.dedupe_key = dedupe_key(initiation, id);
    return call;
}

tandem_time time_of(const Json& body) {
    constexpr std::int64_t year_2200 = 7'258'118'400;
    const std::int64_t seconds = number_at(body, "event_timestamp").value_or(0);
    return seconds > 0 && seconds < year_2200 ? seconds * 1000 : 0;
}

}  // namespace

std::vector<Route> ElevenLabs::routes() {
    return {{"POST", std::string(initiation)},
            {"POST", std::string(initiation_by_path)},
            {"POST", std::string(post_call)}};
}

void ElevenLabs::verify(const WebhookRequest& request) {
    if (request.path == post_call) return verify_post_call(request);
    verify_initiation(request);
}

void ElevenLabs::verify_initiation(const WebhookRequest& request) const {
    if (initiation_secrets_.none())
        throw Failure(TANDEM_UNAUTHORIZED,
                      "conversation_initiation_webhook_secret is not set: nobody is let in "
                      "without it");
    bool carried = false, genuine = false;
    const auto judge = [&](std::string_view candidate) {
        carried = carried || !candidate.empty();
        genuine |= initiation_secrets_.contains(candidate);
    };
    for (const Field& header : request.headers) {
        if (same_name(header.name, "Authorization")) judge(bearer(header.value));
        if (same_name(header.name, "X-Webhook-Secret")) judge(header.value);
    }
    if (request.path == initiation_by_path) judge(last_segment(request.target));
    if (genuine) return;
    throw Failure(TANDEM_UNAUTHORIZED,
                  carried ? "the secret is not conversation_initiation_webhook_secret"
                          : "no secret in Authorization: Bearer, X-Webhook-Secret or the path; "
                            "set the header of the webhook at ElevenLabs");
}

void ElevenLabs::verify_post_call(const WebhookRequest& request) const {
    std::string_view signature;
    unsigned signatures = 0;
    for (const Field& header : request.headers) {
        if (!same_name(header.name, "ElevenLabs-Signature")) continue;
        if (signatures++ > 0)
            throw Failure(TANDEM_UNAUTHORIZED, "ElevenLabs-Signature comes twice");
        signature = header.value;
    }
    const std::string reason =
        post_call_secrets_.reason_against(signature, request.body, request.received_at);
    if (!reason.empty()) throw Failure(TANDEM_UNAUTHORIZED, reason);
}

void ElevenLabs::normalise(const WebhookRequest& request, WebhookSink& sink) {
    if (request.path == post_call) return read_post_call(request, sink);
    sink.event(started_call(read_object(request.body, "the body"), request.received_at));
}

void ElevenLabs::read_post_call(const WebhookRequest& request, WebhookSink& sink) const {
    const Json body = read_object(request.body, "the body");
    const std::string type = text_at(body, "type", max_type_bytes);
    const Json& told = member(body, "data");
    std::optional<CallEnded> call;
    if (type == transcription_type) {
        switch (kind_of(told)) {
            case Kind::Call: call = ended_call(told, Origin::Webhook); break;
            case Kind::OwnTurn: return host_.log().debug("a text turn of our own is over");
            case Kind::NativeText:
                return host_.log().warn(
                    "ElevenLabs answered texts by itself, past this gateway; import the number "
                    "there with enable_sms: false",
                    {{"conversation_id", id_at(told, "conversation_id")}});
            case Kind::NoCall:
                return host_.log().info("a conversation without a telephone is left out",
                                        {{"conversation_id", id_at(told, "conversation_id")}});
        }
    } else if (type == failure_type) {
        call = failed_call(told, time_of(body));
    } else {
        return host_.log().debug("a post-call event that nothing is done with", {{"type", type}});
    }
    if (call)
        sink.event(*call);
    else
        host_.log().warn("a call without any id cannot be recorded", {{"type", type}});
}

void ElevenLabs::render_context(const WebhookRequest&, const std::vector<Field>& variables,
                                WebhookSink& sink) {
    Json values = Json::object();
    for (const Field& variable : variables)
        values[std::string(variable.name)] = std::string(variable.value);
    const Json answer{{"type", "conversation_initiation_client_data"},
                      {"success", true},
                      {"dynamic_variables", std::move(values)}};
    sink.answer({200, "application/json", written(answer)});
}

}  // namespace tandem::elevenlabs
