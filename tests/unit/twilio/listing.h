#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "instance.h"

/// Lists of messages as Twilio writes them, newest first.
namespace tandem::twilio::testing {

using Json = nlohmann::json;

inline Json listed(const std::string& id, const std::string& body, const std::string& date) {
    return {{"sid", "SM" + std::string(32 - id.size(), '0') + id},
            {"from", "+14155550100"},
            {"to", "+14155550199"},
            {"body", body},
            {"status", "sent"},
            {"direction", "outbound-api"},
            {"error_code", nullptr},
            {"num_segments", "1"},
            {"num_media", "0"},
            {"date_created", date},
            {"date_sent", date}};
}

inline Json changed(Json message, const Json& with) {
    message.update(with);
    return message;
}

inline std::string page(const std::vector<Json>& messages, const Json& next = nullptr) {
    return Json{{"messages", messages}, {"page", 0}, {"next_page_uri", next}}.dump();
}

}  // namespace tandem::twilio::testing
