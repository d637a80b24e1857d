#include "deliver/routes.h"

#include <string>
#include <utility>

#include "publish/screen_json.h"
#include "serve/cursor.h"
#include "serve/refuse.h"

namespace tandem::deliver {

namespace {

using publish::Json;
using publish::text;
using publish::text_or_null;

std::string list_of(const std::string& state) {
    return "outbox " + state;
}

Json time_or_null(Time time) {
    return time == Time{} ? Json() : Json(iso8601(time));
}

const char* word(store::OwedKind kind) {
    switch (kind) {
        case store::OwedKind::AiTurn: return "ai_turn";
        case store::OwedKind::Send: return "send";
        case store::OwedKind::Call: return "call";
    }
    return "other";
}

Json json_of(const Outbox::Entry& entry) {
    const store::Owed& owed = entry.owed;
    const auto& message = entry.message;
    return {{"id", owed.id},
            {"kind", word(owed.kind)},
            {"state", owed.dead ? "dead" : "waiting"},
            {"phoneNumber", owed.address},
            {"provider", text_or_null(owed.instance)},
            {"subjectId", text_or_null(owed.subject_id)},
            {"messageStatus", message ? Json(domain::word(message->delivery)) : Json()},
            {"attempts", owed.attempts},
            {"dueAt", time_or_null(owed.due_at)},
            {"expiresAt", time_or_null(owed.expires_at)},
            {"claimedUntil", time_or_null(owed.lease_until)},
            {"lastError", text_or_null(owed.last_error)}};
}

serve::Response answer_of(const Error& error) {
    switch (error.code) {
        case Code::NotFound:
            return serve::problem(
                {.status = 404, .code = "NOT_FOUND", .detail = "There is no such entry."});
        case Code::Conflict:
            return serve::problem(
                {.status = 409, .code = "OUTBOX_BUSY", .detail = "Not now: " + error.text + "."});
        case Code::Unsupported:
            return serve::problem({.status = 501,
                                   .code = "NOT_IMPLEMENTED",
                                   .detail = "The store does not list what is owed."});
        case Code::Internal:
            return serve::problem({.status = 500,
                                   .code = "INTERNAL_ERROR",
                                   .detail = "The store refused the change."});
        default:
            return serve::problem({.status = 503,
                                   .code = "STORAGE_UNAVAILABLE",
                                   .detail = "The storage does not answer.",
                                   .retry_after_s = 1});
    }
}

serve::Response list(const Outbox& outbox, const serve::Request& request) {
    const domain::OrganizationId& organization = request.identity->organization;
    const std::string state = request.query("state").value_or("dead");
    if (state != "dead" && state != "waiting")
        serve::refuse_field("state", "must be dead or waiting");
    const unsigned limit =
        serve::query_number(request, "limit", serve::default_limit, serve::max_limit);
    const std::string cursor = request.query("cursor").value_or("");
    std::string after;
    if (!cursor.empty()) after = serve::parse_cursor(cursor, organization, list_of(state)).key;
    const auto entries = outbox.list(organization, state == "dead", after, limit);
    if (!entries) return answer_of(entries.error());
    Json rows = Json::array();
    for (const Outbox::Entry& entry : *entries) rows.push_back(json_of(entry));
    Json pagination{{"limit", limit}, {"nextCursor", nullptr}};
    if (entries->size() == limit)
        pagination["nextCursor"] = serve::to_text(serve::Cursor{{}, entries->back().owed.id},
                                                  organization, list_of(state));
    return serve::success("What is owed", text({{"entries", std::move(rows)}}), 200,
                          text(pagination));
}

serve::Response show(const Outbox& outbox, const serve::Request& request) {
    const domain::OrganizationId& organization = request.identity->organization;
    const auto entry = outbox.entry(organization, std::string(request.path_parameter("id")));
    if (!entry) return answer_of(entry.error());
    const auto lines = outbox.history(organization, *entry);
    if (!lines) return answer_of(lines.error());
    Json history = Json::array();
    for (const store::Status& line : *lines) history.push_back(publish::status_object(line));
    return serve::success("What is owed",
                          text({{"entry", json_of(*entry)}, {"history", std::move(history)}}));
}

serve::Response retry(const Outbox& outbox, const serve::Request& request) {
    const std::string id(request.path_parameter("id"));
    const auto done = outbox.retry(request.identity->organization, id, request.identity->subject);
    if (!done) return answer_of(done.error());
    return serve::success("Due again", text({{"id", id}}));
}

serve::Response drop(const Outbox& outbox, const serve::Request& request) {
    const std::string id(request.path_parameter("id"));
    const auto done = outbox.drop(request.identity->organization, id, request.identity->subject);
    if (!done) return answer_of(done.error());
    return serve::success("Dropped", text({{"id", id}}));
}

}  // namespace

std::vector<serve::Route> outbox_routes(const Outbox& outbox) {
    using Verb = serve::Response (*)(const Outbox&, const serve::Request&);
    const auto route = [&outbox](const char* method, const char* pattern, Verb verb,
                                 serve::Described described) {
        serve::Route made{.method = method, .pattern = pattern};
        made.permission = "admin";
        described.tag = "outbox";
        // A store may not know how to list what is owed.
        described.errors.emplace_back("NOT_IMPLEMENTED");
        made.described = std::move(described);
        made.handler = [&outbox, verb](serve::Request request, serve::Responder responder) {
            serve::answer_with(responder, [&] { return verb(outbox, request); });
        };
        return made;
    };
    using Kind = serve::QueryParameter::Kind;
    serve::Described listed{.id = "listOutbox", .summary = "What is owed to providers", .tag = {}};
    listed.query = {{"state", "Given up, or still waiting", Kind::Words, 0, {"dead", "waiting"}},
                    {"limit", "Rows of a page; 50", Kind::Number, serve::max_limit, {}},
                    {"cursor", "The nextCursor of the page before", Kind::Text, 0, {}}};
    listed.answer = "OutboxList";
    listed.pagination = "CursorPagination";
    const auto one = [](const char* id, const char* summary, const char* answer, bool changes) {
        serve::Described made{.id = id, .summary = summary, .tag = {}};
        made.answer = answer;
        made.errors = {"NOT_FOUND"};
        if (changes) made.errors.emplace_back("OUTBOX_BUSY");
        return made;
    };
    return {route("GET", "/api/outbox", list, std::move(listed)),
            route("GET", "/api/outbox/{id}", show,
                  one("getOwed", "One thing that is owed", "OutboxDetail", false)),
            route("POST", "/api/outbox/{id}/retry", retry,
                  one("retryOwed", "Tries it again", "OutboxDone", true)),
            route("DELETE", "/api/outbox/{id}", drop,
                  one("dropOwed", "Gives it up", "OutboxDone", true))};
}

}  // namespace tandem::deliver
