#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>

#include "operate/asking.h"

namespace tandem::operate {

namespace {

/// What may stand in a request's line as it is; ids of rows are no more than this.
bool is_id(const std::string& word) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return !word.empty() && word.size() <= 128 &&
           word.find_first_not_of(letters) == std::string::npos;
}

/// Ids that stand on a command line; false, with a message, if one is none.
bool are_ids(const Call& call) {
    const auto odd = std::find_if_not(call.words.begin(), call.words.end(), is_id);
    if (odd == call.words.end()) return true;
    call.err << "tandemctl: " << *odd << " is no id of an entry\n";
    return false;
}

void print_row(std::ostream& out, const Json& row) {
    out << word(row, "id") << "  " << word(row, "state") << "  " << word(row, "kind") << "  "
        << word(row, "phoneNumber") << "  " << word(row, "messageStatus") << "  tries "
        << word(row, "attempts") << "  due " << word(row, "dueAt") << "  " << word(row, "lastError")
        << "\n";
}

int one_deed(const Call& call, const char* method, const char* pattern, const char* done) {
    if (!are_ids(call)) return wrong_usage;
    int worst = success;
    const auto place = place_of(call, worst);
    if (!place) return worst;
    for (const std::string& id : call.words) {
        Json answer;
        const int exit = ask(call, *place->gateway,
                             {place->organization, method, pattern, id, "", "", ""}, answer);
        if (exit == success)
            call.out << id << " " << done << "\n";
        else
            worst = exit;
    }
    return worst;
}

}  // namespace

int list_outbox(const Call& call) {
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    const std::string query = call.has("--waiting") ? "state=waiting" : "state=dead";
    return ask_pages(call, *place, "/api/outbox", query, [&](Json& data) {
        for (const Json& row : data["entries"]) {
            if (call.has("--json"))
                call.out << row.dump() << "\n";
            else
                print_row(call.out, row);
        }
        return std::optional<int>();
    });
}

int show_outbox(const Call& call) {
    if (!are_ids(call)) return wrong_usage;
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    for (const std::string& id : call.words) {
        Json answer;
        exit = ask(call, *place->gateway,
                   {place->organization, "GET", "/api/outbox/{id}", id, "", "", ""}, answer);
        if (exit != success) return exit;
        if (call.has("--json")) {
            call.out << answer["data"].dump() << "\n";
            continue;
        }
        for (const auto& [name, value] : answer["data"]["entry"].items())
            call.out << name << ": "
                     << shown(value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
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
