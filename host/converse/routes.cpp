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
        const auto* organization = ground.organizations->by_id(request.identity->organization);
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

}  // namespace

std::vector<serve::Route> routes(const Ground& ground, size_t body_limit) {
    std::vector<serve::Route> all;
    const auto open = [&](const char* method, const char* pattern, const char* permission,
                          Verb verb, bool waits) {
        serve::Route route;
        route.method = method;
        route.pattern = pattern;
        route.permission = permission;
        route.handler = Door{ground, verb, waits};
        if (route.method == "POST" || route.method == "PATCH") {
            route.body_limit = body_limit;
            route.reads_json = true;
        }
        all.push_back(std::move(route));
    };
    open("GET", "/api/conversations", "conversations:read", list_conversations, false);
    open("GET", "/api/conversations/{phoneNumber}", "conversations:read", show_conversation, false);
    open("GET", "/api/conversations/{phoneNumber}/messages", "conversations:read", page_messages,
         false);
    open("GET", "/api/conversations/{phoneNumber}/export", "conversations:read",
         export_conversation, true);
    open("DELETE", "/api/conversations/{phoneNumber}", "admin", erase_conversation, true);
    open("GET", "/api/leads", "leads:read", list_leads, false);
    open("POST", "/api/leads", "leads:write", create_lead, true);
    open("GET", "/api/leads/{id}", "leads:read", show_lead, false);
    open("PATCH", "/api/leads/{id}", "leads:write", change_lead, true);
    return all;
}

}  // namespace tandem::converse
