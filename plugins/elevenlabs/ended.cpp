#include "ended.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "elevenlabs.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

constexpr std::size_t max_id_bytes = 128;
constexpr std::size_t max_word_bytes = 64;
constexpr std::size_t max_reason_bytes = 300;
constexpr std::size_t max_address_bytes = 64;
constexpr std::size_t max_summary_bytes = 64 * 1024;
constexpr std::size_t max_turn_bytes = 64 * 1024;
// As many as the host takes of one call.
constexpr std::size_t max_turns = 20'000;
// No call lasts longer; what says so is a slip.
constexpr std::int64_t longest_call_s = 7 * 24 * 3600;
// The year 2200: beyond it a time is garbage.
constexpr std::int64_t latest_s = 7'258'118'400;
// Evaluations and collected values are the operator's own, and may be anything.
constexpr std::size_t max_analysis_bytes = 64 * 1024;

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::uint32_t seconds_at(const Json& object, const char* name) {
    const std::int64_t seconds = number_at(object, name).value_or(0);
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, longest_call_s));
}

const Json& variables_of(const Json& conversation) {
    return member(member(conversation, "conversation_initiation_client_data"), "dynamic_variables");
}

std::string user_of(const Json& conversation) {
    std::string user = text_at(conversation, "user_id", max_id_bytes);
    if (user.empty())
        user = text_at(member(conversation, "conversation_initiation_client_data"), "user_id",
                       max_id_bytes);
    return user;
}

/// As start_call gave it. The user id of an inbound call is not ours.
std::string our_call_id(const Json& conversation, Direction direction) {
    std::string id = id_at(variables_of(conversation), call_id_variable);
    if (!id.empty() || direction != Direction::Outbound) return id;
    const std::string user = user_of(conversation);
    return user.rfind(turn_mark, 0) == 0 ? std::string() : user;
}

Direction direction_of(const Json& line) {
    const std::string word = text_at(line, "direction", max_word_bytes);
    if (word == "inbound") return Direction::Inbound;
    if (word == "outbound") return Direction::Outbound;
    return Direction::Unknown;
}

/// Line and addresses, from `phone_call`; where that is missing from the variables that the
/// platform sets itself.
void read_line(CallEnded& call, const Json& conversation) {
    const Json& line = member(member(conversation, "metadata"), "phone_call");
    const Json& variables = variables_of(conversation);
    call.call_id = id_at(line, "call_sid");
    if (call.call_id.empty()) call.call_id = id_at(variables, "system__call_sid");
    call.direction = direction_of(line);
    if (call.direction == Direction::Unknown && !our_call_id(conversation, call.direction).empty())
        call.direction = Direction::Outbound;
    std::string business = text_at(line, "agent_number", max_address_bytes * 2);
    std::string customer = text_at(line, "external_number", max_address_bytes * 2);
    if (!line.is_object() && call.direction != Direction::Outbound) {
        business = text_at(variables, "system__called_number", max_address_bytes * 2);
        customer = text_at(variables, "system__caller_id", max_address_bytes * 2);
    }
    call.business_address = address_of(std::move(business), call.call_id);
    call.customer_address = address_of(std::move(customer), call.call_id);
}

/// What was really said: of an interrupted answer `message` has the part that was spoken, and
/// `original_message`, which nobody heard to its end, is left out.
std::vector<CallTurn> turns_of(const Json& conversation) {
    std::vector<CallTurn> turns;
    const Json& transcript = member(conversation, "transcript");
    if (!transcript.is_array()) return turns;
    for (const Json& turn : transcript) {
        if (turns.size() == max_turns) break;
        const std::string role = text_at(turn, "role", max_word_bytes);
        if (role != "user" && role != "agent") continue;
        CallTurn spoken;
        spoken.speaker = role == "user" ? Speaker::Customer : Speaker::Ai;
        spoken.seconds = seconds_at(turn, "time_in_call_secs");
        spoken.text = text_at(turn, "message", max_turn_bytes);
        if (spoken.text.find_first_not_of(" \t\r\n") == std::string::npos) continue;
        turns.push_back(std::move(spoken));
    }
    return turns;
}

void copy(Json& to, const Json& from, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const Json& value = member(from, name);
        if (!value.is_null()) to[name] = value;
    }
}

/// The results of an analysis by their ids, without the schemas and scopes around them.
Json results_of(const Json& analysis, const char* name,
                std::initializer_list<const char*> members) {
    Json results = Json::object();
    const Json& all = member(analysis, name);
    if (!all.is_object()) return results;
    for (const auto& [id, one] : all.items()) {
        Json result = Json::object();
        copy(result, one, members);
        if (!result.empty()) results[id] = std::move(result);
    }
    return results;
}

