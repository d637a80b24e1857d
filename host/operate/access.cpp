#include <iostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "operate/asking.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

std::string word(const Json& row, const char* name) {
    const auto found = row.find(name);
    if (found == row.end() || found->is_null()) return "-";
    return shown(found->is_string() ? found->get<std::string>() : found->dump());
}

/// What the verbs of this file begin with.
struct Way {
    std::string organization;
    std::unique_ptr<Reach> gateway;
    int exit = success;
};

Way way_of(const Call& call) {
    Way way;
    const auto settings = usable_settings(call);
    if (!settings) {
        way.exit = wrong_settings;
        return way;
    }
    const auto organization = organization_of(call, *settings);
    if (!organization) {
        way.exit = wrong_usage;
        return way;
    }
    way.organization = *organization;
    way.gateway = reached(call, *settings, way.exit);
    return way;
}

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
    Way way = way_of(call);
    if (!way.gateway) return way.exit;
    Json body;
    if (call.has("--token")) body["tokenId"] = call.option("--token");
    if (call.has("--sub")) body["subject"] = call.option("--sub");
    if (call.has("--reason")) body["reason"] = call.option("--reason");
    Json answer;
    const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    const int exit = ask(
        call, *way.gateway,
        {way.organization, "POST", "/api/revocations", "", "", text, "application/json"}, answer);
    if (exit != success) return exit;
    call.out << word(answer["data"]["revocation"], "id") << " is revoked\n";
    return success;
}

int restore(const Call& call) {
    Way way = way_of(call);
    if (!way.gateway) return way.exit;
    for (const std::string& id : call.words) {
        Json answer;
        const int exit =
            ask(call, *way.gateway,
                {way.organization, "DELETE", "/api/revocations/{id}", id, "", "", ""}, answer);
        if (exit != success) return exit;
        call.out << shown(id) << " is no longer revoked\n";
    }
    return success;
}

int list_revocations(const Call& call) {
    Way way = way_of(call);
    if (!way.gateway) return way.exit;
    Json answer;
    const int exit = ask(call, *way.gateway,
                         {way.organization, "GET", "/api/revocations", "", "", "", ""}, answer);
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
    Way way = way_of(call);
    if (!way.gateway) return way.exit;
    std::string cursor;
    do {
        Errand errand{way.organization, "GET", "/api/audit", "", "", "", ""};
        errand.query = "limit=" + std::to_string(rows_a_page);
        if (!cursor.empty()) errand.query += "&cursor=" + query_value(cursor);
        Json answer;
        const int exit = ask(call, *way.gateway, errand, answer);
        if (exit != success) return exit;
        for (const Json& line : answer["data"]["lines"]) {
            const auto at = parse_iso8601(line["timestamp"].get<std::string>());
            if (at && *at < *since) return success;  // the rest is older still
            if (!wanted(call, line)) continue;
            if (call.has("--json"))
                call.out << line.dump() << "\n";
            else
                call.out << word(line, "timestamp") << "  " << word(line, "actor") << "  "
                         << word(line, "action") << "  " << word(line, "phoneNumber") << "  "
                         << word(line, "subject") << "\n";
        }
        const Json& next = answer["pagination"]["nextCursor"];
        cursor = next.is_string() ? next.get<std::string>() : "";
    } while (!cursor.empty());
    return success;
}

}  // namespace tandem::operate
