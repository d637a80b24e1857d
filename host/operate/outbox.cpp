#include <algorithm>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "operate/reach.h"

namespace tandem::operate {

namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned rows_a_page = 200;

/// The organisation that is asked for; nothing, with a message, if that is not clear.
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

/// What may stand in a request's line as it is; ids of rows are no more than this.
bool is_id(const std::string& word) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return !word.empty() && word.size() <= 128 &&
           word.find_first_not_of(letters) == std::string::npos;
}

/// The answer's JSON, or an exit code with its message told.
int ask(const Call& call, const settings::Settings& settings, const Errand& errand, Json& answer) {
    if (!errand.id.empty() && !is_id(errand.id)) {
        call.err << "tandemctl: " << errand.id << " is no id of an entry\n";
        return wrong_usage;
    }
    const auto reply = run_errand(settings, errand);
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

std::string word(const Json& row, const char* name) {
    const auto found = row.find(name);
    if (found == row.end() || found->is_null()) return "-";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

void print_row(std::ostream& out, const Json& row) {
    out << word(row, "id") << "  " << word(row, "state") << "  " << word(row, "kind") << "  "
        << word(row, "phoneNumber") << "  " << word(row, "messageStatus") << "  tries "
        << word(row, "attempts") << "  due " << word(row, "dueAt") << "  " << word(row, "lastError")
        << "\n";
}

int one_deed(const Call& call, const char* method, const char* pattern, const char* done) {
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    const auto organization = organization_of(call, *settings);
    if (!organization) return wrong_usage;
    int worst = success;
    for (const std::string& id : call.words) {
        Json answer;
        const int exit = ask(call, *settings, {*organization, method, pattern, id, ""}, answer);
        if (exit == success)
            call.out << id << " " << done << "\n";
        else
            worst = exit;
    }
    return worst;
}

}  // namespace

int list_outbox(const Call& call) {
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    const auto organization = organization_of(call, *settings);
    if (!organization) return wrong_usage;
    const std::string state = call.has("--waiting") ? "waiting" : "dead";
    std::string cursor;
    do {
        Errand errand{*organization, "GET", "/api/outbox", "", ""};
        errand.query = "state=" + state + "&limit=" + std::to_string(rows_a_page);
        if (!cursor.empty()) errand.query += "&cursor=" + cursor;
        Json answer;
        if (const int exit = ask(call, *settings, errand, answer); exit != success) return exit;
        for (const Json& row : answer["data"]["entries"]) {
            if (call.has("--json"))
                call.out << row.dump() << "\n";
            else
                print_row(call.out, row);
        }
        const Json& next = answer["pagination"]["nextCursor"];
        cursor = next.is_string() ? next.get<std::string>() : "";
    } while (!cursor.empty());
    return success;
}

int show_outbox(const Call& call) {
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    const auto organization = organization_of(call, *settings);
    if (!organization) return wrong_usage;
    for (const std::string& id : call.words) {
        Json answer;
        const int exit =
            ask(call, *settings, {*organization, "GET", "/api/outbox/{id}", id, ""}, answer);
        if (exit != success) return exit;
        if (call.has("--json")) {
            call.out << answer["data"].dump() << "\n";
            continue;
        }
        for (const auto& [name, value] : answer["data"]["entry"].items())
            call.out << name << ": "
                     << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
        for (const Json& line : answer["data"]["history"])
            call.out << "  " << word(line, "timestamp") << "  " << word(line, "status") << "  "
                     << word(line, "errorCode") << "  " << word(line, "errorText") << "\n";
    }
    return success;
}

int retry_outbox(const Call& call) {
    return one_deed(call, "POST", "/api/outbox/{id}/retry", "is due again");
}

int drop_outbox(const Call& call) {
    return one_deed(call, "DELETE", "/api/outbox/{id}", "is dropped");
}

}  // namespace tandem::operate
