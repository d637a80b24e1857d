#include "call/routes.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "admit/admit.h"
#include "call/show.h"
#include "domain/address.h"
#include "serve/json.h"

namespace tandem::call {

namespace {

constexpr size_t max_word_bytes = 128;
constexpr size_t max_reason_bytes = 500;
constexpr size_t max_message_bytes = 2000;
// They are told to the AI before it speaks.
constexpr size_t max_details_bytes = 8192;
constexpr std::chrono::hours furthest{24 * 366};
// An hour's call has some hundred turns.
constexpr unsigned max_turns = 20000;
constexpr unsigned retry_after_s = 2;
constexpr std::array<std::string_view, 4> priorities{"low", "medium", "high", "urgent"};

serve::Problem invalid(std::string field, std::string message,
                       const char* code = "VALIDATION_FAILED") {
    serve::Problem problem{400, code, field + ' ' + message + '.'};
    problem.errors.emplace_back(std::move(field), std::move(message));
    return problem;
}

serve::Problem unavailable() {
    serve::Problem problem{503, "STORAGE_UNAVAILABLE", "The storage does not answer."};
    problem.retry_after_s = retry_after_s;
    return problem;
}

serve::Problem foreign() {
    return {403, "ORGANIZATION_ACCESS_DENIED", "The credential is not of this organisation."};
}

/// The body of an order. What is amiss comes back; the order is only then to be believed when
/// nothing does.
std::optional<serve::Problem> read_order(const serve::Request& request, Time now, Order& order,
                                         std::string& lead_id) {
    serve::Members asked(request.body);
    asked.ignore_others();
    const std::string number = asked.text("phoneNumber", max_word_bytes);
    const std::string named = asked.text("organizationId", max_word_bytes);
    lead_id = asked.text("leadId", max_word_bytes);
    Plan& plan = order.plan;
    plan.reason = asked.text("callReason", max_reason_bytes);
    plan.message = asked.text("customMessage", max_message_bytes);
    plan.priority = asked.text("priority", max_word_bytes);
    plan.service_details = asked.object("serviceDetails", max_details_bytes);
    const std::string when = asked.text("scheduledTime", max_word_bytes);
    if (plan.priority.empty()) plan.priority = "medium";
    if (std::find(priorities.begin(), priorities.end(), plan.priority) == priorities.end())
        asked.complain("priority", "must be low, medium, high or urgent");
    if (!when.empty()) {
        const auto at = parse_iso8601(when);
        if (!at)
            asked.complain("scheduledTime", "must be a time like 2026-11-22T05:18:11Z");
        else if (*at <= now || *at > now + furthest)
            asked.complain("scheduledTime", "must lie in the future, within a year");
        else
            plan.scheduled_for = *at;
    }
    // Whose it is comes before what is wrong with it.
    if (!admit::same_organization(*request.identity, named)) return foreign();
    if (auto problem = asked.problem()) return problem;
    if (number.empty()) return invalid("phoneNumber", "is missing", "MISSING_PHONE_NUMBER");
    const auto address = domain::parse_phone(number, order.organization->default_region);
    if (!address)
        return invalid("phoneNumber", "is not a possible phone number", "INVALID_PHONE_NUMBER");
    if (order.organization->owns(address->text))
        return invalid("phoneNumber", "is the organisation's own number", "INVALID_PHONE_NUMBER");
    order.address = address->text;
    if (const auto objection = order.organization->objection_to(order.address); !objection.empty())
        return limit::refusal_of_number(objection);
    return std::nullopt;
}

/// A lead whose number is another one; an unknown one is the caller's own name for it.
std::optional<serve::Problem> check_lead(store::Store& store, const Order& order,
                                         const std::string& lead_id) {
    if (lead_id.empty()) return std::nullopt;
    const auto lead = store.lead(order.organization->id, lead_id);
    if (!lead && lead.error().code == Code::NotFound) return std::nullopt;
    if (!lead) return unavailable();
    if (lead->address == order.address) return std::nullopt;
    return invalid("leadId", "is of another phone number");
}

serve::Response answer_of(const Fate& fate, const Order& order, const Placed& placed) {
    switch (fate.kind) {
        case Fate::Kind::Started:
            return serve::success("Call initiated", order_json(order, placed));
        case Fate::Kind::OptedOut:
            return serve::problem({409, "OPTED_OUT", "The customer opted out."});
        case Fate::Kind::TakenOver:
            return serve::problem(
                {409, "UNDER_HUMAN_CONTROL", "A human took the conversation over."});
        case Fate::Kind::Refused:
            return serve::problem(
                {502, "PROVIDER_FAILED", "The voice provider refused the call: " + fate.reason});
        case Fate::Kind::NotMade:
            return serve::problem(
                {502, "PROVIDER_FAILED", "The call was not made: " + fate.reason + '.'});
        case Fate::Kind::Unknown: break;
    }
    return serve::problem({502, "PROVIDER_FAILED",
                           "The voice provider did not say whether the call was made; it is not "
                           "repeated."});
}

serve::Response answer_of(const Order& order, const Placed& placed) {
    switch (placed.kind) {
        case Placed::Kind::Scheduled:
            return serve::success("Call scheduled", order_json(order, placed));
        case Placed::Kind::Settled: return answer_of(placed.fate, order, placed);
        case Placed::Kind::UnderControl:
            return serve::problem({409, "UNDER_HUMAN_CONTROL", "A human has this conversation."});
        case Placed::Kind::OptedOut:
            return serve::problem({409, "OPTED_OUT", "The customer opted out."});
        case Placed::Kind::KeyTaken: {
            serve::Problem problem{409, "IDEMPOTENCY_IN_PROGRESS",
                                   "The first request with this Idempotency-Key still runs."};
            problem.retry_after_s = retry_after_s;
            return serve::problem(problem);
        }
        case Placed::Kind::Limited: return serve::problem(placed.refusal);
        case Placed::Kind::Unavailable: break;
    }
    return serve::problem(unavailable());
}

/// Whether something was done, so that a repetition must find the answer.
bool has_effect(const Placed& placed) {
    return placed.kind == Placed::Kind::Scheduled || placed.kind == Placed::Kind::Settled;
}

/// What is on the record of an order whose process ended before it was answered.
serve::Response answer_from_record(store::Store& store, Order order, const std::string& call_id) {
    const auto call = store.call(order.organization->id, call_id);
    if (!call) return serve::problem(unavailable());
    const Plan plan = plan_of(*call);
    order.call_id = call->id;
    Placed placed;
    placed.at = call->started_at;
    placed.kind = Placed::Kind::Settled;
    placed.fate = {Fate::Kind::Unknown, call->conversation_id, call->line_id, plan.failure_reason};
    if (const auto snapshot = store.snapshot(order.organization->id, call->address, 0);
        snapshot && snapshot->conversation)
        placed.lead_id = snapshot->conversation->lead_id;
    const bool taken = !call->conversation_id.empty() || !call->line_id.empty();
    if (plan.state == Plan::State::Scheduled) placed.kind = Placed::Kind::Scheduled;
    if (plan.state == Plan::State::Started || taken) placed.fate.kind = Fate::Kind::Started;
    if (plan.state == Plan::State::Over && call->outcome == domain::CallOutcome::NeverConnected)
        placed.fate.kind = Fate::Kind::NotMade;
    return answer_of(order, placed);
}

void place(const RoutesGround& ground, serve::Request request, serve::Responder responder) {
    const auto* organization =
        request.identity ? ground.organizations->by_id(request.identity->organization) : nullptr;
    if (!organization) return responder.answer(serve::problem(foreign()));
    Order order;
    order.organization = organization;
    order.plan.initiated_by = request.identity->subject;
    std::string lead_id;
    if (const auto problem = read_order(request, ground.clock->now(), order, lead_id))
        return responder.answer(serve::problem(*problem));
    if (const auto problem = check_lead(*ground.store, order, lead_id))
        return responder.answer(serve::problem(*problem));
    order.call_id = ground.ids->next();
    order.once = ground.idempotency->look(request, organization->id, order.call_id);
    order.once.note.address = order.address;  // the answer that is kept tells of them
    if (order.once.kind == admit::Once::Kind::Answered) return responder.answer(order.once.answer);
    if (order.once.kind == admit::Once::Kind::Interrupted)
        return responder.answer(answer_from_record(*ground.store, order, order.once.subject));
    if (organization->numbers.empty() || !ground.calls->has_voice(organization->voice))
        return responder.answer(serve::problem(
            {502, "PROVIDER_FAILED", "The organisation has no voice provider to call with."}));
    auto waiting = std::make_shared<serve::Responder>(std::move(responder));
    ground.placing->place(
        order, [waiting, order, idempotency = ground.idempotency](const Placed& placed) {
            serve::Response answer = answer_of(order, placed);
            if (!has_effect(placed)) return waiting->answer(std::move(answer));
            idempotency->finish(order.once, std::move(answer), [waiting](serve::Response kept) {
                waiting->answer(std::move(kept));
            });
        });
}

/// The call of this id: a provider's conversation or line, or our own.
Result<domain::Call> find_call(const RoutesGround& ground, const domain::Organization& organization,
                               const std::string& id) {
    for (const auto& [instance, voice] : ground.calls->voices()) {
        auto call = ground.store->call_by_provider_id(organization.id, instance, id);
        if (call || call.error().code != Code::NotFound) return call;
    }
    return ground.store->call(organization.id, id);
}

void show(const RoutesGround& ground, const serve::Request& request, serve::Responder responder) {
    const auto* organization =
        request.identity ? ground.organizations->by_id(request.identity->organization) : nullptr;
    if (!organization) return responder.answer(serve::problem(foreign()));
    const std::string id(request.path_parameter("conversationId"));
    const auto call = find_call(ground, *organization, id);
    if (!call) {
        const bool absent = call.error().code == Code::NotFound;
        return responder.answer(serve::problem(
            absent ? serve::Problem{404, "NOT_FOUND", "There is no such call."} : unavailable()));
    }
    auto turns = ground.store->call_turns(organization->id, call->id, max_turns);
    if (!turns && turns.error().code != Code::Unsupported)
        return responder.answer(serve::problem(unavailable()));
    responder.answer(serve::success(
        "Call found", call_record_json(*call, turns ? *turns : std::vector<domain::Message>())));
}

}  // namespace

std::vector<serve::Route> routes(const RoutesGround& ground) {
    serve::Route placing;
    placing.method = "POST";
    placing.pattern = "/api/conversations/outbound-call";
    placing.permission = "conversations:write";
    placing.body_limit = ground.body_limit;
    placing.reads_json = true;
    placing.described = {
        .id = "placeCall",
        .summary = "Lets the AI call a customer, at once or later",
        .tag = "calls",
        .body = "OutboundCallRequest",
        .answer = "OutboundCallPlaced",
        .errors = {"MISSING_PHONE_NUMBER", "INVALID_PHONE_NUMBER", "NUMBER_NOT_ALLOWED",
                   "OPTED_OUT", "UNDER_HUMAN_CONTROL", "PROVIDER_FAILED"},
        .idempotency_key = true};
    placing.handler = [ground](serve::Request request, serve::Responder responder) {
        place(ground, std::move(request), std::move(responder));
    };
    serve::Route showing;
    showing.method = "GET";
    showing.pattern = "/api/calls/{conversationId}";
    showing.permission = "conversations:read";
    showing.described = {.id = "getCall",
                         .summary = "A call with its transcript",
                         .tag = "calls",
                         .answer = "CallData",
                         .errors = {"NOT_FOUND"}};
    showing.handler = [ground](serve::Request request, serve::Responder responder) {
        show(ground, request, std::move(responder));
    };
    std::vector<serve::Route> all;
    all.push_back(std::move(placing));
    all.push_back(std::move(showing));
    return all;
}

}  // namespace tandem::call
