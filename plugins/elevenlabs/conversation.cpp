#include "conversation.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::elevenlabs {

namespace {

constexpr std::size_t max_word = 200;
// A turn with more tools under way than this is not going to end.
constexpr std::size_t max_tools = 64;

std::int64_t event_of(const Json& event) {
    return number_at(event, "event_id").value_or(0);
}

// What the agent's owner must mend: asking again brings the same.
bool is_permanent(std::string_view type) {
    static constexpr std::array<std::string_view, 4> known{
        "missing_dynamic_variable", "override_error", "invalid_message", "missing_fields"};
    return std::find(known.begin(), known.end(), type) != known.end();
}

std::string advice_for(std::string_view type) {
    if (type == "override_error")
        return "; allow the override of text_only in the agent's security settings";
    if (type == "missing_dynamic_variable")
        return "; the agent uses a dynamic variable that the gateway does not send";
    return {};
}

tandem_status status_of(std::string_view type, std::int64_t code) {
    if (is_permanent(type)) return TANDEM_INVALID;
    if (type == "llm_timeout" || type == "transport_receive_timeout") return TANDEM_TIMEOUT;
    // RFC 6455 calls it a violated policy; here it says that what we sent cannot be used.
    return code == 1008 ? TANDEM_INVALID : TANDEM_UNAVAILABLE;
}

}  // namespace

Conversation::Conversation(Question question, Patience patience, std::int64_t deadline)
    : question_(std::move(question)), patience_(patience), deadline_(deadline) {
    begin();
}

void Conversation::begin() {
    Json variables = Json::object();
    for (const auto& [name, value] : question_.variables) variables[name] = value;
    send({{"type", "conversation_initiation_client_data"},
          {"conversation_config_override", {{"conversation", {{"text_only", true}}}}},
          {"dynamic_variables", std::move(variables)},
          {"user_id", question_.user_id}});
}

void Conversation::send(const Json& message) {
    to_send_.push_back(written(message));
}

std::int64_t Conversation::wake_at() const {
    const bool waits_for_whole = stage_ == Stage::Asked && tools_.empty() && answer_.lacks_whole();
    const bool waits_for_quiet = stage_ == Stage::Asked && has_answer() && !busy();
    const bool timed = stage_ == Stage::Greeting || waits_for_whole || waits_for_quiet;
    return timed ? std::min(quiet_until_, deadline_) : deadline_;
}

void Conversation::wait_over(std::int64_t now) {
    if (over_ || now < wake_at()) return;
    if (stage_ == Stage::Greeting && now < deadline_) return ask(now);
    if (has_answer() && !busy()) return done();
    if (answer_.lacks_whole() && answer_.empty()) {
        return fail(TANDEM_INVALID,
                    "the agent sends pieces of its answer but no agent_response; add it to the "
                    "agent's client events");
    }
    if (!tools_.empty()) return fail(TANDEM_TIMEOUT, "a tool of the agent did not end in time");
    fail(TANDEM_TIMEOUT, stage_ == Stage::Opening ? "the agent did not begin in time"
                                                  : "the agent did not answer in time");
}

void Conversation::take(std::string_view message, std::int64_t now) {
    if (over_) return;
    if (now >= deadline_) return wait_over(now);
    try {
        const Json read = read_object(message, "a message of the agent");
        dispatch(text_at(read, "type", max_word), read, now);
    } catch (const plugin::Failure&) {
        // Not for us. What matters comes as it is documented, or the deadline ends it.
    }
    // One that never stops talking is over at the deadline, too.
    if (!over_ && now >= wake_at()) wait_over(now);
}

void Conversation::dispatch(const std::string& type, const Json& message, std::int64_t now) {
    if (type == "ping") {
        const Json& ping = member(message, "ping_event");
        const Json& event = member(ping, "event_id");
        send({{"type", "pong"}, {"event_id", event}});
    } else if (type == "conversation_initiation_metadata") {
        on_metadata(member(message, "conversation_initiation_metadata_event"), now);
    } else if (type == "agent_response") {
        on_response(member(message, "agent_response_event"), now);
    } else if (type == "agent_chat_response_part") {
        on_piece(member(message, "text_response_part"), now);
    } else if (type == "agent_response_correction") {
        on_correction(member(message, "agent_response_correction_event"), now);
    } else if (type == "agent_response_complete") {
        on_complete(member(message, "agent_response_complete_event"));
    } else if (type == "interruption") {
        if (stage_ != Stage::Asked) return;
        answer_.interrupted(event_of(member(message, "interruption_event")));
        active(now, patience_.quiet);
    } else if (type == "client_tool_call") {
        on_client_tool(member(message, "client_tool_call"), now);
    } else if (type == "agent_tool_request") {
        on_tool(member(message, "agent_tool_request"), false, now);
    } else if (type == "agent_tool_response") {
        on_tool(member(message, "agent_tool_response"), true, now);
    } else if (type == "error") {
        on_error(member(message, "error_event"));
    }
}

void Conversation::on_metadata(const Json& event, std::int64_t now) {
    if (stage_ != Stage::Opening) return;
    id_ = text_at(event, "conversation_id", max_word);
    stage_ = Stage::Greeting;
    active(now, greeted_ ? 0 : patience_.first_message);
}

// What was said before our question cannot be its answer, nor what belongs to the same event.
void Conversation::greet(std::int64_t event) {
    first_event_ = std::max(first_event_, event);
    greeted_ = true;
}

