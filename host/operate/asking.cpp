#include "operate/asking.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/nearest.h"

namespace tandem::operate {

namespace {

/// Of --org; nothing, with a message, if that is not clear.
std::optional<std::string> organization_of(const Call& call, const settings::Settings& settings) {
    const std::string chosen = call.option("--org");
    std::vector<std::string> ids;
    for (const auto& one : settings.organizations) ids.push_back(one.id);
    if (chosen.empty() && ids.size() == 1) return ids.front();
    if (std::find(ids.begin(), ids.end(), chosen) != ids.end()) return chosen;
    call.err << "tandemctl: --org is needed, one of:";
    for (const std::string& id : ids) call.err << " " << id;
    const std::string near = nearest(chosen, ids);
    call.err << (near.empty() ? "" : "; did you mean " + near + "?") << "\n";
    return std::nullopt;
}

}  // namespace

std::optional<Place> place_of(const Call& call, int& exit) {
    auto settings = usable_settings(call);
    if (!settings) {
        exit = wrong_settings;
        return std::nullopt;
    }
    const auto organization = organization_of(call, *settings);
    if (!organization) {
        exit = wrong_usage;
        return std::nullopt;
    }
    auto gateway = reach(*settings);
    if (!gateway) {
        call.err << "tandemctl: " << gateway.error().text << "\n";
        exit = exit_of(gateway.error().code);
        return std::nullopt;
    }
    return Place{std::move(*settings), *organization, std::move(*gateway)};
}

int exit_of_answer(int status) {
    switch (status) {
        case 404: return no_input;
        case 409:
        case 429: return try_again;
        case 401:
        case 403: return no_permission;
        case 400: return wrong_usage;
        default: return unavailable;
    }
}

int ask(const Call& call, Reach& gateway, const Errand& errand, Json& answer) {
    const auto reply = gateway.ask(errand);
    if (!reply) {
        call.err << "tandemctl: " << reply.error().text << "\n";
        return exit_of(reply.error().code);
    }
    answer = Json::parse(reply->body, nullptr, false);
    if (!answer.is_object()) {
        call.err << "tandemctl: the gateway answered " << reply->status << " without JSON\n";
        return internal;
    }
    if (reply->status < 300) return success;
    call.err << "tandemctl: " << answer.value("detail", std::string("refused")) << "\n";
    return exit_of_answer(reply->status);
}

int ask_pages(const Call& call, const Place& place, const std::string& pattern,
              const std::string& query, const EachPage& each) {
    std::string cursor;
    do {
        Errand errand{place.organization, "GET", pattern, "", query, "", ""};
        errand.query += (query.empty() ? "limit=" : "&limit=") + std::to_string(rows_a_page);
        if (!cursor.empty()) errand.query += "&cursor=" + query_value(cursor);
        Json answer;
        if (const int exit = ask(call, *place.gateway, errand, answer); exit != success)
            return exit;
        if (const auto exit = each(answer["data"])) return *exit;
        cursor = text_of(answer["pagination"], "nextCursor");
    } while (!cursor.empty());
    return success;
}

std::string text_of(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string query_value(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char letter : text) {
        out += '%';
        out += digits[static_cast<unsigned char>(letter) >> 4];
        out += digits[static_cast<unsigned char>(letter) & 15];
    }
    return out;
}

std::string shown(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        // U+0080 to U+009F steer terminals too.
        const bool second =
            byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
        if (second) ++at;
        out += byte < 0x20 || byte == 0x7f || second ? ' ' : text[at];
    }
    return out;
}

std::string word(const Json& row, const char* name) {
    const auto found = row.find(name);
    if (found == row.end() || found->is_null()) return "-";
    return shown(found->is_string() ? found->get<std::string>() : found->dump());
}

}  // namespace tandem::operate
