#pragma once

#include <vector>

#include "limit/limit.h"
#include "serve/serve.h"

/// The path that leads to this room.
namespace tandem::limit {

/// GET /api/limits: what the caller's organisation spent of its day. Both outlive the routes.
std::vector<serve::Route> routes(Spending& spending, const domain::Organizations& organizations);

}  // namespace tandem::limit
