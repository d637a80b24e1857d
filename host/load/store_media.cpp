#include <nlohmann/json.hpp>

#include "load/store_records.h"

namespace tandem::load {

std::string media_json(const std::vector<domain::Media>& media) {
    if (media.empty()) return {};
    nlohmann::json list = nlohmann::json::array();
    for (const domain::Media& one : media)
        list.push_back({{"url", one.url}, {"contentType", one.content_type}});
    // A provider's bad bytes must not make a message impossible to keep.
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<domain::Media> media_of(std::string_view json) {
    std::vector<domain::Media> media;
    // Only what media_json made is ever stored: no depth, no member twice, no NUL behind it.
    const auto list = nlohmann::json::parse(json, nullptr, false);
    if (!list.is_array()) return media;
    for (const auto& one : list) {
        if (!one.is_object()) continue;
        const auto text = [&](const char* name) {
            const auto found = one.find(name);
            return found != one.end() && found->is_string() ? found->get<std::string>()
                                                            : std::string();
        };
        media.push_back({text("url"), text("contentType")});
    }
    return media;
}

}  // namespace tandem::load
