#include "receive/intake.h"

#include <utility>

#include "domain/address.h"
#include "receive/delivery.h"

namespace tandem::receive {

namespace {

constexpr unsigned retry_after_s = 2;
constexpr size_t max_dedupe_key_bytes = 512;

const Incident& incident_of(const ProviderEvent& event) {
    return std::visit([](const auto& one) -> const Incident& { return one; }, event);
}

/// What tells one withheld caller from the next.
std::string contact_of(const ProviderEvent& event) {
    if (const auto* message = std::get_if<MessageReceived>(&event)) return message->provider_id;
    if (const auto* status = std::get_if<MessageStatus>(&event)) return status->provider_id;
    const auto call = [](const auto& one) {
        return one.call_id.empty() ? one.conversation_id : one.call_id;
    };
    if (const auto* started = std::get_if<CallStarted>(&event)) return call(*started);
    if (const auto* ended = std::get_if<CallEnded>(&event)) return call(*ended);
    return std::get<CallStatus>(event).call_id;
}

bool takes_texts(const domain::Address& address) {
    if (address.kind == domain::AddressKind::Phone) return true;
    return address.text.starts_with("whatsapp:") || address.text.starts_with("messenger:") ||
           address.text.starts_with("rcs:");
}

bool serves(const domain::Organization& organization, const std::string& instance) {
    return organization.channel == instance || organization.voice == instance ||
           organization.responder == instance;
}

bool owns(const domain::Organization& organization, const std::string& address) {
    for (const std::string& number : organization.numbers)
        if (number == address) return true;
    return false;
}

std::string_view result_word(Code code) {
    switch (code) {
        case Code::Unauthorized: return "bad_signature";
        case Code::NotFound: return "unknown_number";
        case Code::Invalid:
        case Code::Unsupported:
        case Code::Limited: return "invalid";
        case Code::Unavailable:
        case Code::Timeout:
        case Code::Cancelled: return "unavailable";
        default: return "failed";
    }
}

serve::Response response_of(Result<WebhookAnswer> result) {
    if (!result) return refusal(result.error());
    serve::Response response;
    response.status = result->status;
    response.content_type = std::move(result->content_type);
    response.body = std::move(result->body);
    return response;
}

}  // namespace

serve::Response refusal(const Error& error) {
    switch (error.code) {
        case Code::Unauthorized:
            // One body for every reason: it must not help to guess.
            return serve::problem(
                {403, "INVALID_SIGNATURE", "The request's signature is missing or wrong."});
        case Code::Invalid:
            return serve::problem({400, "VALIDATION_FAILED", "The request makes no sense."});
        case Code::Unsupported:
            return serve::problem(
                {415, "UNSUPPORTED_MEDIA_TYPE", "The body is not of the type expected here."});
        case Code::Limited:
            return serve::problem({413, "PAYLOAD_TOO_LARGE", "The request says too much."});
        case Code::NotFound:
            return serve::problem({404, "NOT_FOUND", "This number is not served here."});
        case Code::Unavailable:
        case Code::Timeout:
        case Code::Cancelled: {
            serve::Problem problem{503, "STORAGE_UNAVAILABLE", "Nothing can be stored right now."};
            problem.retry_after_s = retry_after_s;
            return serve::problem(problem);
        }
        default: return serve::problem({500, "INTERNAL_ERROR", "The request could not be served."});
    }
}

Intake::Intake(Ground ground, IntakeOptions options)
    : ground_(ground), options_(std::move(options)) {}

Intake::~Intake() {
    stop();
}

void Intake::take(const Source& source, const std::string& path, serve::Request request,
                  serve::Responder responder) {
    WebhookRequest webhook;
    webhook.method = std::move(request.method);
    webhook.public_url = options_.public_url + request.target;
    webhook.target = std::move(request.target);
    webhook.path = path;
    for (serve::Header& header : request.headers)
        webhook.headers.emplace_back(std::move(header.name), std::move(header.value));
    webhook.body = std::move(request.body);
    webhook.received_at = ground_.clock->now();

    const std::string& instance = source.source->instance();
    if (const auto genuine = source.source->verify(webhook); !genuine) {
        const Error& why = genuine.error();
        const bool let_through = source.report_only && why.code == Code::Unauthorized;
        ground_.log->warn("receive",
                          let_through ? "UNPROVEN webhook let through: signature_mode is report"
                                      : "webhook refused: not genuine",
                          {{"provider", instance},
                           {"path", path},
                           {"reason", why.text},
                           {"client", request.client},
                           {"requestId", request.request_id}});
        count(instance, "none", let_through ? "unproven" : result_word(why.code));
        if (!let_through) return responder.answer(refusal(why));
    }
    // A std::function must be copyable; a responder is not.
    auto waiting = std::make_shared<serve::Responder>(std::move(responder));
    take_internal(source, std::move(webhook), [waiting](Result<WebhookAnswer> result) {
        waiting->answer(response_of(std::move(result)));
    });
}

void Intake::take_internal(const Source& source, WebhookRequest request, Answered answered) {
    auto delivery = std::make_shared<Delivery>();
    delivery->source = source.source;
    delivery->instance = source.source->instance();
    delivery->request = std::move(request);
    delivery->tell = std::move(answered);
    delivery->begun = ground_.clock->steady();
    auto said = delivery->source->normalise(delivery->request);
    if (!said) {
        ground_.log->warn("receive", "webhook refused: it makes no sense",
                          {{"provider", delivery->instance},
                           {"path", delivery->request.path},
                           {"reason", said.error().text}});
        count(delivery->instance, "none", result_word(said.error().code));
        return answer(delivery, said.error());
    }
    accept(std::move(delivery), std::move(*said));
}

/// All events must have an owner before the first is recorded: a request is taken as a
/// whole or not at all.
void Intake::accept(DeliveryPtr delivery, Normalised said) {
    delivery->answer = std::move(said.answer);
    for (const ProviderEvent& event : said.events) {
        auto scope = scope_of(delivery->instance, event);
        if (!scope) {
            ground_.log->warn("receive", "event refused",
                              {{"provider", delivery->instance},
                               {"event", std::string(event_name(event))},
                               {"business", domain::redacted(incident_of(event).business_address)},
                               {"reason", scope.error().text}});
            count(delivery->instance, event_name(event), result_word(scope.error().code));
            return answer(delivery, scope.error());
        }
        delivery->scopes.push_back(std::move(*scope));
        const auto* started = std::get_if<CallStarted>(&event);
        if (delivery->source && started && started->asks_context) delivery->asks_context = true;
    }
    delivery->events = std::move(said.events);
    if (delivery->events.empty()) count(delivery->instance, "none", "ignored");
    if (delivery->asks_context) hurry(delivery);
    advance(delivery);
}

const domain::Organization* Intake::owner_of(std::string_view business, std::string& number) const {
    // A messenger's sender is named by the phone number behind its scheme.
    const size_t colon = business.find(':');
    if (colon != std::string_view::npos) business.remove_prefix(colon + 1);
    number = business;
    if (const auto* owner = ground_.organizations->by_number(number)) return owner;
    auto phone = domain::parse_phone(business, {});
    if (!phone && !business.starts_with('+'))
        phone = domain::parse_phone("+" + std::string(business), {});
    if (!phone) return nullptr;
    number = phone->text;
    return ground_.organizations->by_number(number);
}

Result<Scope> Intake::scope_of(const std::string& instance, const ProviderEvent& event) const {
    const Incident& incident = incident_of(event);
    if (incident.dedupe_key.empty() || incident.dedupe_key.size() > max_dedupe_key_bytes)
        return Error{Code::Internal, "the plugin gave no usable dedupe key"};
    Scope scope;
    scope.instance = instance;
    scope.organization = owner_of(incident.business_address, scope.business);
    if (!scope.organization)
        return Error{Code::NotFound, "no organisation has this business number"};
    if (!serves(*scope.organization, instance))
        return Error{Code::NotFound,
                     "organisation " + scope.organization->id + " is not served by this instance"};
    const auto customer = domain::parse_provider_address(
        incident.customer_address, scope.organization->default_region, contact_of(event));
    if (!customer) return Error{Code::Invalid, "the customer's address: " + customer.error().text};
    scope.customer = customer->text;
    // An answer to one of our own numbers would come back as the next message, for ever.
    scope.can_be_answered = takes_texts(*customer) && !owns(*scope.organization, scope.customer);
    return scope;
}

void Intake::answer(const DeliveryPtr& delivery, Result<WebhookAnswer> result) {
    if (delivery->answered.exchange(true)) return;
    const std::chrono::duration<double> taken = ground_.clock->steady() - delivery->begun;
    ground_.metrics
        ->histogram("tandem_webhook_ack_duration_seconds", "From a complete webhook to its answer.",
                    {{"provider", delivery->instance}})
        .observe(taken.count());
    delivery->tell(std::move(result));
}

void Intake::count(const std::string& instance, std::string_view event, std::string_view result) {
    ground_.metrics
        ->counter("tandem_webhook_received_total", "Events of providers, by what became of them.",
                  {{"provider", instance}, {"event", event}, {"result", result}})
        .add();
}

}  // namespace tandem::receive