/// Only what is wanted is copied: tool calls with their headers, and whatever comes new,
/// never get here.
std::string analysis_of(const Json& analysis) {
    if (!analysis.is_object()) return {};
    Json wanted = Json::object();
    for (const char* name : {"call_successful", "call_success_score", "call_summary_title"})
        if (member(analysis, name).is_primitive()) copy(wanted, analysis, {name});
    Json full = wanted;
    Json criteria = results_of(analysis, "evaluation_criteria_results",
                               {"criteria_id", "result", "rationale", "score", "max_score"});
    Json collected = results_of(analysis, "data_collection_results",
                                {"data_collection_id", "value", "rationale"});
    if (!criteria.empty()) full["evaluation_criteria_results"] = std::move(criteria);
    if (!collected.empty()) full["data_collection_results"] = std::move(collected);
    if (full.empty()) return {};
    std::string text = written(full);
    return text.size() <= max_analysis_bytes ? text : written(wanted);
}

CallOutcome outcome_of(const Json& conversation) {
    const std::string word =
        text_at(member(conversation, "analysis"), "call_successful", max_word_bytes);
    if (word == "success") return CallOutcome::Success;
    if (word == "failure") return CallOutcome::Failure;
    if (word.empty() && text_at(conversation, "status", max_word_bytes) == "failed")
        return CallOutcome::Failure;
    return CallOutcome::Unknown;
}

std::string error_of(const Json& metadata) {
    std::string reason = text_at(member(metadata, "error"), "reason", max_reason_bytes);
    if (reason.empty()) reason = text_at(metadata, "termination_reason", max_reason_bytes);
    return reason;
}

/// Why an outbound call of ours did not get through; empty: it did, or nobody knows.
std::string not_connected(const Json& conversation, const CallEnded& call) {
    static constexpr std::array<std::string_view, 4> results{"busy", "no_answer", "no-answer",
                                                             "failed"};
    if (call.direction != Direction::Outbound || !call.turns.empty()) return {};
    const Json& metadata = member(conversation, "metadata");
    std::string result = text_at(member(metadata, "phone_call"), "call_result", max_word_bytes);
    if (is_one_of(result, results)) {
        // One word for one thing: the webhook writes it with a hyphen.
        std::replace(result.begin(), result.end(), '_', '-');
        return result;
    }
    const bool failed = text_at(conversation, "status", max_word_bytes) == "failed";
    if (!result.empty() || !failed || call.duration_s > 0) return {};
    const std::string reason = error_of(metadata);
    return reason.empty() ? "unknown" : reason;
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The part before the host of `sip:user;parameter@host`, in angle brackets or not.
std::string sip_user(std::string_view text) {
    if (!text.empty() && text.front() == '<') text.remove_prefix(1);
    text = text.substr(0, text.find('>'));
    for (const std::string_view scheme : {"sip:", "sips:"})
        if (same_name(text.substr(0, scheme.size()), scheme)) text.remove_prefix(scheme.size());
    text = text.substr(0, text.find('@'));
    return std::string(text.substr(0, text.find(';')));
}

}  // namespace

std::string dedupe_key(std::string_view type, std::string_view conversation_id) {
    return std::string(type) + ":" + std::string(conversation_id);
}

std::string id_at(const Json& object, const char* name) {
    std::string id = text_at(object, name, max_id_bytes + 1);
    const bool fits = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
    return fits && id.size() <= max_id_bytes ? id : std::string();
}

std::string address_of(std::string text, std::string_view line_id) {
    static constexpr std::array<std::string_view, 5> withheld{"anonymous", "restricted",
                                                              "unavailable", "unknown", "private"};
    const bool is_sip = text.find('@') != std::string::npos ||
                        same_name(std::string_view(text).substr(0, 4), "sip:") ||
                        same_name(std::string_view(text).substr(0, 5), "sips:") ||
                        text.rfind('<', 0) == 0;
    if (is_sip) {
        const std::string user = sip_user(text);
        const std::string_view number =
            std::string_view(user).substr(user.rfind('+', 0) == 0 ? 1 : 0);
        if (is_digits(number)) text = user;
        // RFC 3323, 4.1.1.3: a caller who withholds the number.
        for (const std::string_view word : withheld)
            if (same_name(user, word)) return {};
    }
    for (const std::string_view word : withheld)
        if (same_name(text, word)) return {};
    if (text.size() > max_address_bytes) return {};
    // Twilio has all its numbers in E.164, so that only the plus can be missing. No country's
    // code begins with 0 (ITU-T E.164), and below 11 digits it may be a national number.
    const bool by_twilio = line_id.substr(0, 2) == "CA";
    if (by_twilio && is_digits(text) && text.front() != '0' && text.size() >= 11 &&
        text.size() <= 15)
        text.insert(text.begin(), '+');
    return text;
}

