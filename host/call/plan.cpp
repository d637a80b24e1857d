#include "call/plan.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "call/call.h"

namespace tandem::call {

namespace {

using Json = nlohmann::json;
using State = Plan::State;

constexpr std::array<std::pair<State, std::string_view>, 6> words{{
    {State::Scheduled, "scheduled"},
    {State::Queued, "queued"},
    {State::Starting, "starting"},
    {State::Asking, "unknown"},
    {State::Started, "initiated"},
    {State::Over, "ended"},
}};

int64_t to_number(Time time) {
    return time.time_since_epoch().count();
}

}  // namespace

std::string_view word(State state) {
    for (const auto& [known, text] : words)
        if (known == state) return text;
    return "unknown";
}

Plan plan_of(const domain::Call& call) {
    Plan plan;
    plan.state = State::Started;
    const Json json = Json::parse(call.record_json, nullptr, false);
    if (!json.is_object()) return plan;
    const auto text = [&json](const char* name) {
        const auto found = json.find(name);
        return found != json.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    const auto number = [&json](const char* name) {
        const auto found = json.find(name);
        return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
    };
    const std::string state = text("state");
    for (const auto& [known, its_word] : words)
        if (its_word == state) plan.state = known;
    plan.reason = text("callReason");
    plan.message = text("customMessage");
    plan.priority = text("priority");
    plan.service_details = text("serviceDetails");
    plan.initiated_by = text("initiatedBy");
    plan.scheduled_for = Time{Milliseconds{number("scheduledFor")}};
    plan.begun_at = Time{Milliseconds{number("begunAt")}};
    plan.asks = static_cast<unsigned>(number("asks"));
    plan.failure_reason = text("failureReason");
    return plan;
}

std::optional<Time> begun_at(const domain::Call& call) {
    const Plan plan = plan_of(call);
    const bool begun = plan.state == State::Starting || plan.state == State::Asking ||
                       plan.state == State::Started;
    return begun ? std::optional(plan.begun_at) : std::nullopt;
}

void keep(domain::Call& call, const Plan& plan) {
    Json record = Json::parse(call.record_json, nullptr, false);
    if (!record.is_object()) record = Json::object();
    record.update({{"state", word(plan.state)},
                   {"callReason", plan.reason},
                   {"customMessage", plan.message},
                   {"priority", plan.priority},
                   {"serviceDetails", plan.service_details},
                   {"initiatedBy", plan.initiated_by},
                   {"scheduledFor", to_number(plan.scheduled_for)},
                   {"begunAt", to_number(plan.begun_at)},
                   {"asks", plan.asks},
                   {"failureReason", plan.failure_reason}});
    call.record_json = record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tandem::call
