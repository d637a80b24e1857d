#include <algorithm>
#include <utility>

#include "load/proxies.h"
#include "tandem/host/webhook.hpp"

namespace tandem::load {
namespace {

// An answer to a webhook is TwiML or a small JSON object.
constexpr size_t max_answer_bytes = 1 << 20;

receive::Incident incident(host::EventHead& from) {
    return {std::move(from.dedupe_key), std::move(from.business_address),
            std::move(from.customer_address), time_of(from.happened_at)};
}

domain::OptWord opt_word(uint32_t opt) {
    switch (opt) {
        case TANDEM_OPT_STOP: return domain::OptWord::Stop;
        case TANDEM_OPT_START: return domain::OptWord::Start;
        case TANDEM_OPT_HELP: return domain::OptWord::Help;
        default: return domain::OptWord::None;
    }
}

domain::CallDirection direction(uint32_t direction) {
    return direction == TANDEM_CALL_OUTBOUND ? domain::CallDirection::Outbound
                                             : domain::CallDirection::Inbound;
}

domain::CallOutcome call_outcome(uint32_t outcome) {
    switch (outcome) {
        case TANDEM_OUTCOME_SUCCESS: return domain::CallOutcome::Success;
        case TANDEM_OUTCOME_FAILURE: return domain::CallOutcome::Failure;
        case TANDEM_OUTCOME_NEVER_CONNECTED: return domain::CallOutcome::NeverConnected;
        default: return domain::CallOutcome::Unknown;
    }
}

domain::Line line(uint32_t line) {
    switch (line) {
        case TANDEM_LINE_RINGING: return domain::Line::Ringing;
        case TANDEM_LINE_ANSWERED: return domain::Line::Answered;
        case TANDEM_LINE_COMPLETED: return domain::Line::Completed;
        case TANDEM_LINE_BUSY: return domain::Line::Busy;
        case TANDEM_LINE_NO_ANSWER: return domain::Line::NoAnswer;
        case TANDEM_LINE_FAILED: return domain::Line::Failed;
        case TANDEM_LINE_CANCELED: return domain::Line::Canceled;
        default: return domain::Line::Other;
    }
}

domain::Author speaker(uint32_t speaker) {
    switch (speaker) {
        case TANDEM_SPEAKER_CUSTOMER: return domain::Author::Customer;
        case TANDEM_SPEAKER_AI: return domain::Author::Ai;
        case TANDEM_SPEAKER_HUMAN: return domain::Author::Human;
        default: return domain::Author::System;
    }
}

struct Converting {
    receive::ProviderEvent operator()(host::MessageReceived& from) const {
        receive::MessageReceived made{incident(from)};
        made.provider_id = std::move(from.provider_id);
        made.text = std::move(from.text);
        for (host::Media& media : from.media) {
            made.media.push_back({std::move(media.url), std::move(media.content_type)});
        }
        made.sender_name = std::move(from.sender_name);
        made.opt = opt_word(from.opt);
        return made;
    }

    receive::ProviderEvent operator()(host::MessageStatus& from) const {
        receive::MessageStatus made{incident(from)};
        made.provider_id = std::move(from.provider_id);
        made.message_id = std::move(from.message_id);
        const std::optional<domain::Delivery> known = delivery_of(from.delivery);
        made.delivery = known.value_or(domain::Delivery::Unknown);
        made.known_word = known.has_value();
        made.opted_out = from.opt == TANDEM_OPT_STOP;
        made.provider_word = std::move(from.provider_word);
        made.error_code = std::move(from.error_code);
        made.error_text = std::move(from.error_text);
        return made;
    }

    receive::ProviderEvent operator()(host::CallStarted& from) const {
        receive::CallStarted made{incident(from)};
        made.call_id = std::move(from.call_id);
        made.conversation_id = std::move(from.conversation_id);
        made.direction = direction(from.direction);
        made.asks_context = from.asks_context;
        made.our_call_id = std::move(from.our_call_id);
        return made;
    }

