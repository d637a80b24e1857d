#include "publish/screen_json.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace tandem::publish {

namespace {

/// Writing JSON recurses: what is deeper would overflow the stack of a worker.
constexpr size_t max_depth = 64;

/// Looks through a text without building it; stops at the first thing amiss.
class Inspector : public nlohmann::json_sax<nlohmann::json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return false; }
    bool start_object(size_t) override { return enter(); }
    bool key(string_t& name) override { return names_.back().insert(name).second; }
    bool end_object() override { return leave(); }
    bool start_array(size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

private:
    bool enter() {
        names_.emplace_back();
        return names_.size() <= max_depth;
    }
    bool leave() {
        names_.pop_back();
        return true;
    }

    std::vector<std::set<std::string>> names_;  // members seen, a set for each open level
};

std::string_view state_word(domain::SessionState state) {
    switch (state) {
        case domain::SessionState::Open: return "active";
        case domain::SessionState::Ended: return "ended";
        case domain::SessionState::TimedOut: return "timed_out";
    }
    return "ended";
}

}  // namespace

std::string text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json text_or_null(std::string_view value) {
    return value.empty() ? Json(nullptr) : Json(value);
}

Json foreign(std::string_view json_text) {
    if (json_text.empty()) return nullptr;
    // The library takes NUL for the end, and says nothing of what stands behind it.
    if (json_text.find('\0') != std::string_view::npos) return nullptr;
    Inspector inspector;
    if (!nlohmann::json::sax_parse(json_text.begin(), json_text.end(), &inspector)) return nullptr;
    return Json::parse(json_text.begin(), json_text.end(), nullptr, false);
}

Json media_list(const std::vector<domain::Media>& media) {
    Json list = Json::array();
    for (const domain::Media& one : media)
        list.push_back({{"url", one.url}, {"contentType", text_or_null(one.content_type)}});
    return list;
}

Json message_object(const domain::Message& message) {
    Json json;
    json["id"] = message.id;
    json["content"] = message.content;
    json["sentBy"] = word(message.author);
    json["type"] = word(message.type);
    json["timestamp"] = iso8601(message.at);
    json["phoneNumber"] = message.address;
    json["direction"] = word(message.direction);
    json["status"] = word(message.delivery);
    json["messageSid"] = text_or_null(message.provider_id);
    json["agentName"] = text_or_null(message.agent_name);
    json["media"] = media_list(message.media);
    // Told only of what was spoken, so that a screen can fold a call.
    if (!message.call_id.empty()) json["callId"] = message.call_id;
    return json;
}

std::string_view outcome_word(domain::CallOutcome outcome) {
    switch (outcome) {
        case domain::CallOutcome::Success: return "success";
        case domain::CallOutcome::Failure: return "failure";
        case domain::CallOutcome::NeverConnected: return "failed";
        case domain::CallOutcome::Unknown: return "unknown";
    }
    return "unknown";
}

Json call_object(const domain::Call& call) {
    Json json;
    json["callId"] = call.id;
    json["conversationId"] = text_or_null(call.conversation_id);
    json["callSid"] = text_or_null(call.line_id);
    json["callType"] = call.direction == domain::CallDirection::Inbound ? "inbound" : "outbound";
    json["phoneNumber"] = call.address;
    json["startTime"] = iso8601(call.started_at);
    json["active"] = call.active;
    json["endTime"] = call.ended_at == Time{} ? Json(nullptr) : Json(iso8601(call.ended_at));
    json["duration"] = call.duration_s;
    json["outcome"] = call.active ? Json(nullptr) : Json(outcome_word(call.outcome));
    json["summary"] = text_or_null(call.summary);
    return json;
}

Json status_object(const store::Status& line) {
    return {{"status", domain::word(line.delivery)},
            {"changed", !line.keep_delivery},
            {"providerWord", text_or_null(line.provider_word)},
            {"errorCode", text_or_null(line.error_code)},
            {"errorText", text_or_null(line.error_text)},
            {"timestamp", iso8601(line.at)}};
}

Json session_object(const Scene& scene, const domain::ControlSession& session,
                    int64_t customers_waiting) {
    const bool open = session.state == domain::SessionState::Open;
    const Json record = foreign(session.record_json);
    const auto recorded = [&record](const char* name, Json otherwise) {
        return record.is_object() && record.contains(name) ? record[name] : otherwise;
    };
    const auto length = (open ? scene.at : session.ended_at) - session.started_at;
    const int64_t seconds = std::chrono::floor<std::chrono::seconds>(length).count();

    Json json;
    json["sessionId"] = session.id;
    json["phoneNumber"] = session.address;
    json["leadId"] = text_or_null(scene.lead_id);
    json["agentName"] = text_or_null(session.agent_name);
    json["agentId"] = session.agent_id;
    json["organizationId"] = scene.organization;
    json["startTime"] = iso8601(session.started_at);
    json["lastActivity"] = iso8601(session.last_activity_at);
    json["endTime"] = open ? Json(nullptr) : Json(iso8601(session.ended_at));
    json["duration"] = std::max<int64_t>(seconds, 0);
    json["messageCount"] = recorded("messageCount", 0);
    json["customerResponsesPending"] = customers_waiting;
    json["handoffReason"] = recorded("handoffReason", "manual_takeover");
    json["customMessage"] = recorded("customMessage", nullptr);
    json["summary"] = recorded("summary", nullptr);
    json["nextSteps"] = recorded("nextSteps", nullptr);
    json["handoffSuccess"] = recorded("handoffSuccess", nullptr);
    json["status"] = state_word(session.state);
    return json;
}

}  // namespace tandem::publish
