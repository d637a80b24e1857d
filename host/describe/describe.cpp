#include "describe/describe.h"

#include <set>
#include <stdexcept>

#include "describe/openapi.h"
#include "describe/texts.h"

namespace tandem::describe {

namespace {

/// A stream without a channel would be unknown to clients, and a channel without a stream a lie.
void check_channels(const Json& document, const std::vector<serve::Route>& routes) {
    std::set<std::string> streams;
    for (const serve::Route& route : routes)
        if (route.access == serve::Access::Stream) streams.insert(route.pattern);
    for (const Json& channel : document["channels"]) {
        const std::string address = channel["address"].get<std::string>();
        if (streams.erase(address) == 0)
            throw std::invalid_argument("channel " + address + ": there is no such stream");
    }
    if (!streams.empty())
        throw std::invalid_argument("route GET " + *streams.begin() +
                                    ": no channel of streams.json describes it");
}

Json asyncapi(const std::vector<serve::Route>& routes, const Schemas& schemas,
              std::string_view version) {
    Json document = Json::parse(streams_text);
    document["info"]["version"] = version;
    check_channels(document, routes);
    document["components"]["schemas"] = schemas.used_by(document);
    return document;
}

}  // namespace

Documents describe(const std::vector<serve::Route>& routes, std::string_view version) {
    const Schemas schemas;
    return {openapi(routes, schemas, version).dump(), asyncapi(routes, schemas, version).dump()};
}

}  // namespace tandem::describe
