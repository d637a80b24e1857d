#include "observe/routes.h"

#include "base/text.h"

namespace tandem::observe {

namespace {

serve::Response live() {
    return serve::success("Alive", R"({"status":"alive"})");
}

serve::Response ready(Readiness& readiness) {
    if (readiness.draining())
        return serve::problem({.status = 503,
                               .code = "SHUTTING_DOWN",
                               .detail = "The gateway is shutting down",
                               .retry_after_s = 5});
    const auto failures = readiness.failures();
    if (failures.empty()) return serve::success("Ready", R"({"status":"ready"})");
    serve::Problem problem{.status = 503,
                           .code = "NOT_READY",
                           .detail = "Not ready: " + failures.front().part,
                           .retry_after_s = 1};
    for (const auto& failure : failures) {
        if (failure.part == "storage") problem.code = "STORAGE_UNAVAILABLE";
        problem.errors.emplace_back(failure.part, failure.reason);
    }
    return serve::problem(problem);
}

serve::Response uncached(serve::Response response) {
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

}  // namespace

std::vector<serve::Route> routes(const Metrics& metrics, Readiness& readiness) {
    using serve::Access;
    using serve::Request;
    using serve::Responder;
    serve::Route livez{.method = "GET", .pattern = "/livez", .access = Access::Open};
    livez.handler = [](Request, Responder responder) { responder.answer(uncached(live())); };
    serve::Route readyz{.method = "GET", .pattern = "/readyz", .access = Access::Open};
    readyz.handler = [&readiness](Request, Responder responder) {
        responder.answer(uncached(ready(readiness)));
    };
    serve::Route scrape{.method = "GET", .pattern = "/metrics", .access = Access::Metrics};
    scrape.handler = [&metrics](Request, Responder responder) {
        responder.answer(uncached({.status = 200,
                                   .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                   .body = metrics.text()}));
    };
    // Whoever watches us go down still wants to see how far we are.
    for (serve::Route* route : {&livez, &readyz, &scrape}) route->while_draining = true;
    return {livez, readyz, scrape};
}

}  // namespace tandem::observe