    receive::ProviderEvent operator()(host::CallEnded& from) const {
        receive::CallEnded made{incident(from)};
        made.call_id = std::move(from.call_id);
        made.conversation_id = std::move(from.conversation_id);
        made.direction = direction(from.direction);
        made.outcome = call_outcome(from.outcome);
        made.duration_s = from.duration_s;
        made.failure_reason = std::move(from.failure_reason);
        made.summary = std::move(from.summary);
        made.analysis_json = std::move(from.analysis_json);
        for (host::CallTurn& turn : from.turns) {
            made.turns.push_back({speaker(turn.speaker), turn.seconds, std::move(turn.text)});
        }
        made.our_call_id = std::move(from.our_call_id);
        return made;
    }

    receive::ProviderEvent operator()(host::CallStatus& from) const {
        receive::CallStatus made{incident(from)};
        made.call_id = std::move(from.call_id);
        made.line = line(from.line);
        made.duration_s = from.duration_s;
        made.provider_word = std::move(from.provider_word);
        made.error_code = std::move(from.error_code);
        return made;
    }
};

host::WebhookRequest views(const receive::WebhookRequest& request) {
    host::WebhookRequest made;
    made.method = request.method;
    made.public_url = request.public_url;
    made.target = request.target;
    made.path = request.path;
    for (const auto& [name, value] : request.headers) made.headers.emplace_back(name, value);
    made.body = request.body;
    made.received_at = request.received_at.time_since_epoch().count();
    return made;
}

// What a plugin wants to tell a provider, only if it is an answer that can be sent: a
// line break in the content type would let it write header fields.
Result<receive::WebhookAnswer> checked(std::optional<host::WebhookAnswer> from) {
    if (!from) return receive::WebhookAnswer{};
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (from->status < 200 || from->status > 599) {
        return Error{Code::Internal,
                     "the plugin answered with the status " + std::to_string(from->status)};
    }
    if (from->content_type.size() > 200 ||
        std::any_of(from->content_type.begin(), from->content_type.end(), is_control)) {
        return Error{Code::Internal, "the plugin's content type is malformed"};
    }
    if (from->body.size() > max_answer_bytes) {
        return Error{Code::Internal, "the plugin's answer is larger than 1 MiB"};
    }
    return receive::WebhookAnswer{from->status, std::move(from->content_type),
                                  std::move(from->body)};
}

class WebhookProxy : public receive::WebhookSource {
public:
    WebhookProxy(LivingPointer living, host::Webhook webhook,
                 std::vector<receive::WebhookRoute> routes)
        : living_(std::move(living)), webhook_(webhook), routes_(std::move(routes)) {}

    const std::string& instance() const override { return living_->id(); }
    const std::string& plugin() const override { return living_->plugin(); }
    const std::vector<receive::WebhookRoute>& routes() const override { return routes_; }

    Result<void> verify(const receive::WebhookRequest& request) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        const host::Outcome outcome = webhook_.verify(views(request));
        if (outcome.status == TANDEM_OK) return {};
        // Anything but a plain OK must never pass for genuine.
        if (outcome.ok()) {
            return Error{Code::Internal, "verify answered neither OK nor a failure"};
        }
        return error_of(*living_, outcome);
    }

    Result<receive::Normalised> normalise(const receive::WebhookRequest& request) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        host::Normalised normalised;
        const host::Outcome outcome = webhook_.normalise(views(request), normalised);
        if (!outcome.ok()) return error_of(*living_, outcome);
        Result<receive::WebhookAnswer> answer = checked(std::move(normalised.answer));
        if (!answer) return answer.error();
        receive::Normalised made;
        for (host::Event& event : normalised.events) {
            made.events.push_back(provider_event(std::move(event)));
        }
        made.answer = *std::move(answer);
        return made;
    }

