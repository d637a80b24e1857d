#include <iomanip>
#include <iostream>

#include "operate/asking.h"

#include <nlohmann/json.hpp>

namespace tandem::operate {

namespace {

/// Amounts of money are texts already.
std::string word(const Json& value) {
    if (value.is_null()) return "-";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

int tell_limits(const Call& call) {
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    Json answer;
    exit = ask(call, *place->gateway, {place->organization, "GET", "/api/limits", "", "", "", ""},
               answer);
    if (exit != success) return exit;
    const Json& data = answer["data"];
    if (call.has("--json")) {
        call.out << data.dump() << "\n";
        return success;
    }
    if (!data["counted"].get<bool>()) {
        call.out << shown(place->organization)
                 << " has no cap and no price, so nothing is counted\n";
        return success;
    }
    const auto line = [&call](const char* what, const auto& spent, const auto& reserved,
                              const auto& cap) {
        call.out << std::left << std::setw(12) << what << std::right << std::setw(14) << spent
                 << std::setw(14) << reserved << std::setw(14) << cap << "\n";
    };
    call.out << "until " << word(data["endsAt"]) << "\n";
    line("", "spent", "reserved", "cap");
    for (const char* what : {"messages", "segments", "calls", "callMinutes", "cost"}) {
        const Json& one = data[what];
        line(what, word(one["spent"]), word(one["reserved"]), word(one["cap"]));
    }
    return success;
}

}  // namespace tandem::operate
