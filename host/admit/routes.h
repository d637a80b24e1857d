#pragma once

#include <vector>

#include "admit/revocations.h"
#include "serve/serve.h"

namespace tandem::admit {

/// /api/revocations: credentials are taken back, and given back; /api/audit: who did what. All
/// for admins.
std::vector<serve::Route> revocation_routes(Revocations& revocations);

}  // namespace tandem::admit
