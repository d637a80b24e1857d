#include "converse/routes.h"

#include <memory>
#include <utility>

#include "converse/shown.h"

namespace tandem::converse {

namespace {

using Verb = serve::Response (*)(const Asked&);

/// Reads are done where they are asked; what waits for a commit has threads of its own, so
/// that a slow disk does not take those that serve everybody.
struct Door {
    const Ground& ground;
    Verb verb;
    bool waits;

    void operator()(serve::Request request, serve::Responder responder) const {
        const auto* organization =
            ground.organizations->by_id(request.identity.value().organization);
        if (!organization)
            return responder.answer(serve::problem(
                {403, "ORGANIZATION_ACCESS_DENIED", "The credential's organisation is not here."}));
        if (!waits)
            return serve::answer_with(responder, [&] {
                return verb(Asked{ground, *organization, request});
            });
        struct Kept {
            serve::Request request;
            serve::Responder responder;
        };
        auto kept = std::make_shared<Kept>(Kept{std::move(request), std::move(responder)});
        const bool queued = ground.workers->run([to = &ground, what = verb, organization, kept] {
            serve::answer_with(kept->responder, [&] {
                return what(Asked{*to, *organization, kept->request});
            });
        });
        if (queued) return;
        serve::answer_with(kept->responder,
                           []() -> serve::Response { serve::refuse_without_storage(); });
    }
};

using serve::QueryParameter;
using Kind = QueryParameter::Kind;

std::vector<QueryParameter> page_of(std::vector<QueryParameter> filters) {
    filters.push_back({"limit", "Rows of a page; 50", Kind::Number, serve::max_limit, {}});
    filters.push_back({"cursor", "The nextCursor of the page before", Kind::Text, 0, {}});
    filters.push_back({"q", "What a name or number holds", Kind::Text, 200, {}});
    return filters;
}

serve::Described described_list() {
    serve::Described described{.id = "listConversations",
                               .summary = "Conversations, the newest activity first",
                               .tag = "conversations"};
    described.query = page_of({{"humanTakeover", "Whether a human holds it", Kind::YesNo, 0, {}},
                               {"needsHuman", "Whether it waits for a human", Kind::YesNo, 0, {}}});
    described.answer = "ConversationList";
    described.pagination = "CursorPagination";
    return described;
}

serve::Described of_one(serve::Described described, const char* answer) {
    described.tag = "conversations";
    described.answer = answer;
    described.errors = {"INVALID_PHONE_NUMBER", "NOT_FOUND"};
    return described;
}

serve::Described described_messages() {
    serve::Described described =
        of_one({.id = "listMessages", .summary = "Messages, page by page backwards", .tag = {}},
               "MessageList");
    described.query = {{"limit", "Rows of a page; 50", Kind::Number, serve::max_limit, {}},
                       {"before", "The nextBefore of the page before", Kind::Text, 0, {}}};
    described.pagination = "MessagePagination";
    return described;
}

serve::Described described_import() {
    serve::Described described{.id = "importLeads",
                               .summary = "Leads made or changed by their number; JSON Lines",
                               .tag = "leads"};
    described.query = {{"dryRun", "Only tell what would become of them", Kind::YesNo, 0, {}}};
    described.answer = "LeadImport";
    described.body_type = "application/x-ndjson";
    return described;
}

}  // namespace

std::vector<serve::Route> routes(const Ground& ground, size_t body_limit) {
    std::vector<serve::Route> all;
    const auto open = [&](const char* method, const char* pattern, const char* permission,
                          Verb verb, bool waits, serve::Described described) {
        serve::Route route;
        route.method = method;
        route.pattern = pattern;
        route.permission = permission;
        route.handler = Door{ground, verb, waits};
        route.described = std::move(described);
        if (route.method == "POST" || route.method == "PATCH") {
            route.body_limit = body_limit;
            route.reads_json = verb != import_leads;  // JSON Lines
        }
        all.push_back(std::move(route));
    };
    open("GET", "/api/me", "conversations:read", show_me, false,
         {.id = "getMe",
          .summary = "Who is calling, and what they may do",
          .tag = "conversations",
          .answer = "Me"});
    open("GET", "/api/conversations", "conversations:read", list_conversations, false,
         described_list());
    open("GET", "/api/conversations/{phoneNumber}", "conversations:read", show_conversation, false,
         of_one({.id = "getConversation", .summary = "One conversation", .tag = {}},
                "ConversationDetail"));
    open("GET", "/api/conversations/{phoneNumber}/messages", "conversations:read", page_messages,
         false, described_messages());
    serve::Described lines =
        of_one({.id = "exportConversation", .summary = "Everything stored", .tag = {}}, "");
    lines.media_type = "application/x-ndjson";
    lines.query = {{"limit",
                    "Pages of so many records; none: all at once",
                    Kind::Number,
                    serve::max_limit,
                    {}},
                   {"cursor", "The X-Next-Cursor of the page before", Kind::Text, 0, {}}};
    lines.headers = {{"X-Next-Cursor", "The cursor of the next page; left out at the end"}};
    lines.errors.emplace_back("PAYLOAD_TOO_LARGE");
    open("GET", "/api/conversations/{phoneNumber}/export", "conversations:read",
         export_conversation, true, std::move(lines));
    open("DELETE", "/api/conversations/{phoneNumber}", "admin", erase_conversation, true,
         of_one({.id = "eraseConversation",
                 .summary = "Erases all that is stored of a person",
                 .tag = {}},
                "Empty"));
    open("GET", "/api/leads", "leads:read", list_leads, false,
         {.id = "listLeads",
          .summary = "Leads, the newest first",
          .tag = "leads",
          .query = page_of({}),
          .answer = "LeadList",
          .pagination = "CursorPagination"});
    open("POST", "/api/leads", "leads:write", create_lead, true,
         {.id = "createLead",
          .summary = "A new lead",
          .tag = "leads",
          .body = "NewLead",
          .status = 201,
          .answer = "LeadData",
          .errors = {"MISSING_PHONE_NUMBER", "INVALID_PHONE_NUMBER", "LEAD_EXISTS"}});
    open("POST", "/api/leads/import", "leads:write", import_leads, true, described_import());
    open("GET", "/api/leads/{id}", "leads:read", show_lead, false,
         {.id = "getLead",
          .summary = "One lead",
          .tag = "leads",
          .answer = "LeadData",
          .errors = {"NOT_FOUND"}});
    open("PATCH", "/api/leads/{id}", "leads:write", change_lead, true,
         {.id = "changeLead",
          .summary = "Changes a lead",
          .tag = "leads",
          .body = "LeadChange",
          .answer = "LeadData",
          .errors = {"NOT_FOUND"}});
    return all;
}

}  // namespace tandem::converse