void Conversation::ask(std::int64_t now) {
    stage_ = Stage::Asked;
    active(now, patience_.quiet);
    send({{"type", "user_message"}, {"text", question_.text}});
}

void Conversation::on_response(const Json& event, std::int64_t now) {
    const std::int64_t number = event_of(event);
    if (stage_ != Stage::Asked) {
        greet(number);
        if (stage_ == Stage::Greeting) ask(now);
        return;
    }
    if (!is_new(number)) return;
    if (!answer_.whole(number, text_at(event, "agent_response", ConversationAnswer::max_bytes))) {
        return fail(TANDEM_UNAVAILABLE, "the agent does not stop talking");
    }
    active(now, patience_.quiet);
}

void Conversation::on_piece(const Json& event, std::int64_t now) {
    const std::int64_t number = event_of(event);
    if (stage_ != Stage::Asked) return greet(number);
    if (!is_new(number)) return;
    if (text_at(event, "type", max_word) == "stop")
        answer_.last_piece(number);
    else
        answer_.piece(number);
    active(now, answer_.lacks_whole() ? patience_.whole : patience_.quiet);
}

void Conversation::on_correction(const Json& event, std::int64_t now) {
    const std::int64_t number = event_of(event);
    if (stage_ != Stage::Asked || !is_new(number)) return;
    constexpr std::size_t limit = ConversationAnswer::max_bytes;
    if (!answer_.correct(number, text_at(event, "original_agent_response", limit),
                         text_at(event, "corrected_agent_response", limit))) {
        return fail(TANDEM_UNAVAILABLE, "the agent does not stop talking");
    }
    active(now, patience_.quiet);
}

// Its payload is not documented. Without an answer it can only mean the first message.
void Conversation::on_complete(const Json& event) {
    if (stage_ != Stage::Asked || !is_new(event_of(event))) return;
    if (!answer_.empty() && !busy()) done();
}

void Conversation::on_client_tool(const Json& call, std::int64_t now) {
    const std::string id = text_at(call, "tool_call_id", max_word);
    const bool human = !question_.needs_human_tool.empty() &&
                       text_at(call, "tool_name", max_word) == question_.needs_human_tool;
    // Without any result the agent would wait for it.
    send({{"type", "client_tool_result"},
          {"tool_call_id", id},
          {"result", human ? "A person was asked to take over this conversation."
                           : "This tool is not available in a text conversation."},
          {"is_error", !human}});
    if (human) ask_for_human(text_at(member(call, "parameters"), "reason", max_word));
    if (stage_ != Stage::Asked) return;
    tools_.erase(id);
    answer_.tool_used();
    active(now, patience_.after_tool);
}

void Conversation::on_tool(const Json& call, bool ended, std::int64_t now) {
    if (stage_ != Stage::Asked) return;
    const std::string name = text_at(call, "tool_name", max_word);
    std::string id = text_at(call, "tool_call_id", max_word);
    if (id.empty()) id = name;
    if (ended) {
        tools_.erase(id);
        const Json& called = member(call, "is_called");
        const bool worked =
            !is_true(call, "is_error") && (!called.is_boolean() || called.get<bool>());
        if (worked && !name.empty() && name == question_.needs_human_tool) ask_for_human({});
    } else if (tools_.size() < max_tools && text_at(call, "tool_type", max_word) != "client") {
        // A client tool is answered here at once; some servers tell of it in both ways.
        tools_.insert(id);
    }
    answer_.tool_used();
    active(now, patience_.after_tool);
}

void Conversation::ask_for_human(const std::string& reason) {
    if (needs_human_ && (reason.empty() || *needs_human_ == reason)) return;
    needs_human_ = reason.empty() ? "the AI asked for a person" : one_line(reason);
}

void Conversation::on_error(const Json& event) {
    std::string type = text_at(event, "error_type", max_word);
    const std::int64_t code = number_at(event, "code").value_or(0);
    std::string words = text_at(event, "message", max_word);
    if (words.empty()) words = text_at(event, "reason", max_word);
    if (type.empty()) type = "code " + std::to_string(code);
    // What was said before it is still an answer, when nothing of it is missing.
    if (has_answer() && !busy()) return done();
    std::string text = "ElevenLabs ended the conversation: " + type;
    if (!words.empty() && words != type) text += ": " + words;
    fail(status_of(type, code), one_line(text + advice_for(type)));
}

void Conversation::closed(std::uint32_t code, std::string_view reason) {
    if (over_) return;
    // A tool that was under way may have ended the conversation itself.
    if (has_answer() && (!busy() || code == 1000)) return done();
    std::string text(reason);
    if (code != 0) {
        text = "ElevenLabs closed the conversation with " + std::to_string(code);
        if (!reason.empty()) text += ": " + std::string(reason);
    }
    if (code == 1000) text += "; there was no answer";
    fail(status_of(reason, code), one_line(text + advice_for(reason)));
}

void Conversation::active(std::int64_t now, std::int64_t quiet) {
    quiet_until_ = now + quiet;
}

void Conversation::done() {
    over_ = true;
    to_send_.clear();
}

void Conversation::fail(tandem_status status, std::string text) {
    over_ = true;
    status_ = status;
    failure_ = std::move(text);
    to_send_.clear();
}

}  // namespace tandem::elevenlabs
