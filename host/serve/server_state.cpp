#include "serve/server_state.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tandem::serve {

ServerState::ServerState(ServerOptions given, std::vector<Route> routes, Furniture lent)
    : options(std::move(given)),
      furniture(std::move(lent)),
      framing_limits{options.header_bytes, options.request_line_bytes, options.fields},
      trusted(listen::parse_networks(options.trusted_proxies)),
      router(std::move(routes)),
      ids(clock),
      figures(furniture.metrics, router),
      doorman(options.connections, options.connections_per_address, trusted),
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
