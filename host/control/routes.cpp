#include "control/routes.h"

#include <memory>
#include <string>
#include <utility>

#include "control/verbs.h"
#include "serve/refuse.h"

namespace tandem::control {

namespace {

/// A route's handler: finds out who asks, and does the verb on the room's own threads.
struct Door {
    Control* control;
    const domain::Organizations* organizations;
    admit::Idempotency* idempotency;
    Verb verb;

    void operator()(serve::Request request, serve::Responder responder) const {
        const domain::Identity& identity = request.identity.value();
        const auto* organization = organizations->by_id(identity.organization);
        if (!organization)
            return responder.answer(serve::problem(
                {403, "ORGANIZATION_ACCESS_DENIED", "The credential's organisation is not here."}));
        Person person{organization, identity.subject, identity.name, identity.may("admin")};
        if (person.agent_name.empty()) person.agent_name = identity.email;
        if (person.agent_name.empty()) person.agent_name = identity.subject;
        auto waiting = std::make_shared<serve::Responder>(std::move(responder));
        auto asked = std::make_shared<Asked>(
            Asked{*control, *idempotency, std::move(person), std::move(request)});
        const bool queued = control->run([what = verb, asked, waiting] {
            serve::answer_with(*waiting, [&] { return what(*asked); });
        });
        if (queued) return;
        serve::Problem busy{503, "STORAGE_UNAVAILABLE", "Too much is being done; try again soon."};
        busy.retry_after_s = 1;
        waiting->answer(serve::problem(busy));
    }
};

}  // namespace

std::vector<serve::Route> routes(Control& control, const domain::Organizations& organizations,
                                 admit::Idempotency& idempotency, size_t body_limit) {
    std::vector<serve::Route> all;
    const auto open = [&](const char* method, std::string pattern, const char* permission,
                          Verb verb, serve::Described described) {
        serve::Route route;
        route.method = method;
        route.pattern = std::move(pattern);
        route.permission = permission;
        route.handler = Door{&control, &organizations, &idempotency, verb};
        route.described = std::move(described);
        if (route.method == "POST") {
            route.body_limit = body_limit;
            route.reads_json = verb != process;
        }
        all.push_back(std::move(route));
    };
    const char* const long_prefix = "/api/conversations/human-control/";
    for (const std::string prefix : {long_prefix, "/api/human-control/"}) {
        // Two operations of one name would be one function of a client.
        const char* suffix = prefix == long_prefix ? "" : "ByShortPath";
        const auto described = [&](Verb verb) { return described_verb(verb, suffix); };
        open("POST", prefix + "join", "conversations:manage", join, described(join));
        open("POST", prefix + "leave", "conversations:manage", leave, described(leave));
        open("POST", prefix + "send-message", "conversations:manage", send_message,
             described(send_message));
        open("POST", prefix + "transfer", "conversations:manage", transfer, described(transfer));
        open("GET", prefix + "status", "conversations:read", status, described(status));
        serve::Described of_one = described(status);
        of_one.id = std::string("getControlStatusOf") + suffix;
        of_one.query.clear();
        open("GET", prefix + "status/{phoneNumber}", "conversations:read", status, of_one);
        open("GET", prefix + "queue/{phoneNumber}", "conversations:read", queue, described(queue));
        open("POST", prefix + "queue/{phoneNumber}/process", "conversations:manage", process,
             described(process));
        open("GET", prefix + "sessions", "conversations:manage", sessions, described(sessions));
    }
    serve::Described plain = described_verb(plain_message, "");
    plain.tag = "conversations";
    open("POST", "/api/conversations/{phoneNumber}/messages", "conversations:write", plain_message,
         std::move(plain));
    return all;
}

}  // namespace tandem::control
