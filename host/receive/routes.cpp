#include "receive/routes.h"

#include <algorithm>
#include <utility>

namespace tandem::receive {

namespace {

/// The source and, behind it, those of the same plugin that have the same route.
std::vector<Source> family_of(const Source& source, const WebhookRoute& declared,
                              const std::vector<Source>& sources) {
    std::vector<Source> family{source};
    for (const Source& other : sources) {
        if (other.source == source.source || other.source->plugin() != source.source->plugin())
            continue;
        const auto& routes = other.source->routes();
        const bool same = std::any_of(routes.begin(), routes.end(), [&](const auto& one) {
            return !one.internal && one.method == declared.method && one.path == declared.path;
        });
        if (same) family.push_back(other);
    }
    return family;
}

/// `post_api_webhooks_twilio_sms_incoming`: unique as the route is.
std::string operation_id(const std::string& method, const std::string& pattern) {
    std::string id = method + pattern;
    for (char& letter : id) {
        const bool upper = letter >= 'A' && letter <= 'Z';
        const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        if (upper)
            letter = static_cast<char>(letter - 'A' + 'a');
        else if (!plain)
            letter = '_';
    }
    return id;
}

}  // namespace

std::vector<serve::Route> webhook_routes(Intake& intake, const std::vector<Source>& sources,
                                         size_t body_limit) {
    std::vector<serve::Route> routes;
    for (const Source& source : sources) {
        for (const WebhookRoute& declared : source.source->routes()) {
            if (declared.internal) continue;
            serve::Route route;
            route.method = declared.method;
            route.pattern = "/api/webhooks/" + source.source->instance() + "/" + declared.path;
            route.access = serve::Access::Webhook;
            route.body_limit = declared.method == "GET" ? 0 : body_limit;
            route.described = {.id = operation_id(declared.method, route.pattern),
                               .summary = "What " + source.source->instance() + " tells",
                               .tag = "webhooks",
                               .media_type = "*/*"};
            route.handler = [&intake, family = family_of(source, declared, sources),
                             path = declared.path](serve::Request request,
                                                   serve::Responder responder) {
                intake.take(family, path, std::move(request), std::move(responder));
            };
            routes.push_back(std::move(route));
        }
    }
    return routes;
}

}  // namespace tandem::receive
