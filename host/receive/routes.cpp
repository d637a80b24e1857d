#include "receive/routes.h"

#include <utility>

namespace tandem::receive {

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
            route.handler = [&intake, source, path = declared.path](serve::Request request,
                                                                    serve::Responder responder) {
                intake.take(source, path, std::move(request), std::move(responder));
            };
            routes.push_back(std::move(route));
        }
    }
    return routes;
}

}  // namespace tandem::receive
