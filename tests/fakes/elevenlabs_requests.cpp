#include <algorithm>
#include <ctime>
#include <set>

#include "fakes/elevenlabs.h"

namespace tandem::fakes {

namespace {

bool is_flat(const Json& value) {
    return value.is_string() || value.is_number() || value.is_boolean();
}

std::string override_problem(const Json& override) {
    if (!override.is_object()) return "conversation_config_override is no object";
    static const std::set<std::string> groups{"agent", "tts", "conversation", "turn", "asr"};
    for (const auto& [name, group] : override.items()) {
        if (!groups.count(name)) return "conversation_config_override has no " + name;
        if (!group.is_object()) return name + " is no object";
        for (const auto& [field, value] : group.items())
            if (value.is_null()) return name + "." + field + " is null instead of absent";
    }
    const Json conversation = override.value("conversation", Json::object());
    if (conversation.contains("text_only") && !conversation.at("text_only").is_boolean())
        return "text_only is no boolean";
    return {};
}

}  // namespace

std::string client_data_problem(const Json& data, const std::vector<std::string>& more) {
    if (!data.is_object()) return "the client data is no object";
    static const std::set<std::string> names{"conversation_config_override",
                                             "custom_llm_extra_body",
                                             "user_id",
                                             "source_info",
                                             "branch_id",
                                             "environment",
                                             "starting_workflow_node_id",
                                             "procedure_ids",
                                             "dynamic_variables"};
    for (const auto& [name, value] : data.items())
        if (!names.count(name) && std::find(more.begin(), more.end(), name) == more.end())
            return "the client data has no " + name;
    if (data.contains("user_id") && !data.at("user_id").is_string()) return "user_id is no string";
    const Json variables = data.value("dynamic_variables", Json::object());
    if (!variables.is_object()) return "dynamic_variables is no object";
    for (const auto& [name, value] : variables.items()) {
        if (!is_flat(value)) return "the variable " + name + " is no string, number or boolean";
        if (name.rfind("system__", 0) == 0) return "the variable " + name + " is reserved";
    }
    if (!data.contains("conversation_config_override")) return {};
    return override_problem(data.at("conversation_config_override"));
}

void ElevenLabs::check_outbound(const Json& body) const {
    for (const char* name : {"agent_id", "agent_phone_number_id", "to_number"}) {
        if (!body.contains(name)) invalid({name}, std::string("Field required: ") + name);
        if (!body.at(name).is_string())
            invalid({name}, std::string("Input should be a valid string: ") + name);
    }
    static const std::set<std::string> names{"agent_id",
                                             "agent_phone_number_id",
                                             "to_number",
                                             "conversation_initiation_client_data",
                                             "call_recording_enabled",
                                             "telephony_call_config"};
    for (const auto& [name, value] : body.items())
        if (!names.count(name)) invalid({name}, "no field " + name);
    if (!is_e164(body.at("to_number"))) invalid({"to_number"}, "to_number is not E.164");
    if (body.at("agent_id") != account_.agent_id)
        throw Refusal{error(404, 0, "no such agent"), "the agent of somebody else"};
    if (body.at("agent_phone_number_id") != account_.phone_number_id)
        throw Refusal{error(404, 0, "no such phone number"), "the number of somebody else"};
    if (body.contains("call_recording_enabled") && !body.at("call_recording_enabled").is_null() &&
        !body.at("call_recording_enabled").is_boolean())
        invalid({"call_recording_enabled"}, "call_recording_enabled is no boolean");
    const Json telephony = body.value("telephony_call_config", Json::object());
    const Json ring = telephony.value("ringing_timeout_secs", Json(60));
    if (!ring.is_number_integer() || ring < 1 || ring > 999)
        invalid({"telephony_call_config"}, "ringing_timeout_secs is not 1 to 999");
    if (!body.contains("conversation_initiation_client_data")) return;
    const std::string problem =
        client_data_problem(body.at("conversation_initiation_client_data"), {});
    if (!problem.empty()) invalid({"conversation_initiation_client_data"}, problem);
}

Provider::Done ElevenLabs::call_out(const Json& body) {
    const Json data = body.value("conversation_initiation_client_data", Json::object());
    Conversation call;
    call.id = new_id("conv_");
    call.call_sid = new_id("CA");
    call.user_id = data.value("user_id", "");
    call.status = "initiated";
    call.direction = "outbound";
    call.source = "twilio";
    call.external_number = body.at("to_number");
    call.client_data = data;
    call.start = now();
    keep(call);
    const Json answer{{"success", true},
                      {"message", "Call initiated"},
                      {"conversation_id", call.id},
                      {"callSid", call.call_sid}};
    return {{200, answer.dump(), "application/json", {}}, call.id};
}

void ElevenLabs::check_list(const Pairs& query) const {
    static const std::set<std::string> names{"cursor",
                                             "page_size",
                                             "agent_id",
                                             "user_id",
                                             "search",
                                             "call_start_after_unix",
                                             "summary_mode",
                                             "text_only",
                                             "call_start_before_unix",
                                             "exclude_statuses",
                                             "branch_id",
                                             "call_duration_min_secs",
                                             "sort_direction",
                                             "tag_ids",
                                             "call_duration_max_secs",
                                             "call_successful",
                                             "termination_reasons",
                                             "conversation_initiation_source"};
    for (const auto& [name, value] : query) {
        bool good = names.count(name) > 0;
        if (name.find("_unix") != std::string::npos || name.find("_secs") != std::string::npos)
            good = all_digits(value);
        if (name == "page_size")
            good = all_digits(value) && std::stoi(value) >= 1 && std::stoi(value) <= 100;
        if (name == "sort_direction") good = value == "asc" || value == "desc";
        if (name == "summary_mode") good = value == "exclude" || value == "include";
        if (!good) invalid({name}, "the parameter " + name + " cannot be " + value);
    }
}

Json ElevenLabs::list(const Pairs& query) const {
    std::map<std::string, std::string> wanted(query.begin(), query.end());
    const auto number = [&](const char* name, long otherwise) {
        return wanted.count(name) ? std::stol(wanted.at(name)) : otherwise;
    };
    std::vector<Json> found;
    for (const Conversation& one : conversations_) {
        if (one.start < number("call_start_after_unix", 0)) continue;
        if (one.start > number("call_start_before_unix", one.start)) continue;
        if (wanted.count("user_id") && wanted.at("user_id") != one.user_id) continue;
        if (wanted.count("text_only") && (wanted.at("text_only") == "true") != one.text_only)
            continue;
        if (wanted.count("agent_id") && wanted.at("agent_id") != account_.agent_id) continue;
        bool excluded = false;
        for (const auto& [name, value] : query)
            excluded = excluded || (name == "exclude_statuses" && value == one.status);
        if (excluded) continue;
        found.push_back({{"agent_id", account_.agent_id},
                         {"agent_name", "Shop"},
                         {"conversation_id", one.id},
                         {"start_time_unix_secs", one.start},
                         {"call_duration_secs", one.duration},
                         {"message_count", one.turns.size()},
                         {"status", one.status},
                         {"call_successful", one.success},
                         {"direction", one.direction.empty() ? Json() : Json(one.direction)},
                         {"termination_reason", one.termination}});
    }
    const bool ascending = wanted.count("sort_direction") && wanted.at("sort_direction") == "asc";
    std::stable_sort(found.begin(), found.end(), [&](const Json& left, const Json& right) {
        const long one = left.at("start_time_unix_secs"), other = right.at("start_time_unix_secs");
        return ascending ? one < other : other < one;
    });
    const size_t begin = std::min(static_cast<size_t>(number("cursor", 0)), found.size());
    const size_t end = std::min(begin + static_cast<size_t>(number("page_size", 30)), found.size());
    return {{"conversations", std::vector<Json>(found.begin() + static_cast<long>(begin),
                                                found.begin() + static_cast<long>(end))},
            {"next_cursor", end < found.size() ? Json(std::to_string(end)) : Json()},
            {"has_more", end < found.size()}};
}

}  // namespace tandem::fakes
