#include "call/show.h"

#include "call/placing.h"
#include "publish/screen_json.h"

namespace tandem::call {

namespace {

using publish::Json;
using publish::text;
using publish::text_or_null;

std::string_view status_of(const domain::Call& call, const Plan& plan) {
    if (call.ended_at != Time{}) return "ended";
    if (call.direction == domain::CallDirection::Inbound) return "active";
    const bool taken = !call.conversation_id.empty() || !call.line_id.empty();
    return word(taken ? Plan::State::Started : plan.state);
}

}  // namespace

std::string call_record_json(const domain::Call& call, const std::vector<domain::Message>& turns) {
    const Plan plan = plan_of(call);
    Json json = publish::call_object(call);
    json["status"] = status_of(call, plan);
    // One that has not begun has no outcome either.
    if (call.ended_at == Time{}) json["outcome"] = nullptr;
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
