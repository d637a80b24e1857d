#pragma once

#include <vector>

#include "deliver/outbox.h"
#include "serve/serve.h"

/// The paths that lead to this room; all of them need `admin`.
namespace tandem::deliver {

/// GET /api/outbox?state=dead|waiting&limit=&cursor=, GET /api/outbox/{id} with the message's
/// history, POST /api/outbox/{id}/retry, DELETE /api/outbox/{id}. The outbox is borrowed.
std::vector<serve::Route> outbox_routes(const Outbox& outbox);

}  // namespace tandem::deliver