    Result<receive::WebhookAnswer> render_context(
        const receive::WebhookRequest& request,
        const std::vector<std::pair<std::string, std::string>>& variables) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        host::Normalised normalised;
        const host::Outcome outcome = webhook_.render_context(
            views(request), {variables.begin(), variables.end()}, normalised);
        if (!outcome.ok()) return error_of(*living_, outcome);
        return checked(std::move(normalised.answer));
    }

private:
    const LivingPointer living_;
    const host::Webhook webhook_;
    const std::vector<receive::WebhookRoute> routes_;
};

constexpr char path_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_/.";

// `conversation-initiation/{secret}`: the last segment may be a parameter.
bool is_path(std::string_view path) {
    if (path.size() > 200) return false;
    if (const size_t opening = path.find('{'); opening != std::string_view::npos) {
        const std::string_view parameter = path.substr(opening);
        if (opening == 0 || path[opening - 1] != '/' || parameter.size() < 3 ||
            parameter.back() != '}' ||
            parameter.substr(1, parameter.size() - 2)
                    .find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos) {
            return false;
        }
        path = path.substr(0, opening - 1);
    }
    return !path.empty() && path.front() != '/' &&
           path.find_first_not_of(path_letters) == std::string_view::npos &&
           path.find("..") == std::string_view::npos && path.find("//") == std::string_view::npos;
}

}  // namespace

std::optional<domain::Delivery> delivery_of(uint32_t delivery) {
    switch (delivery) {
        case TANDEM_DELIVERY_QUEUED: return domain::Delivery::Queued;
        case TANDEM_DELIVERY_SENDING: return domain::Delivery::Sending;
        case TANDEM_DELIVERY_SENT: return domain::Delivery::Sent;
        case TANDEM_DELIVERY_DELIVERED: return domain::Delivery::Delivered;
        case TANDEM_DELIVERY_UNDELIVERED: return domain::Delivery::Undelivered;
        case TANDEM_DELIVERY_FAILED: return domain::Delivery::Failed;
        case TANDEM_DELIVERY_READ: return domain::Delivery::Read;
        default: return std::nullopt;
    }
}

Time time_of(tandem_time milliseconds) {
    // Beyond these years a provider's time is garbage, and arithmetic on it overflows.
    constexpr tandem_time year_2200 = 7'258'118'400'000;
    if (milliseconds < 0 || milliseconds > year_2200) return Time{};
    return Time{Milliseconds{milliseconds}};
}

receive::ProviderEvent provider_event(host::Event event) {
    return std::visit(Converting(), event);
}

Result<std::shared_ptr<receive::WebhookSource>> make_webhook_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_WEBHOOK);
    if (!table) return std::shared_ptr<receive::WebhookSource>();
    const host::Webhook webhook(living->instance().self(), table);
    if (!webhook.complete()) {
        return Error{Code::Invalid, "its table tandem.webhook/1 lacks functions"};
    }
    std::vector<host::WebhookRoute> given;
    if (const host::Outcome outcome = webhook.routes(given); !outcome.ok()) {
        return error_of(*living, outcome);
    }
    std::vector<receive::WebhookRoute> routes;
    for (host::WebhookRoute& route : given) {
        if ((route.method != "POST" && route.method != "GET") || !is_path(route.path)) {
            return Error{Code::Invalid,
                         "its route " + route.method + " " + route.path + " is malformed"};
        }
        for (const receive::WebhookRoute& other : routes) {
            if (other.method == route.method && other.path == route.path) {
                return Error{Code::Invalid,
                             "it has the route " + route.method + " " + route.path + " twice"};
            }
        }
        routes.push_back({std::move(route.method), std::move(route.path), route.internal});
    }
    return std::shared_ptr<receive::WebhookSource>(
        std::make_shared<WebhookProxy>(std::move(living), webhook, std::move(routes)));
}

}  // namespace tandem::load