Kind kind_of(const Json& conversation) {
    const Json& metadata = member(conversation, "metadata");
    if (user_of(conversation).rfind(turn_mark, 0) == 0) return Kind::OwnTurn;
    if (member(metadata, "phone_call").is_object()) return Kind::Call;
    const std::string source = text_at(metadata, "conversation_initiation_source", max_word_bytes);
    if (member(metadata, "sms").is_object() || member(metadata, "whatsapp").is_object() ||
        source == "twilio_sms" || source == "whatsapp")
        return Kind::NativeText;
    if (is_true(metadata, "text_only")) return Kind::NoCall;
    // A body that lacks more than it should is still about a call, if nothing says otherwise.
    const bool says_nothing = source.empty() || source == "unknown";
    return says_nothing || is_telephony(source) ? Kind::Call : Kind::NoCall;
}

bool is_telephony(std::string_view source) {
    static constexpr std::array<std::string_view, 6> words{"twilio",  "sip_trunk", "exotel",
                                                           "genesys", "avaya",     "audiocodes"};
    return is_one_of(source, words);
}

std::optional<CallEnded> ended_call(const Json& conversation, Origin origin) {
    CallEnded call;
    call.conversation_id = id_at(conversation, "conversation_id");
    read_line(call, conversation);
    if (call.conversation_id.empty() && call.call_id.empty()) return std::nullopt;
    const std::string& id = call.conversation_id.empty() ? call.call_id : call.conversation_id;
    call.dedupe_key = dedupe_key(transcription_type, id);
    call.our_call_id = our_call_id(conversation, call.direction);
    const Json& metadata = member(conversation, "metadata");
    const std::int64_t start = number_at(metadata, "start_time_unix_secs").value_or(0);
    call.duration_s = seconds_at(metadata, "call_duration_secs");
    // What happened is the end.
    if (start > 0 && start < latest_s) call.happened_at = (start + call.duration_s) * 1000;
    call.outcome = outcome_of(conversation);
    call.turns = turns_of(conversation);
    const Json& analysis = member(conversation, "analysis");
    call.summary = text_at(analysis, "transcript_summary", max_summary_bytes);
    call.analysis_json = analysis_of(analysis);
    if (call.outcome == CallOutcome::Failure)
        call.failure_reason = text_at(member(metadata, "error"), "reason", max_reason_bytes);

    const std::string reason = not_connected(conversation, call);
    if (reason.empty()) return call;
    call.outcome = CallOutcome::NeverConnected;
    call.failure_reason = reason;
    // Its webhook was another one, with less in it.
    if (origin == Origin::Fetched) {
        call.dedupe_key = dedupe_key(failure_type, id);
        call.duration_s = 0;
        call.summary.clear();
        call.analysis_json.clear();
    }
    return call;
}

std::optional<CallEnded> failed_call(const Json& failure, tandem_time happened_at) {
    CallEnded call;
    const Json& metadata = member(failure, "metadata");
    const Json& body = member(metadata, "body");
    const bool by_sip = text_at(metadata, "type", max_word_bytes) == "sip";
    call.conversation_id = id_at(failure, "conversation_id");
    call.call_id = id_at(body, by_sip ? "call_sid" : "CallSid");
    if (call.conversation_id.empty() && call.call_id.empty()) return std::nullopt;
    call.dedupe_key = dedupe_key(
        failure_type, call.conversation_id.empty() ? call.call_id : call.conversation_id);
    call.happened_at = happened_at;
    call.direction = Direction::Outbound;
    call.outcome = CallOutcome::NeverConnected;
    call.our_call_id = our_call_id(failure, call.direction);
    const char* from = by_sip ? "from_number" : "From";
    const char* to = by_sip ? "to_number" : "To";
    call.business_address = address_of(text_at(body, from, max_address_bytes * 2), call.call_id);
    call.customer_address = address_of(text_at(body, to, max_address_bytes * 2), call.call_id);
    call.failure_reason = text_at(failure, "failure_reason", max_reason_bytes);
    const std::string detail = text_at(body, "error_reason", max_reason_bytes);
    const bool says_little = call.failure_reason.empty() || call.failure_reason == "unknown";
    if (says_little && !detail.empty()) call.failure_reason = detail;
    if (call.failure_reason.empty()) call.failure_reason = "unknown";
    return call;
}

}  // namespace tandem::elevenlabs
