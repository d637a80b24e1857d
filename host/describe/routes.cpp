#include "describe/routes.h"

#include <utility>

#include "describe/describe.h"
#include "serve/static_files.h"

namespace tandem::describe {

namespace {

serve::Route door(const char* pattern, const char* id, const char* summary) {
    serve::Route route;
    route.method = "GET";
    route.pattern = pattern;
    route.access = serve::Access::Open;
    route.described.id = id;
    route.described.summary = summary;
    route.described.tag = "descriptions";
    route.described.media_type = "application/json";
    return route;
}

}  // namespace

std::vector<serve::Route> routes(const std::vector<serve::Route>& others) {
    std::vector<serve::Route> doors{
        door("/api/openapi.json", "getOpenApi", "This description (OpenAPI 3.1)"),
        door("/api/asyncapi.json", "getAsyncApi", "The event streams' description (AsyncAPI 3)")};
    std::vector<serve::Route> all = others;
    all.insert(all.end(), doors.begin(), doors.end());
    Documents documents = describe(all, TANDEM_VERSION);
    std::vector<std::string> texts{std::move(documents.openapi), std::move(documents.asyncapi)};
    for (size_t i = 0; i < doors.size(); ++i) {
        serve::Route served =
            serve::static_text(doors[i].pattern, "application/json", std::move(texts[i]));
        served.described = std::move(doors[i].described);
        doors[i] = std::move(served);
    }
    return doors;
}

}  // namespace tandem::describe
