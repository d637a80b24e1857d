#include <nlohmann/json.hpp>
#include <utility>

#include "sandbox.hpp"

namespace tandem::sandbox {

using namespace tandem::plugin;

namespace {

using Json = nlohmann::json;

constexpr int max_depth = 64;
// A turn of the sandbox's calls takes as long as it takes to say something short.
constexpr std::uint32_t seconds_a_turn = 5;

[[noreturn]] void refuse(const std::string& why) {
    throw Failure(TANDEM_INVALID, why);
}

Json object_of(std::string_view body) {
    bool deep = false;
    const auto guard = [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > max_depth;
        return !deep;
    };
    Json json = Json::parse(body, guard, false);
    if (deep || !json.is_object()) refuse("the body is no JSON object");
    return json;
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) return {};
    if (!found->is_string()) refuse(std::string(name) + " must be a text");
    return found->get<std::string>();
}

std::string required(const Json& object, const char* name) {
    std::string text = text_of(object, name);
    if (text.empty()) refuse(std::string(name) + " is missing");
    return text;
}

CallTurn turn_of(const Json& turn, std::uint32_t index) {
    if (!turn.is_object()) refuse("a turn must be an object");
    const std::string role = text_of(turn, "role");
    CallTurn made;
    if (role == "agent")
        made.speaker = Speaker::Ai;
    else if (role == "human_agent")
        made.speaker = Speaker::Human;
    else if (role != "user")
        refuse("role must be user, agent or human_agent");
    made.seconds = index * seconds_a_turn;
    made.text = text_of(turn, "message");
    return made;
}

}  // namespace

void read_message(std::string_view body, WebhookSink& sink) {
    const Json told = object_of(body);
    MessageReceived message;
    message.provider_id = "SB" + required(told, "id");
    message.dedupe_key = "message:" + message.provider_id;
    message.customer_address = required(told, "from");
    message.business_address = required(told, "to");
    message.text = text_of(told, "text");
    const std::string media = text_of(told, "mediaUrl");
    if (!media.empty()) message.media.push_back({media, ""});
    sink.event(message);
    const Json answer{{"messageSid", message.provider_id},
                      {"from", message.customer_address},
                      {"to", message.business_address}};
    sink.answer({200, "application/json", answer.dump()});
}

void read_call(std::string_view body, WebhookSink& sink) {
    const Json told = object_of(body);
    CallStarted started;
    started.call_id = "SBC" + required(told, "id");
    started.conversation_id = "sandbox_" + required(told, "id");
    started.dedupe_key = "started:" + started.call_id;
    started.customer_address = required(told, "from");
    started.business_address = required(told, "to");
    started.direction = Direction::Inbound;

    CallEnded ended;
    static_cast<Event&>(ended) = started;
    ended.dedupe_key = "ended:" + started.call_id;
    ended.call_id = started.call_id;
    ended.conversation_id = started.conversation_id;
    ended.direction = Direction::Inbound;
    ended.outcome = CallOutcome::Success;
    const auto turns = told.find("turns");
    if (turns != told.end()) {
        if (!turns->is_array()) refuse("turns must be a list");
        for (const Json& turn : *turns)
            ended.turns.push_back(turn_of(turn, static_cast<std::uint32_t>(ended.turns.size())));
    }
    ended.duration_s = static_cast<std::uint32_t>(ended.turns.size()) * seconds_a_turn;
    ended.summary = text_of(told, "summary");
    if (ended.summary.empty())
        ended.summary = "A call of " + std::to_string(ended.turns.size()) + " turns.";
    sink.event(started);
    sink.event(ended);
    const Json answer{{"callSid", ended.call_id},
                      {"conversationId", ended.conversation_id},
                      {"from", ended.customer_address},
                      {"to", ended.business_address},
                      {"duration", ended.duration_s}};
    sink.answer({200, "application/json", answer.dump()});
}

}  // namespace tandem::sandbox
