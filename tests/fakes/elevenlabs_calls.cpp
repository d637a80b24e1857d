#include <ctime>

#include "fakes/elevenlabs.h"

namespace tandem::fakes {

namespace {

const std::vector<std::string>& promised_variables() {
    static const std::vector<std::string> names{
        "conversation_context", "customer_name",   "organization_name", "lead_status",
        "previous_summary",     "organization_id", "caller_type",       "has_conversation_history",
        "total_messages"};
    return names;
}

/// What is wrong with the answer to a conversation-initiation; empty: nothing.
std::string initiation_problem(const Json& got, Json& variables) {
    if (got.at("status") != 200) return "was answered " + got.at("status").dump();
    const Json answer = Json::parse(got.at("answer").get<std::string>(), nullptr, false);
    if (!answer.is_object()) return "was answered with no JSON object";
    if (answer.value("type", "") != "conversation_initiation_client_data")
        return "was answered with another type";
    const std::string problem = client_data_problem(answer, {"type", "success"});
    if (!problem.empty()) return problem;
    variables = answer.value("dynamic_variables", Json::object());
    for (const std::string& name : promised_variables())
        if (!variables.contains(name) || !variables.at(name).is_string())
            return "the variable " + name + " is missing or no string";
    return {};
}

Json turn_of(const Json& told, int second) {
    Json turn{{"role", told.at("role")},
              {"message", told.at("message")},
              {"time_in_call_secs", told.value("time_in_call_secs", second)},
              {"tool_calls", told.value("tool_calls", Json::array())},
              {"tool_results", Json::array()},
              {"interrupted", false},
              {"original_message", nullptr},
              {"feedback", nullptr},
              {"source_medium", "audio"}};
    return turn;
}

}  // namespace

Json ElevenLabs::begin_call(const Json& body) {
    Conversation call;
    call.id = body.value("conversation_id", "");
    if (call.id.empty()) call.id = new_id("conv_");
    call.call_sid = body.value("call_sid", "");
    if (call.call_sid.empty()) call.call_sid = new_id("CA");
    call.direction = "inbound";
    call.source = "twilio";
    call.external_number = body.at("caller");
    call.start = now() - body.value("seconds_ago", 0);
    keep(call);
    return {{"conversation_id", call.id}, {"call_sid", call.call_sid}};
}

Json ElevenLabs::ring(const Json& body) {
    Json told = begin_call(body);
    const std::string way = body.value("secret_in", "header");
    Webhook webhook{"initiation",
                    gateway_->path("conversation-initiation"),
                    {{"Content-Type", "application/json"}},
                    Json{{"caller_id", body.at("caller")},
                         {"agent_id", account_.agent_id},
                         {"called_number", body.value("called", account_.phone_number)},
                         {"call_sid", told.at("call_sid")}}
                        .dump()};
    if (way == "header")
        webhook.headers.emplace_back("X-Webhook-Secret", account_.initiation_secret);
    if (way == "bearer")
        webhook.headers.emplace_back("Authorization", "Bearer " + account_.initiation_secret);
    if (way == "path") webhook.target += "/" + account_.initiation_secret;
    const Json got = gateway_->post(webhook, body.value("post", true));
    Json variables = Json::object();
    const std::string problem = initiation_problem(got, variables);
    if (!problem.empty() && body.value("post", true)) broken("conversation-initiation: " + problem);
    {
        const std::lock_guard lock(mutex_);
        find(told.at("conversation_id"))->client_data["dynamic_variables"] = variables;
    }
    told["number"] = got.at("number");
    told["status"] = got.at("status");
    told["variables"] = variables;
    return told;
}

Json ElevenLabs::finish(const Json& body) {
    Json data;
    {
        const std::lock_guard lock(mutex_);
        Conversation* call = find(body.at("conversation_id"));
        if (!call) throw std::runtime_error("no such conversation");
        call->status = "done";
        call->duration = body.value("duration", 42);
        call->summary = body.value("summary", "The customer asked something.");
        call->success = body.value("success", "success");
        call->termination = body.value("termination", "Client ended call");
        call->turns = Json::array();
        int second = 0;
        for (const Json& turn : body.value("turns", Json::array()))
            call->turns.push_back(turn_of(turn, second += 3));
        data = detail(*call);
    }
    return event("post_call_transcription", data, body.value("post", true));
}

Json ElevenLabs::failed(const Json& body) {
    Json data;
    {
        const std::lock_guard lock(mutex_);
        Conversation* call = find(body.at("conversation_id"));
        if (!call) throw std::runtime_error("no such conversation");
        const std::string reason = body.value("reason", "busy");
        call->status = "failed";
        call->termination = reason;
        data = {{"agent_id", account_.agent_id},
                {"conversation_id", call->id},
                {"failure_reason", reason},
                {"metadata",
                 {{"type", "twilio"},
                  {"body",
                   {{"CallSid", call->call_sid},
                    {"CallStatus", reason},
                    {"To", call->external_number},
                    {"From", account_.phone_number},
                    {"SipResponseCode", "486"},
                    {"Duration", "0"},
                    {"CallDuration", "0"},
                    {"SequenceNumber", "2"},
                    {"CallbackSource", "call-progress-events"}}}}}};
    }
    return event("call_initiation_failure", data, body.value("post", true));
}

Json ElevenLabs::told(const Conversation& conversation) {
    return event("post_call_transcription", detail(conversation), true);
}

Json ElevenLabs::event(const std::string& type, const Json& data, bool post) {
    return gateway_->post({"post_call",
                           gateway_->path("post-call"),
                           {{"Content-Type", "application/json"}},
                           Json{{"type", type}, {"event_timestamp", now()}, {"data", data}}.dump()},
                          post);
}

Json ElevenLabs::detail(const Conversation& one) const {
    const Json nothing;
    Json phone = nothing;
    if (!one.text_only)
        phone = {{"type", "twilio"},
                 {"direction", one.direction},
                 {"phone_number_id", account_.phone_number_id},
                 {"agent_number", account_.phone_number},
                 {"external_number", one.external_number},
                 {"stream_sid", "MZ" + one.id.substr(5)},
                 {"call_sid", one.call_sid}};
    Json client_data = one.client_data;
    client_data["dynamic_variables"]["system__conversation_id"] = one.id;
    client_data["dynamic_variables"]["system__call_duration_secs"] = one.duration;
    const bool over = one.status == "done";
    return {{"agent_id", account_.agent_id},
            {"agent_name", "Shop"},
            {"conversation_id", one.id},
            {"user_id", one.user_id.empty() ? nothing : Json(one.user_id)},
            {"status", one.status},
            {"has_audio", !one.text_only},
            {"has_user_audio", !one.text_only},
            {"has_response_audio", !one.text_only},
            {"has_auxiliary_audio", false},
            {"transcript", one.turns},
            {"metadata",
             {{"start_time_unix_secs", one.start},
              {"accepted_time_unix_secs", one.start},
              {"call_duration_secs", one.duration},
              {"cost", 100},
              {"termination_reason", one.termination},
              {"error", nothing},
              {"warnings", Json::array()},
              {"main_language", "en"},
              {"text_only", one.text_only},
              {"authorization_method", one.text_only ? "signed_url" : "authorization_header"},
              {"conversation_initiation_source", one.source},
              {"phone_call", phone}}},
            {"analysis", over ? Json{{"call_successful", one.success},
                                     {"transcript_summary", one.summary},
                                     {"evaluation_criteria_results", Json::object()},
                                     {"data_collection_results", Json::object()}}
                              : nothing},
            {"conversation_initiation_client_data", client_data}};
}

}  // namespace tandem::fakes
