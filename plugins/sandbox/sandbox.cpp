#include "sandbox.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tandem::sandbox {

using namespace tandem::plugin;

namespace {

constexpr std::uint32_t sandbox_max_text_units = 1600;
constexpr std::int64_t longest_wait_ms = 600000;

std::chrono::milliseconds milliseconds(const Config& config, const char* name) {
    const std::int64_t value = config.integer(name);
    if (value < 0 || value > longest_wait_ms)
        throw Failure(TANDEM_INVALID, std::string("option ") + name + ": 0 to 600000");
    return std::chrono::milliseconds(value);
}

MessageStatus status_of(const OutboundMessage& message, const std::string& provider_id,
                        Delivery delivery, const char* word) {
    MessageStatus status;
    status.dedupe_key = "status:" + provider_id + ":" + word;
    status.business_address = message.from;
    status.customer_address = message.to;
    status.provider_id = provider_id;
    status.message_id = message.message_id;
    status.delivery = delivery;
    status.provider_word = word;
    return status;
}

bool begins(std::string_view text, std::string_view word) {
    return text.substr(0, word.size()) == word;
}

/// What the first word of an outbound text makes of it; nothing: it is accepted.
std::optional<Receipt> misfortune_of(std::string_view text) {
    if (begins(text, "!refuse")) return Receipt::refused("sandbox_refused", "asked for by !refuse");
    if (begins(text, "!optedout")) {
        Receipt receipt = Receipt::refused("21610", "asked for by !optedout");
        receipt.opted_out = true;
        return receipt;
    }
    if (begins(text, "!notsent")) return Receipt::not_sent("asked for by !notsent", 1000);
    if (begins(text, "!unknown")) return Receipt::unknown("asked for by !unknown");
    return std::nullopt;
}

std::string_view variable(const Turn& turn, std::string_view name) {
    for (const Field& field : turn.variables)
        if (field.name == name) return field.value;
    return {};
}

}  // namespace

Sandbox::Sandbox(Host host)
    : host_(std::move(host)),
      delay_(milliseconds(host_.config(), "delay_ms")),
      slow_(milliseconds(host_.config(), "slow_ms")),
      later_(host_) {}

Description Sandbox::describe() {
    Description description;
    description.id = "org.tandem.sandbox";
    description.name = "Sandbox";
    description.version = TANDEM_VERSION;
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    description.options = {
        {"delay_ms", TANDEM_OPTION_INTEGER, 0, "300",
         "Between two steps of what a provider would report"},
        {"slow_ms", TANDEM_OPTION_INTEGER, 0, "5000", "How long the answer to \"slow\" takes"},
    };
    return description;
}

void Sandbox::start() {
    later_.start();
}

void Sandbox::stop() {
    later_.stop();
}

std::vector<Route> Sandbox::routes() {
    return {{"POST", "messages", true}, {"POST", "calls", true}};
}

void Sandbox::verify(const WebhookRequest&) {
    throw Failure(TANDEM_UNAUTHORIZED, "the sandbox takes nothing from outside");
}

void Sandbox::normalise(const WebhookRequest& request, WebhookSink& sink) {
    if (request.path == "messages") return read_message(request.body, sink);
    if (request.path == "calls") return read_call(request.body, sink);
    throw Failure(TANDEM_INVALID, "the sandbox has no such route");
}

Receipt Sandbox::send(const OutboundMessage& message) {
    if (auto receipt = misfortune_of(message.text)) return *std::move(receipt);
    // Made from our id, so that a message sent twice shows as one.
    const std::string id = "SB" + std::string(message.message_id);
    later_.emit_after(delay_, status_of(message, id, Delivery::Sent, "sent"));
    if (begins(message.text, "!undelivered")) {
        auto failed = status_of(message, id, Delivery::Undelivered, "undelivered");
        failed.error_code = "30003";
        failed.error_text = "asked for by !undelivered";
        later_.emit_after(2 * delay_, std::move(failed));
    } else {
        later_.emit_after(2 * delay_, status_of(message, id, Delivery::Delivered, "delivered"));
    }
    return Receipt::accepted(id);
}

std::uint32_t Sandbox::max_text_units() {
    return sandbox_max_text_units;
}

Receipt Sandbox::start_call(const OutboundCall& call) {
    CallStarted started;
    started.call_id = "SBC" + std::string(call.call_id);
    started.conversation_id = "sandbox_" + std::string(call.call_id);
    started.dedupe_key = "started:" + started.call_id;
    started.business_address = call.from;
    started.customer_address = call.to;
    started.direction = Direction::Outbound;

    CallEnded ended;
    static_cast<Event&>(ended) = started;
    ended.dedupe_key = "ended:" + started.call_id;
    ended.call_id = started.call_id;
    ended.conversation_id = started.conversation_id;
    ended.direction = Direction::Outbound;
    ended.outcome = CallOutcome::Success;
    ended.duration_s = 10;
    ended.summary = "The customer answered and was told why we call.";
    ended.turns = {{Speaker::Ai, 0, "Hello, this is the sandbox calling."},
                   {Speaker::Customer, 5, "Thank you, goodbye."}};
    later_.emit_after(delay_, started);
    later_.emit_after(2 * delay_, ended);
    return Receipt::accepted(started.conversation_id);
}

void Sandbox::hang_up(std::string_view) {
    // The call plays out by itself within two delays.
}

void Sandbox::transfer(std::string_view, std::string_view) {
    throw Failure(TANDEM_UNSUPPORTED, "the sandbox has no line to connect");
}

void Sandbox::respond(const Turn& turn, ReplySink& sink) {
    const Reply reply =
        reply_to(turn.text, variable(turn, "customer_name"), variable(turn, "organization_name"));
    if (reply.fails) throw Failure(TANDEM_UNAVAILABLE, "asked for by the word fail");
    if (reply.slow) {
        const std::chrono::milliseconds deadline(turn.deadline_ms);
        const bool in_time = turn.deadline_ms == 0 || slow_ < deadline;
        if (!later_.wait(in_time ? slow_ : deadline))
            throw Failure(TANDEM_CANCELLED, "stopped while it was slow");
        if (!in_time) throw Failure(TANDEM_TIMEOUT, "the deadline came before slow_ms was over");
    }
    if (!reply.needs_human.empty()) sink.needs_human(reply.needs_human);
    sink.text(reply.text);
}

}  // namespace tandem::sandbox

TANDEM_PLUGIN(tandem::sandbox::Sandbox)
