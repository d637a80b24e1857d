#include "control/session_record.h"

#include <nlohmann/json.hpp>

namespace tandem::control {

using Json = nlohmann::json;

std::string to_json(const SessionRecord& record) {
    Json json{{"messageCount", record.message_count},
              {"handoffReason", record.handoff_reason},
              {"queueFrom", record.queue_from}};
    if (!record.custom_message.empty()) json["customMessage"] = record.custom_message;
    if (record.over) {
        if (!record.summary.empty()) json["summary"] = record.summary;
        if (!record.next_steps.empty()) json["nextSteps"] = record.next_steps;
        json["handoffSuccess"] = record.handoff_success;
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SessionRecord parse_record(std::string_view text) {
    SessionRecord record;
    // Our own words, as the store keeps them.
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return record;
    record.message_count = json.value("messageCount", record.message_count);
    record.handoff_reason = json.value("handoffReason", record.handoff_reason);
    record.custom_message = json.value("customMessage", record.custom_message);
    record.queue_from = json.value("queueFrom", record.queue_from);
    record.over = json.contains("handoffSuccess");
    record.summary = json.value("summary", record.summary);
    record.next_steps = json.value("nextSteps", record.next_steps);
    record.handoff_success = json.value("handoffSuccess", record.handoff_success);
    return record;
}

}  // namespace tandem::control
