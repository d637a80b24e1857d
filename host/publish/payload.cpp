#include "publish/payload.h"

#include <utility>

#include "publish/screen_json.h"

namespace tandem::publish {

namespace {

Json base(const Scene& scene, std::string_view type) {
    Json json;
    json["type"] = type;
    json["organizationId"] = scene.organization;
    json["phoneNumber"] = text_or_null(scene.address);
    json["leadId"] = text_or_null(scene.lead_id);
    json["timestamp"] = iso8601(scene.at);
    json["eventId"] = scene.event_id;
    return json;
}

/// Screens read events whole, and a stream's backlog is bounded: what is longer is read
/// by the API.
constexpr size_t max_payload_bytes = 256 * 1024;
/// Ten members of this size and the rest still stay below the bound.
constexpr size_t max_member_bytes = 16 * 1024;

/// Empties long members, at any depth, and keeps their kind: a screen that expects a list
/// still gets one.
void empty_long_members(Json& object) {
    for (auto& member : object) {
        if (text(member).size() <= max_member_bytes) continue;
        if (member.is_object()) empty_long_members(member);
        if (text(member).size() <= max_member_bytes) continue;
        if (member.is_string()) member = "";
        if (member.is_array()) member = Json::array();
        if (member.is_object()) member = Json::object();
    }
}

domain::Event event(const Scene& scene, Json json) {
    domain::Event made;
    made.id = scene.event_id;
    made.type = json["type"].get<std::string>();
    made.address = scene.address;
    made.payload = text(json);
    if (made.payload.size() > max_payload_bytes) {
        empty_long_members(json);
        json["truncated"] = true;
        made.payload = text(json);
    }
    made.at = scene.at;
    return made;
}

std::string_view call_type(const domain::Call& call) {
    return call.direction == domain::CallDirection::Inbound ? "inbound" : "outbound";
}

}  // namespace

Scene scene_of(std::string event_id, const domain::OrganizationId& organization,
               const store::Snapshot& snapshot, Time at) {
    Scene scene;
    scene.event_id = std::move(event_id);
    scene.organization = organization;
    if (snapshot.conversation) {
        scene.address = snapshot.conversation->address;
        scene.lead_id = snapshot.conversation->lead_id;
    }
    if (snapshot.lead) {
        scene.customer_name = snapshot.lead->customer_name;
        scene.lead_status = snapshot.lead->status;
    }
    scene.at = at;
    return scene;
}

domain::Event sms_received(const Scene& scene, const domain::Message& message,
                           const ReceivedState& state) {
    Json json = base(scene, "sms_received");
    json["message"] = message.content;
    json["messageSid"] = text_or_null(message.provider_id);
    json["conversationMessage"] = message_object(message);
    json["customerName"] = text_or_null(scene.customer_name);
    json["isNewLead"] = state.is_new_lead;
    json["hasMedia"] = !message.media.empty();
    json["media"] = media_list(message.media);
    json["underHumanControl"] = state.under_human_control;
    json["queueDepth"] = state.queue_depth;
    return event(scene, std::move(json));
}

domain::Event message_sent(const Scene& scene, const domain::Message& message) {
    const bool human = message.author == domain::Author::Human;
    Json json = base(scene, human ? "human_message_sent" : "ai_message_sent");
    json["message"] = message.content;
    json["conversationMessage"] = message_object(message);
    if (human) {
        json["agentName"] = text_or_null(message.agent_name);
        json["agentId"] = text_or_null(message.agent_id);
        json["sessionId"] = text_or_null(message.session_id);
    }
    return event(scene, std::move(json));
}

domain::Event sms_status_update(const Scene& scene, const domain::Message& message) {
    Json json = base(scene, "sms_status_update");
    json["messageId"] = message.id;
    json["messageSid"] = text_or_null(message.provider_id);
    json["status"] = word(message.delivery);
    json["errorCode"] = text_or_null(message.error_code);
    json["errorMessage"] = text_or_null(message.error_text);
    return event(scene, std::move(json));
}

domain::Event call_initiated(const Scene& scene, const domain::Call& call,
                             std::string_view call_reason, std::string_view initiated_by,
                             const std::vector<std::pair<std::string, std::string>>& variables) {
    Json json = base(scene, "call_initiated");
    json["callType"] = call_type(call);
    json["conversationId"] = text_or_null(call.conversation_id);
    json["callSid"] = text_or_null(call.line_id);
    json["callReason"] = text_or_null(call_reason);
    json["initiatedBy"] = text_or_null(initiated_by);
    json["dynamicVariables"] = Json::object();
    for (const auto& [name, value] : variables) json["dynamicVariables"][name] = value;
    json["customerName"] = text_or_null(scene.customer_name);
    json["leadStatus"] = text_or_null(scene.lead_status);
    return event(scene, std::move(json));
}

domain::Event call_ended(const Scene& scene, const domain::Call& call,
                         std::string_view failure_reason, std::string_view analysis_json,
                         const std::vector<domain::SpokenTurn>& transcript) {
    Json json = base(scene, "call_ended");
    json["callType"] = call_type(call);
    json["conversationId"] = text_or_null(call.conversation_id);
    json["duration"] = call.duration_s;
    json["outcome"] = outcome_word(call.outcome);
    if (call.outcome == domain::CallOutcome::NeverConnected)
        json["failureReason"] = text_or_null(failure_reason);
    json["summary"] = text_or_null(call.summary);
    json["analysis"] = foreign(analysis_json);
    json["transcript"] = Json::array();
    for (const domain::SpokenTurn& turn : transcript) {
        json["transcript"].push_back({{"role", word(turn.speaker)},
                                      {"message", turn.text},
                                      {"timeInCallSecs", turn.seconds}});
    }
    return event(scene, std::move(json));
}

domain::Event lead_auto_created(const Scene& scene) {
    Json json = base(scene, "lead_auto_created");
    json["customerName"] = text_or_null(scene.customer_name);
    json["leadStatus"] = text_or_null(scene.lead_status);
    return event(scene, std::move(json));
}

domain::Event lead_updated(const Scene& scene) {
    Json json = base(scene, "lead_updated");
    json["customerName"] = text_or_null(scene.customer_name);
    json["leadStatus"] = text_or_null(scene.lead_status);
    return event(scene, std::move(json));
}

domain::Event needs_human(const Scene& scene, std::string_view reason) {
    Json json = base(scene, "needs_human");
    json["reason"] = reason;
    return event(scene, std::move(json));
}

domain::Event customer_opted(const Scene& scene, domain::OptWord word, std::string_view keyword) {
    const bool in = word == domain::OptWord::Start;
    Json json = base(scene, in ? "customer_opted_in" : "customer_opted_out");
    json["keyword"] = keyword;
    return event(scene, std::move(json));
}

domain::Event human_control_started(const Scene& scene, const domain::ControlSession& session,
                                    int64_t customers_waiting) {
    const Json shown = session_object(scene, session, customers_waiting);
    Json json = base(scene, "human_control_started");
    json["agentName"] = shown["agentName"];
    json["agentId"] = shown["agentId"];
    json["sessionId"] = session.id;
    json["handoffReason"] = shown["handoffReason"];
    json["session"] = shown;
    return event(scene, std::move(json));
}

domain::Event human_control_over(const Scene& scene, const domain::ControlSession& session) {
    const bool timed_out = session.state == domain::SessionState::TimedOut;
    const Json shown = session_object(scene, session, 0);
    Json json = base(scene, timed_out ? "human_control_timeout" : "human_control_ended");
    json["agentName"] = shown["agentName"];
    json["sessionId"] = session.id;
    json["session"] = shown;
    return event(scene, std::move(json));
}

domain::Event human_control_transferred(const Scene& scene, const domain::ControlSession& session,
                                        std::string_view from_agent_id,
                                        std::string_view from_agent_name,
                                        int64_t customers_waiting) {
    const Json shown = session_object(scene, session, customers_waiting);
    Json json = base(scene, "human_control_transferred");
    json["fromAgentId"] = from_agent_id;
    json["fromAgentName"] = text_or_null(from_agent_name);
    json["agentId"] = shown["agentId"];
    json["agentName"] = shown["agentName"];
    json["session"] = shown;
    return event(scene, std::move(json));
}

std::string message_json(const domain::Message& message) {
    return text(message_object(message));
}

std::string call_json(const domain::Call& call) {
    return text(call_object(call));
}

std::string session_json(const Scene& scene, const domain::ControlSession& session,
                         int64_t customers_waiting) {
    return text(session_object(scene, session, customers_waiting));
}

std::string connected(const Scene& scene, std::string_view connection_id) {
    Json json = base(scene, "connected");
    json["connectionId"] = connection_id;
    return text(json);
}

std::string heartbeat(const Scene& scene) {
    return text(base(scene, "heartbeat"));
}

std::string stream_reset(const Scene& scene, std::string_view reason) {
    Json json = base(scene, "stream_reset");
    json["reason"] = reason;
    return text(json);
}

std::string stream_end(const Scene& scene, std::string_view reason) {
    Json json = base(scene, "stream_end");
    json["reason"] = reason;
    return text(json);
}

std::string conversation_history(const Scene& scene, const History& history) {
    Json json = base(scene, "conversation_history");
    json["messages"] = Json::array();
    for (const domain::Message& message : history.messages)
        if (message.delivery != domain::Delivery::Superseded)
            json["messages"].push_back(message_object(message));
    json["summary"] = text_or_null(history.summary);
    json["humanControl"] = history.session
                               ? session_object(scene, *history.session, history.customers_waiting)
                               : Json(nullptr);
    json["activeCall"] = history.active_call ? call_object(*history.active_call) : Json(nullptr);
    return text(json);
}

}  // namespace tandem::publish
