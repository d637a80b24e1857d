#include "serve/server_state.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tandem::serve {

namespace {

/// One address that sends large bodies and never ends them must not fill the room for all; the
/// largest body that a route takes has to fit.
size_t bytes_of_one(const ServerOptions& options, const Router& router) {
    size_t largest = 0;
    for (const Route& route : router.routes()) largest = std::max(largest, route.body_limit);
    return std::max(options.buffered_bytes / 4,
                    largest + options.header_bytes + listen::Loop::scratch_bytes);
}

}  // namespace

ServerState::ServerState(ServerOptions given, std::vector<Route> routes, Furniture lent)
    : options(std::move(given)),
      furniture(std::move(lent)),
      framing_limits{options.header_bytes, options.request_line_bytes, options.fields},
      trusted(listen::parse_networks(options.trusted_proxies)),
      router(std::move(routes)),
      ids(clock),
      figures(furniture.metrics, router),
      doorman({options.connections, options.connections_per_address, options.buffered_bytes,
               bytes_of_one(options, router)},
              trusted),
      workers(options.queued_requests, furniture.guard, furniture.log),
      streams{{}, [this] { figures.rejected("slow_stream"); }} {
    const auto guarded = [](const Route& route) {
        return route.access == Access::Bearer || route.access == Access::Stream ||
               route.access == Access::Metrics;
    };
    const auto& all = router.routes();
    const auto first = std::find_if(all.begin(), all.end(), guarded);
    if (furniture.guard == nullptr && first != all.end())
        throw std::invalid_argument("route " + first->pattern +
                                    " is guarded and there is no guard");
}

bool ServerState::origin_allowed(std::string_view origin) const {
    return std::find(options.cors_origins.begin(), options.cors_origins.end(), origin) !=
           options.cors_origins.end();
}

}  // namespace tandem::serve
