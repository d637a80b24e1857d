#include "observe/routes.h"

#include <algorithm>

#include "base/text.h"

namespace tandem::observe {

namespace {

serve::Response live() {
    return serve::success("Alive", R"({"status":"alive"})");
}

/// Who balances loads by us goes on: what comes in is taken.
serve::Response degraded(const std::vector<Readiness::Failure>& failures) {
    std::string data = R"({"status":"degraded","parts":[)";
    for (const auto& failure : failures) {
        if (data.back() == '}') data += ',';
        data += R"({"part":")";
        append_json_text(data, failure.part);
        data += R"(","reason":")";
        append_json_text(data, failure.reason);
        data += "\"}";
    }
    return serve::success("Degraded", data + "]}");
}

serve::Response ready(Readiness& readiness) {
    if (readiness.draining())
        return serve::problem({.status = 503,
                               .code = "SHUTTING_DOWN",
                               .detail = "The gateway is shutting down",
                               .retry_after_s = 5});
    const auto failures = readiness.failures();
    const auto vital = std::find_if(failures.begin(), failures.end(), [](const auto& failure) {
        return failure.weight == Health::Weight::Vital;
    });
    if (failures.empty()) return serve::success("Ready", R"({"status":"ready"})");
    if (vital == failures.end()) return degraded(failures);
    serve::Problem problem{.status = 503,
                           .code = "NOT_READY",
                           .detail = "Not ready: " + vital->part,
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
    livez.described = {
        .id = "getLiveness", .summary = "Alive", .tag = "operation", .answer = "Alive"};
    livez.handler = [](Request, Responder responder) { responder.answer(uncached(live())); };
    serve::Route readyz{.method = "GET", .pattern = "/readyz", .access = Access::Open};
    readyz.described = {.id = "getReadiness",
                        .summary = "Whether requests should come here",
                        .tag = "operation",
                        .answer = "Readiness",
                        .errors = {"NOT_READY", "SHUTTING_DOWN", "STORAGE_UNAVAILABLE"}};
    readyz.handler = [&readiness](Request, Responder responder) {
        responder.answer(uncached(ready(readiness)));
    };
    serve::Route scrape{.method = "GET", .pattern = "/metrics", .access = Access::Metrics};
    scrape.described = {.id = "getMetrics",
                        .summary = "Figures in Prometheus's text format",
                        .tag = "operation",
                        .media_type = "text/plain"};
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
