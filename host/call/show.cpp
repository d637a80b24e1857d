#include "call/show.h"

#include <nlohmann/json.hpp>

#include "call/placing.h"
#include "publish/payload.h"

namespace tandem::call {

namespace {

using Json = nlohmann::json;

Json text_or_null(std::string_view text) {
    return text.empty() ? Json() : Json(text);
}

std::string text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json outcome_of(const domain::Call& call) {
    if (call.ended_at == Time{}) return {};
    switch (call.outcome) {
        case domain::CallOutcome::Success: return "success";
        case domain::CallOutcome::Failure: return "failure";
        case domain::CallOutcome::NeverConnected: return "failed";
        case domain::CallOutcome::Unknown: break;
    }
    return "unknown";
}

std::string_view status_of(const domain::Call& call, const Plan& plan) {
    if (call.ended_at != Time{}) return "ended";
    if (call.direction == domain::CallDirection::Inbound) return "active";
    const bool taken = !call.conversation_id.empty() || !call.line_id.empty();
    return word(taken ? Plan::State::Started : plan.state);
}

}  // namespace

std::string call_record_json(const domain::Call& call, const std::vector<domain::Message>& turns) {
    const Plan plan = plan_of(call);
    Json json = Json::parse(publish::call_json(call));
    json["status"] = status_of(call, plan);
    json["endTime"] = call.ended_at == Time{} ? Json() : Json(iso8601(call.ended_at));
    json["duration"] = call.duration_s;
    json["outcome"] = outcome_of(call);
    json["summary"] = text_or_null(call.summary);
    json["failureReason"] = text_or_null(plan.failure_reason);
    json["callReason"] = text_or_null(plan.reason);
    json["priority"] = text_or_null(plan.priority);
    json["initiatedBy"] = text_or_null(plan.initiated_by);
    json["scheduledTime"] =
        plan.scheduled_for == Time{} ? Json() : Json(iso8601(plan.scheduled_for));
    json["transcript"] = Json::array();
    for (const domain::Message& turn : turns) {
        const auto into = std::chrono::floor<std::chrono::seconds>(turn.at - call.started_at);
        json["transcript"].push_back({{"role", domain::word(turn.author)},
                                      {"message", turn.content},
                                      {"timeInCallSecs", std::max<int64_t>(into.count(), 0)}});
    }
    return text({{"call", json}});
}

std::string order_json(const Order& order, const Placed& placed) {
    const bool scheduled = placed.kind == Placed::Kind::Scheduled;
    return text({{"phoneNumber", order.address},
                 {"leadId", text_or_null(placed.lead_id)},
                 {"organizationId", order.organization->id},
                 {"callType", "outbound"},
                 {"callReason", text_or_null(order.plan.reason)},
                 {"priority", order.plan.priority},
                 {"initiatedBy", order.plan.initiated_by},
                 {"timestamp", iso8601(placed.at)},
                 {"conversationId", text_or_null(placed.fate.conversation_id)},
                 {"callId", order.call_id},
                 {"scheduledTime", scheduled ? Json(iso8601(order.plan.scheduled_for)) : Json()},
                 {"status", scheduled ? "scheduled" : "initiated"}});
}

}  // namespace tandem::call
