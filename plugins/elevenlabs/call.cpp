#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "elevenlabs.h"
#include "ended.h"
#include "json.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

// What the API takes for `ringing_timeout_secs`.
constexpr std::uint32_t longest_ring_s = 999;
constexpr std::size_t max_message_bytes = 300;
// A conversation is in the list soon after the call was asked for; how soon nobody promises.
constexpr tandem_time surely_listed_ms = 2 * 60 * 1000;
// The provider's clock may be an hour off, and more would cost nothing.
constexpr tandem_time clock_margin_s = 2 * 3600;
// Nobody but us has this user id, so that one is to be expected.
constexpr std::size_t max_candidates = 3;

Receipt receipt_of_answer(const HttpResult& result) {
    Json answer;
    try {
        answer = read_object(result.body, "the answer");
    } catch (const Failure& failure) {
        return Receipt::unknown("ElevenLabs answered " + std::to_string(result.status) + ", but " +
                                failure.what());
    }
    const Json& success = member(answer, "success");
    if (success.is_boolean() && !success.get<bool>()) {
        const std::string words = text_at(answer, "message", max_message_bytes);
        return Receipt::refused("call_refused", one_line("ElevenLabs starts no call: " + words));
    }
    const std::string conversation_id = id_at(answer, "conversation_id");
    if (!is_true(answer, "success") || conversation_id.empty())
        return Receipt::unknown("ElevenLabs answered without saying which call it started");
    Receipt receipt = Receipt::accepted(conversation_id);
    receipt.line_id = id_at(answer, "callSid");
    return receipt;
}

Receipt receipt_of(const HttpResult& result, tandem_time now) {
    if (!result.answered)
        return result.maybe_sent ? Receipt::unknown(result.error)
                                 : Receipt::not_sent(result.error, result.retry_after_ms);
    const int status = result.status;
    if (status >= 200 && status < 300) return receipt_of_answer(result);
    const Problem problem = problem_of(result);
    // After a 5xx nobody knows whether it rings already. A redirect is never followed, and
    // whoever sent it is not the API.
    if (status >= 500 || status < 400 || status == 408) return Receipt::unknown(problem.text);
    if (status == 429) {
        Receipt receipt = Receipt::not_sent(problem.text, retry_after_ms(result, now));
        receipt.error_code = problem.code;
        return receipt;
    }
    if (status == 401 || status == 402 || status == 403) {
        Receipt receipt = Receipt::not_sent(problem.text);
        receipt.error_code = problem.code;
        receipt.account_refused = true;
        return receipt;
    }
    return Receipt::refused(problem.code, problem.text);
}

std::string body_of(const OutboundCall& call, const std::string& agent_id,
                    const std::string& phone_number_id) {
    Json variables = Json::object();
    for (const Field& variable : call.variables)
        // The platform sets these itself and refuses ours.
        if (variable.name.substr(0, 8) != "system__")
            variables[std::string(variable.name)] = std::string(variable.value);
    variables[call_id_variable] = std::string(call.call_id);
    Json body{
        {"agent_id", agent_id},
        {"agent_phone_number_id", phone_number_id},
        {"to_number", std::string(call.to)},
        {"conversation_initiation_client_data",
         {{"user_id", std::string(call.call_id)}, {"dynamic_variables", std::move(variables)}}}};
    if (call.ring_s > 0)
        body["telephony_call_config"] = {
            {"ringing_timeout_secs", std::min(call.ring_s, longest_ring_s)}};
    return written(body);
}

/// Whether a fetched conversation is the call of this id of ours.
bool is_of(const Json& conversation, std::string_view call_id) {
    const std::optional<CallEnded> call = ended_call(conversation, Origin::Fetched);
    if (call && call->our_call_id == call_id) return true;
    return text_at(conversation, "user_id", call_id.size() + 1) == call_id;
}

}  // namespace

Receipt ElevenLabs::start_call(const OutboundCall& call) {
    if (agent_phone_number_id_.empty()) {
        Receipt receipt = Receipt::not_sent(
            "agent_phone_number_id is not set; it is the id of the number that was imported "
            "into ElevenLabs");
        receipt.account_refused = true;
        return receipt;
    }
    const HttpResult result =
        api_.post("/v1/convai/twilio/outbound-call",
                  body_of(call, agent_id_, agent_phone_number_id_), call.deadline_ms);
    return receipt_of(result, host_.clock().now());
}

Receipt ElevenLabs::look_up(const OutboundCall& call, tandem_time begun_at) {
    try {
        return found(call, begun_at);
    } catch (const Failure& failure) {
        return Receipt::unknown(failure.what());
    }
}

Receipt ElevenLabs::found(const OutboundCall& call, tandem_time begun_at) const {
    const std::int64_t started = host_.clock().monotonic_ms();
    const auto left = [&]() -> std::uint32_t {
        if (call.deadline_ms == 0) return 0;
        const std::int64_t spent = host_.clock().monotonic_ms() - started;
        return static_cast<std::uint32_t>(std::max<std::int64_t>(call.deadline_ms - spent, 1));
    };
    const HttpResult listed =
        api_.get("/v1/convai/conversations?user_id=" + query_encoded(call.call_id) +
                     "&agent_id=" + query_encoded(agent_id_) + "&call_start_after_unix=" +
                     std::to_string(std::max<tandem_time>(begun_at / 1000 - clock_margin_s, 0)) +
                     "&page_size=10",
                 left());
    if (!listed.answered) return Receipt::unknown(listed.error);
    if (listed.status != 200) return Receipt::unknown(problem_of(listed).text);
    const Json list = read_object(listed.body, "the list of conversations");
    const Json& conversations = member(list, "conversations");
    if (!conversations.is_array())
        return Receipt::unknown("the list of conversations has no conversations");

    if (conversations.empty() && !is_true(list, "has_more")) {
        const bool surely = host_.clock().now() - begun_at >= surely_listed_ms;
        return surely ? Receipt::not_sent("ElevenLabs has no conversation of this call")
                      : Receipt::unknown("ElevenLabs has no conversation of this call yet");
    }
    std::size_t asked = 0;
    for (const Json& one : conversations) {
        const std::string id = id_at(one, "conversation_id");
        if (id.empty()) continue;
        if (asked++ == max_candidates) break;
        const HttpResult details =
            api_.get("/v1/convai/conversations/" + query_encoded(id), left());
        if (!details.answered || details.status != 200) continue;
        const Json conversation = read_object(details.body, "the conversation");
        if (!is_of(conversation, call.call_id)) continue;
        Receipt receipt = Receipt::accepted(id);
        const auto ended = ended_call(conversation, Origin::Fetched);
        if (ended) receipt.line_id = ended->call_id;
        return receipt;
    }
    return Receipt::unknown("none of the conversations that ElevenLabs lists is surely this call");
}

}  // namespace tandem::elevenlabs
