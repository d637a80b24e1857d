#include "receive/call_details.h"

#include <nlohmann/json.hpp>

namespace tandem::receive {

namespace {

using Json = nlohmann::json;

// An analysis is for a page of the console; a longer one stays with its provider.
constexpr size_t max_analysis_bytes = 256 * 1024;

Json object_of(const std::string& text) {
    Json parsed = Json::parse(text, nullptr, false);
    return parsed.is_object() ? parsed : Json::object();
}

Time time_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_integer()) return {};
    return Time{Milliseconds{found->get<int64_t>()}};
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

void put(Json& object, const char* name, Time time) {
    if (time != Time{}) object[name] = time.time_since_epoch().count();
}

void put(Json& object, const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
}

}  // namespace

CallDetails details_of(const domain::Call& call) {
    const Json record = object_of(call.record_json);
    const auto found = record.find("line");
    const Json line = found != record.end() && found->is_object() ? *found : Json::object();
    CallDetails details;
    details.ringing_at = time_of(line, "ringingAt");
    details.answered_at = time_of(line, "answeredAt");
    details.line_ended_at = time_of(line, "endedAt");
    details.line_word = text_of(line, "status");
    details.line_error = text_of(line, "errorCode");
    const auto duration = line.find("duration");
    if (duration != line.end() && duration->is_number_unsigned())
        details.line_duration_s = duration->get<unsigned>();
    details.failure_reason = text_of(record, "failureReason");
    details.analysis_json = text_of(record, "analysisJson");
    details.reason = text_of(record, "callReason");
    details.initiated_by = text_of(record, "initiatedBy");
    const std::string told = text_of(record, "ended");
    if (told == "bare") details.told = CallDetails::Told::Bare;
    if (told == "full") details.told = CallDetails::Told::Full;
    // A call that ended before its record said how.
    if (told.empty() && !call.active && call.ended_at != Time{})
        details.told = CallDetails::Told::Bare;
    return details;
}

void keep(domain::Call& call, const CallDetails& details) {
    Json record = object_of(call.record_json);
    Json line = Json::object();
    put(line, "ringingAt", details.ringing_at);
    put(line, "answeredAt", details.answered_at);
    put(line, "endedAt", details.line_ended_at);
    put(line, "status", details.line_word);
    put(line, "errorCode", details.line_error);
    if (details.line_duration_s > 0) line["duration"] = details.line_duration_s;
    if (!line.empty()) record["line"] = std::move(line);
    put(record, "failureReason", details.failure_reason);
    if (details.analysis_json.size() <= max_analysis_bytes)
        put(record, "analysisJson", details.analysis_json);
    if (details.told == CallDetails::Told::Bare) record["ended"] = "bare";
    if (details.told == CallDetails::Told::Full) record["ended"] = "full";
    call.record_json = record.empty() ? std::string()
                                      : record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tandem::receive
