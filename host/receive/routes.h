#pragma once

#include <vector>

#include "receive/intake.h"

/// The paths that lead to this room.
namespace tandem::receive {

/// Every route that the sources declare, below /api/webhooks/{instance}/. The intake is
/// borrowed and outlives them; the sources' own routes must not change.
std::vector<serve::Route> webhook_routes(Intake& intake, const std::vector<Source>& sources,
                                         size_t body_limit);

/// POST /api/sandbox/messages and /api/sandbox/calls, for trying and testing: a customer
/// writes or calls. They lead to the internal routes `messages` and `calls` of this source;
/// none where it has no such route. `organizations` is borrowed likewise.
std::vector<serve::Route> sandbox_routes(Intake& intake, const Source& sandbox,
                                         const domain::Organizations& organizations, IdSource& ids,
                                         const Clock& clock, size_t body_limit);

}  // namespace tandem::receive
