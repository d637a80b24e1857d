#pragma once

#include <vector>

#include "admit/idempotency.h"
#include "call/placing.h"
#include "serve/serve.h"

/// The paths that lead to this room.
namespace tandem::call {

/// POST /api/conversations/outbound-call and GET /api/calls/{conversationId}. All are borrowed
/// and outlive the routes.
struct RoutesGround {
    Placing* placing = nullptr;
    const Calls* calls = nullptr;
    admit::Idempotency* idempotency = nullptr;
    store::Store* store = nullptr;
    const domain::Organizations* organizations = nullptr;
    IdSource* ids = nullptr;
    const Clock* clock = nullptr;
    size_t body_limit = 0;
};
std::vector<serve::Route> routes(const RoutesGround& ground);

}  // namespace tandem::call
