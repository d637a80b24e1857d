#include "answers.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "date.hpp"
#include "tandem/plugin/failure.hpp"

namespace tandem::twilio {

namespace {

using Json = nlohmann::json;

// Twilio nests a handful of levels; a parser that recurses dies of a million.
constexpr int max_depth = 64;
constexpr std::size_t max_error_bytes = 300;
// A phone number has at least this many digits; years, codes and counts have fewer.
constexpr std::size_t phone_digits = 7;

/// The text as JSON; null for one that is broken, deep or has a name twice in an object.
Json parsed(std::string_view text) {
    std::vector<std::set<std::string>> names;
    bool wrong = false;
    const auto guard = [&](int depth, Json::parse_event_t event, Json& value) {
        if (depth > max_depth) wrong = true;
        if (wrong) return false;
        if (event == Json::parse_event_t::object_start) names.emplace_back();
        if (event == Json::parse_event_t::object_end) names.pop_back();
        if (event == Json::parse_event_t::key &&
            !names.back().insert(value.get<std::string>()).second)
            wrong = true;
        return !wrong;
    };
    Json json = Json::parse(text, guard, false);
    return wrong || json.is_discarded() ? Json() : json;
}

/// A member as text; empty where it is absent, null or nested.
std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) return {};
    if (found->is_string()) return found->get<std::string>();
    return found->is_number() ? found->dump() : std::string();
}

unsigned number_of(const Json& object, const char* name) {
    const std::string text = text_of(object, name);
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc() && end == text.data() + text.size() ? number : 0;
}

tandem_time date_of(const Json& object, const char* name) {
    return read_date(text_of(object, name)).value_or(0);
}

std::string shortened(std::string text) {
    text.resize(plugin::whole_characters(text, max_error_bytes));
    return text;
}

/// Runs of digits as long as a phone number's become stars and their last two.
std::string without_numbers(const std::string& text) {
    std::string clean;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
        if (end - at >= phone_digits) {
            clean += "***" + text.substr(end - 2, 2);
        } else if (end > at) {
            clean += text.substr(at, end - at);
        } else {
            clean.push_back(text[end++]);
        }
        at = end;
    }
    return clean;
}

std::optional<ApiMessage> message_of(const Json& object) {
    if (!object.is_object()) return std::nullopt;
    ApiMessage message;
    message.sid = text_of(object, "sid");
    if (!is_sid(message.sid, "SM") && !is_sid(message.sid, "MM")) return std::nullopt;
    message.from = text_of(object, "from");
    message.to = text_of(object, "to");
    message.body = text_of(object, "body");
    message.status = text_of(object, "status");
    message.direction = text_of(object, "direction");
    message.service_sid = text_of(object, "messaging_service_sid");
    message.error_code = shortened(text_of(object, "error_code"));
    message.error_text = shortened(without_numbers(text_of(object, "error_message")));
    message.segments = number_of(object, "num_segments");
    message.media = number_of(object, "num_media");
    message.created = date_of(object, "date_created");
    message.sent = date_of(object, "date_sent");
    return message;
}

/// The list of this name, and null where the answer has none.
const Json* list_of(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto list = object.find(name);
    return list != object.end() && list->is_array() ? &*list : nullptr;
}

}  // namespace

bool is_sid(std::string_view sid, std::string_view prefix) {
    if (sid.size() != 34 || sid.substr(0, 2) != prefix) return false;
    return std::all_of(sid.begin() + 2, sid.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') ||
               (letter >= 'A' && letter <= 'F');
    });
}

std::optional<ApiMessage> read_message(const std::string& body) {
    return message_of(parsed(body));
}

std::optional<MessagePage> read_message_page(const std::string& body) {
    const Json json = parsed(body);
    const Json* list = list_of(json, "messages");
    if (list == nullptr) return std::nullopt;
    MessagePage page;
    for (const Json& one : *list) {
        auto message = message_of(one);
        // A list with something else in it cannot prove that a message is not there.
        if (!message) return std::nullopt;
        page.messages.push_back(*std::move(message));
    }
    page.next_page_uri = text_of(json, "next_page_uri");
    return page;
}

std::optional<std::vector<ApiMedia>> read_media_list(const std::string& body) {
    const Json json = parsed(body);
    const Json* list = list_of(json, "media_list");
    if (list == nullptr) return std::nullopt;
    std::vector<ApiMedia> media;
    for (const Json& one : *list)
        if (one.is_object()) media.push_back({text_of(one, "sid"), text_of(one, "content_type")});
    return media;
}

std::optional<ApiCall> read_call(const std::string& body) {
    const Json json = parsed(body);
    if (!json.is_object() || text_of(json, "sid").rfind("CA", 0) != 0) return std::nullopt;
    return ApiCall{text_of(json, "from"), text_of(json, "to"), text_of(json, "direction"),
                   text_of(json, "status")};
}

Complaint read_complaint(const std::string& body) {
    const Json json = parsed(body);
    if (!json.is_object()) return {};
    return {shortened(text_of(json, "code")), shortened(without_numbers(text_of(json, "message")))};
}

std::optional<Form> read_parameters(std::string_view body, std::size_t max_fields) {
    const Json json = parsed(body);
    if (!json.is_object()) return std::nullopt;
    Form form;
    form.cut = json.size() > max_fields;
    for (const auto& [name, value] : json.items()) {
        if (form.fields.size() == max_fields) break;
        if (value.is_string())
            form.fields.emplace_back(name, value.get<std::string>());
        else if (value.is_primitive())
            form.fields.emplace_back(name, value.is_null() ? std::string() : value.dump());
    }
    return form;
}

}  // namespace tandem::twilio
