#pragma once

#include <atomic>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/tally.h"
#include "listen/listen.h"
#include "serve/figures.h"
#include "serve/framing.h"
#include "serve/router.h"
#include "serve/server.h"
#include "serve/workers.h"

namespace tandem::serve {

/// What all loops and connections of one server share; lives as long as they do. Each
/// member is constant after construction or safe from any thread.
struct ServerState {
    /// Throws std::invalid_argument for a guarded route without a guard and for what is
    /// no address range.
    ServerState(ServerOptions options, std::vector<Route> routes, Furniture furniture);

    bool origin_allowed(std::string_view origin) const;

    const ServerOptions options;
    const Furniture furniture;
    const FramingLimits framing_limits;
    const listen::Networks trusted;
    const Router router;
    SystemClock clock;
    IdSource ids;
    Figures figures;
    listen::Doorman doorman;
    Workers workers;
    Tally in_hand;  // requests being read by a handler or answered
    listen::Streams streams;
    std::atomic<bool> draining{false};
};

}  // namespace tandem::serve
