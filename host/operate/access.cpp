#include <iostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "operate/asking.h"

namespace tandem::operate {

namespace {

bool wanted(const Call& call, const Json& line) {
    const std::string actor = call.option("--actor"), action = call.option("--action");
    return (actor.empty() || line["actor"] == actor) &&
           (action.empty() || line["action"] == action);
}

}  // namespace

int revoke(const Call& call) {
    if (call.has("--token") == call.has("--sub")) {
        call.err << "tandemctl revoke: --token ID or --sub NAME\n";
        return wrong_usage;
    }
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    Json body;
    if (call.has("--token")) body["tokenId"] = call.option("--token");
    if (call.has("--sub")) body["subject"] = call.option("--sub");
    if (call.has("--reason")) body["reason"] = call.option("--reason");
    Json answer;
    const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    exit = ask(call, *place->gateway,
               {place->organization, "POST", "/api/revocations", "", "", text, "application/json"},
               answer);
    if (exit != success) return exit;
    call.out << word(answer["data"]["revocation"], "id") << " is revoked\n";
    return success;
}

int restore(const Call& call) {
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    for (const std::string& id : call.words) {
        Json answer;
        exit = ask(call, *place->gateway,
                   {place->organization, "DELETE", "/api/revocations", "", "id=" + query_value(id),
                    "", ""},
                   answer);
        if (exit != success) return exit;
        call.out << shown(id) << " is no longer revoked\n";
    }
    return success;
}

int list_revocations(const Call& call) {
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    Json answer;
    exit = ask(call, *place->gateway,
               {place->organization, "GET", "/api/revocations", "", "", "", ""}, answer);
    if (exit != success) return exit;
    for (const Json& row : answer["data"]["revocations"]) {
        if (call.has("--json"))
            call.out << row.dump() << "\n";
        else
            call.out << word(row, "revokedAt") << "  " << word(row, "id") << "  "
                     << word(row, "revokedBy") << "  " << word(row, "reason") << "\n";
    }
    return success;
}

int audit(const Call& call) {
    const auto since = parse_iso8601(call.option("--since", "1970-01-01T00:00:00.000Z"));
    if (!since) {
        call.err << "tandemctl audit: --since: a time such as 2026-01-31T00:00:00.000Z\n";
        return wrong_usage;
    }
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    return ask_pages(call, *place, "/api/audit", "", [&](Json& data) {
        for (const Json& line : data["lines"]) {
            const auto at = parse_iso8601(line["timestamp"].get<std::string>());
            if (at && *at < *since) return std::optional<int>(success);  // the rest is older
            if (!wanted(call, line)) continue;
            if (call.has("--json"))
                call.out << line.dump() << "\n";
            else
                call.out << word(line, "timestamp") << "  " << word(line, "actor") << "  "
                         << word(line, "action") << "  " << word(line, "phoneNumber") << "  "
                         << word(line, "subject") << "\n";
        }
        return std::optional<int>();
    });
}

}  // namespace tandem::operate
