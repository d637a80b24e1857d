#include "receive/intake.h"

#include <utility>

#include "domain/address.h"
#include "receive/delivery.h"

namespace tandem::receive {

namespace {

constexpr unsigned retry_after_s = 2;

std::string_view result_word(Code code) {
    switch (code) {
        case Code::Unauthorized: return "bad_signature";
        case Code::NotFound: return "unknown_number";
        case Code::Invalid:
        case Code::Unsupported:
        case Code::Limited: return "invalid";
        default: return is_passing(code) ? "unavailable" : "failed";
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

/// Who vouches for a request, and how.
struct Intake::Genuine {
    const Source* source = nullptr;  // null: nobody
    bool proven = false;
    Error why;  // of the source that the path names, or of the sibling whose account it is
};

/// A signature is never skipped: only a wrong one is let through, and only where the
/// operator asked for that; a request of nobody's account, or one that a plugin could not
/// judge, is not.
Intake::Genuine Intake::genuine_of(const std::vector<Source>& family,
                                   const WebhookRequest& request) const {
    Genuine unproven;
    for (const Source& source : family) {
        const auto verdict = source.source->verify(request);
        if (verdict) return {&source, true, {}};
        const Error& why = verdict.error();
        if (&source == &family.front()) unproven.why = why;
        // The path names this one, and it does not send the request on.
        const bool ends_here = &source == &family.front() && why.code != Code::NotFound;
        const bool its_account = why.code == Code::Unauthorized;
        if (its_account && source.report_only && !unproven.source) {
            unproven.source = &source;
            unproven.why = why;
        }
        if (ends_here) break;
    }
    // One body for every reason: that the account is nobody's must not help to guess, and what is
    // too large to be judged is no more genuine for it. A verdict is of the bytes alone, so that
    // no bound is one for now.
    if (unproven.why.code == Code::NotFound || unproven.why.code == Code::Limited)
        unproven.why.code = Code::Unauthorized;
    return unproven;
}

/// Nobody vouches for it. Somebody who guesses all day is told to stop, and fills no log; what
/// is genuine passes from the same address all the same, since a proxy may stand there.
void Intake::refuse(const std::vector<Source>& family, const std::string& path, const Error& why,
                    const serve::Request& request, serve::Responder& responder) {
    const std::string& instance = family.front().source->instance();
    count(instance, "none", result_word(why.code));
    if (ground_.limits && why.code == Code::Unauthorized) {
        const limit::Verdict verdict = ground_.limits->bad_signature_from(request.client);
        if (!verdict.passes) return responder.answer(serve::problem(limit::refusal(verdict)));
    }
    ground_.log->warn("receive", "webhook refused: not genuine",
                      {{"provider", instance},
                       {"path", path},
                       {"reason", why.text},
                       {"client", request.client},
                       {"requestId", request.request_id}});
    responder.answer(refusal(why));
}

void Intake::take(const std::vector<Source>& family, const std::string& path,
                  serve::Request request, serve::Responder responder) {
    WebhookRequest webhook;
    webhook.method = std::move(request.method);
    webhook.public_url = options_.public_url + request.target;
    webhook.target = std::move(request.target);
    webhook.path = path;
    for (serve::Header& header : request.headers)
        webhook.headers.emplace_back(std::move(header.name), std::move(header.value));
    webhook.body = std::move(request.body);
    webhook.received_at = ground_.clock->now();

    const Genuine genuine = genuine_of(family, webhook);
    if (!genuine.source) return refuse(family, path, genuine.why, request, responder);
    if (!genuine.proven) {
        const std::string& instance = genuine.source->source->instance();
        ground_.log->warn("receive", "UNPROVEN webhook let through: signature_mode is report",
                          {{"provider", instance},
                           {"path", path},
                           {"reason", genuine.why.text},
                           {"client", request.client},
                           {"requestId", request.request_id}});
        count(instance, "none", "unproven");
    }
    // A std::function must be copyable; a responder is not.
    auto waiting = std::make_shared<serve::Responder>(std::move(responder));
    take_internal(*genuine.source, std::move(webhook),
                  [waiting, kept = std::move(request.kept)](Result<WebhookAnswer> result) {
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

void Intake::answer(const DeliveryPtr& delivery, Result<WebhookAnswer> result) {
    if (delivery->answered.exchange(true)) return;
    const std::chrono::duration<double> taken = ground_.clock->steady() - delivery->begun;
    ground_.metrics
        ->histogram("tandem_webhook_ack_duration_seconds", "From a complete webhook to its answer.",
                    {{"provider", delivery->instance}})
        .observe(taken.count());
    if (delivery->done) {
        if (!result) return delivery->done(result.error());
        return delivery->done(delivery->recorded_as);
    }
    delivery->tell(std::move(result));
}

void Intake::count(const std::string& instance, std::string_view event, std::string_view result) {
    ground_.metrics
        ->counter("tandem_webhook_received_total", "Events of providers, by what became of them.",
                  {{"provider", instance}, {"event", event}, {"result", result}})
        .add();
}

}  // namespace tandem::receive
