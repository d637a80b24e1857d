// What Twilio writes in JSON: answers of its API, and bodies of its JSON webhooks. One rule:
// a text that is not exactly what was agreed (broken, nested without end, a name twice) is
// nothing, and whoever asked treats it as garbage.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "form.hpp"
#include "tandem/abi/base.h"

namespace tandem::twilio {

/// A message as the API shows it; what is absent or null is empty or zero. Texts are UTF-8.
struct ApiMessage {
    std::string sid, from, to, body, status, direction, service_sid;
    std::string error_code, error_text;
    unsigned segments = 0, media = 0;
    tandem_time created = 0, sent = 0;
};
/// Nothing without a message's sid.
std::optional<ApiMessage> read_message(const std::string& body);

/// One page of a list, and the URI of the next, empty on the last one.
struct MessagePage {
    std::vector<ApiMessage> messages;
    std::string next_page_uri;
};
std::optional<MessagePage> read_message_page(const std::string& body);

struct ApiMedia {
    std::string sid, content_type;
};
std::optional<std::vector<ApiMedia>> read_media_list(const std::string& body);

struct ApiCall {
    std::string from, to, direction, status;
};
std::optional<ApiCall> read_call(const std::string& body);

/// Why Twilio refused: its code, and its words without anybody's phone number. Empty members
/// where the body is none of Twilio's.
struct Complaint {
    std::string code, words;
};
Complaint read_complaint(const std::string& body);

/// The parameters of a JSON webhook: an object of texts, numbers, yes or no, and null (empty).
/// What is nested is left out. Nothing for anything else, for instance a name twice.
std::optional<Form> read_parameters(std::string_view body, std::size_t max_fields);

/// The prefix of two letters and 32 hexadecimal digits.
bool is_sid(std::string_view sid, std::string_view prefix);

}  // namespace tandem::twilio
