#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

/// What an agent says over the conversation WebSocket, as the provider documents it.
namespace tandem::test::said {

using Json = nlohmann::json;

inline std::string metadata(const std::string& id = "conv_1") {
    return Json{{"type", "conversation_initiation_metadata"},
                {"conversation_initiation_metadata_event",
                 {{"conversation_id", id},
                  {"agent_output_audio_format", "pcm_16000"},
                  {"user_input_audio_format", "pcm_16000"}}}}
        .dump();
}

inline std::string ping(std::int64_t event) {
    return Json{{"type", "ping"}, {"ping_event", {{"event_id", event}, {"ping_ms", 20}}}}.dump();
}

inline std::string response(const std::string& text, std::int64_t event) {
    return Json{{"type", "agent_response"},
                {"agent_response_event", {{"agent_response", text}, {"event_id", event}}}}
        .dump();
}

inline std::string response_without_event(const std::string& text) {
    return Json{{"type", "agent_response"}, {"agent_response_event", {{"agent_response", text}}}}
        .dump();
}

inline std::string piece(const char* type, const std::string& text, std::int64_t event) {
    return Json{{"type", "agent_chat_response_part"},
                {"text_response_part", {{"text", text}, {"type", type}, {"event_id", event}}}}
        .dump();
}

inline std::string correction(const std::string& original, const std::string& corrected,
                              std::int64_t event) {
    return Json{{"type", "agent_response_correction"},
                {"agent_response_correction_event",
                 {{"original_agent_response", original},
                  {"corrected_agent_response", corrected},
                  {"event_id", event}}}}
        .dump();
}

inline std::string complete() {
    return Json{{"type", "agent_response_complete"}}.dump();
}

inline std::string interruption(std::int64_t event) {
    return Json{{"type", "interruption"}, {"interruption_event", {{"event_id", event}}}}.dump();
}

inline std::string client_tool(const std::string& name, const std::string& call,
                               const Json& parameters = Json::object()) {
    return Json{{"type", "client_tool_call"},
                {"client_tool_call",
                 {{"tool_name", name},
                  {"tool_call_id", call},
                  {"parameters", parameters},
                  {"event_id", 7}}}}
        .dump();
}

inline std::string tool_request(const std::string& name, const std::string& call,
                                const std::string& type = "webhook") {
    return Json{
        {"type", "agent_tool_request"},
        {"agent_tool_request",
         {{"tool_name", name}, {"tool_call_id", call}, {"tool_type", type}, {"event_id", 7}}}}
        .dump();
}

inline std::string tool_response(const std::string& name, const std::string& call,
                                 bool is_error = false) {
    return Json{{"type", "agent_tool_response"},
                {"agent_tool_response",
                 {{"tool_name", name},
                  {"tool_call_id", call},
                  {"tool_type", "webhook"},
                  {"is_error", is_error},
                  {"is_called", true},
                  {"event_id", 7}}}}
        .dump();
}

inline std::string error(const std::string& type, int code, const std::string& message = "") {
    return Json{{"type", "error"},
                {"error_event", {{"code", code}, {"error_type", type}, {"message", message}}}}
        .dump();
}

}  // namespace tandem::test::said
