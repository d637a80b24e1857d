#include "admit/routes.h"

#include <utility>

#include "admit/admit.h"
#include "publish/screen_json.h"
#include "serve/json.h"
#include "serve/refuse.h"

namespace tandem::admit {

namespace {

using publish::Json;
using publish::text;
using publish::text_or_null;

constexpr size_t body_bytes = 4096;
constexpr size_t max_name_bytes = 256;
constexpr size_t max_reason_bytes = 500;

Json json_of(const Revocation& one) {
    Json json;
    json["id"] = one.id;
    json["tokenId"] = text_or_null(one.credential_id);
    json["subject"] = text_or_null(one.subject);
    json["issuedUntil"] = one.subject.empty() ? Json(nullptr) : Json(iso8601(one.at));
    json["reason"] = text_or_null(one.reason);
    json["revokedBy"] = text_or_null(one.actor);
    json["revokedAt"] = iso8601(one.at);
    json["expiresAt"] = iso8601(one.expires_at);
    return json;
}

[[noreturn]] void refuse_for(const Error& error) {
    if (error.code == Code::NotFound)
        serve::refuse(404, "NOT_FOUND", "Nothing of this id is revoked.");
    if (error.code == Code::Limited)
        serve::refuse(409, "REVOCATIONS_FULL",
                      "Too many revocations are remembered; change the key that signs tokens.");
    if (error.code == Code::Unsupported)
        serve::refuse(501, "NOT_IMPLEMENTED", "This gateway's storage keeps no revocations.");
    serve::refuse_without_storage();
}

serve::Response list(Revocations& revocations, const serve::Request& request) {
    const auto known = revocations.list(request.identity->organization);
    if (!known) refuse_for(known.error());
    Json rows = Json::array();
    for (const Revocation& one : *known) rows.push_back(json_of(one));
    return serve::success("What was revoked", text({{"revocations", std::move(rows)}}));
}

serve::Response revoke(Revocations& revocations, const serve::Request& request) {
    serve::Members asked(request.body);
    Revocation wanted;
    wanted.credential_id = asked.text("tokenId", max_name_bytes);
    wanted.subject = asked.text("subject", max_name_bytes);
    wanted.reason = asked.text("reason", max_reason_bytes);
    const std::string named = asked.text("organizationId", max_name_bytes);
    if (auto problem = asked.problem()) throw serve::Refused{std::move(*problem)};
    if (!same_organization(*request.identity, named))
        serve::refuse(403, "ORGANIZATION_ACCESS_DENIED",
                      "The credential belongs to another organisation.");
    if (wanted.credential_id.empty() == wanted.subject.empty())
        serve::refuse_field("tokenId", wanted.subject.empty()
                                           ? "is missing; subject would do as well"
                                           : "cannot be given together with subject");
    wanted.actor = request.identity->subject;
    const auto done = revocations.revoke(request.identity->organization, std::move(wanted));
    if (!done) refuse_for(done.error());
    return serve::success("Revoked", text({{"revocation", json_of(*done)}}), 201);
}

serve::Response restore(Revocations& revocations, const serve::Request& request) {
    std::string id(request.path_parameter("id"));
    if (id.empty()) id = request.query("id").value_or("");
    if (id.empty()) serve::refuse_field("id", "is missing");
    const auto done =
        revocations.restore(request.identity->organization, id, request.identity->subject);
    if (!done) refuse_for(done.error());
    return serve::success("No longer revoked", text({{"id", id}}));
}

Json detail_of(const std::string& detail) {
    const Json read = Json::parse(detail, nullptr, false);
    return read.is_object() ? read : Json(nullptr);
}

serve::Response audit(Revocations& revocations, const serve::Request& request) {
    const unsigned limit =
        serve::query_number(request, "limit", serve::default_limit, serve::max_limit);
    const std::string cursor = request.query("cursor").value_or("");
    const auto lines = cursor.size() > max_name_bytes
                           ? Result<std::vector<store::AuditLine>>(Error{Code::NotFound, {}})
                           : revocations.audit(request.identity->organization, cursor, limit);
    if (!lines && lines.error().code == Code::NotFound)
        serve::refuse_field("cursor", "is not one of this list");
    if (!lines && lines.error().code == Code::Unsupported)
        serve::refuse(501, "NOT_IMPLEMENTED", "This gateway's storage keeps no audit.");
    if (!lines) serve::refuse_without_storage();
    Json rows = Json::array();
    for (const store::AuditLine& line : *lines)
        rows.push_back({{"id", line.id},
                        {"timestamp", iso8601(line.at)},
                        {"actor", text_or_null(line.actor)},
                        {"action", line.action},
                        {"phoneNumber", text_or_null(line.address)},
                        {"subject", text_or_null(line.subject)},
                        {"detail", detail_of(line.detail_json)}});
    const Json next = lines->size() == limit ? Json(lines->back().id) : Json(nullptr);
    return serve::success("Who did what", text({{"lines", std::move(rows)}}), 200,
                          text({{"limit", limit}, {"nextCursor", next}}));
}

}  // namespace

std::vector<serve::Route> revocation_routes(Revocations& revocations) {
    using Verb = serve::Response (*)(Revocations&, const serve::Request&);
    const auto route = [&revocations](const char* method, const char* pattern, Verb verb,
                                      serve::Described described) {
        serve::Route made{.method = method, .pattern = pattern};
        made.permission = "admin";
        described.tag = "access";
        made.described = std::move(described);
        made.handler = [&revocations, verb](serve::Request request, serve::Responder responder) {
            serve::answer_with(responder, [&] { return verb(revocations, request); });
        };
        return made;
    };
    serve::Described taking{.id = "revokeCredential",
                            .summary = "Takes back a token or key, or all of a subject's",
                            .tag = {}};
    taking.body = "RevocationRequest";
    taking.status = 201;
    taking.answer = "RevocationData";
    taking.errors = {"REVOCATIONS_FULL", "NOT_IMPLEMENTED"};
    serve::Described giving{.id = "restoreCredential", .summary = "Undoes a revocation", .tag = {}};
    giving.answer = "RevocationUndone";
    giving.errors = {"NOT_FOUND", "NOT_IMPLEMENTED"};
    // An id holds what a subject or jti holds, and no path takes a slash within a segment.
    serve::Described giving_any = giving;
    giving_any.id = "restoreCredentialByQuery";
    giving_any.summary = "Undoes a revocation, whatever its id holds";
    using Kind = serve::QueryParameter::Kind;
    giving_any.query = {{"id", "The revocation's; it must be there", Kind::Text, 0, {}}};
    serve::Described listing{
        .id = "listRevocations", .summary = "Credentials that were taken back", .tag = {}};
    listing.answer = "RevocationList";
    listing.errors = {"NOT_IMPLEMENTED"};
    serve::Described telling{.id = "listAudit", .summary = "Who did what, newest first", .tag = {}};
    telling.query = {
        {"limit", "Rows of a page; 50", Kind::Number, serve::max_limit, {}},
        {"cursor", "The nextCursor of the page before", Kind::Text, max_name_bytes, {}}};
    telling.answer = "AuditList";
    telling.pagination = "CursorPagination";
    telling.errors = {"NOT_IMPLEMENTED"};
    std::vector<serve::Route> all = {
        route("GET", "/api/revocations", list, std::move(listing)),
        route("POST", "/api/revocations", revoke, std::move(taking)),
        route("DELETE", "/api/revocations/{id}", restore, std::move(giving)),
        route("DELETE", "/api/revocations", restore, std::move(giving_any)),
        route("GET", "/api/audit", audit, std::move(telling))};
    all[1].body_limit = body_bytes;
    all[1].reads_json = true;
    return all;
}

}  // namespace tandem::admit
