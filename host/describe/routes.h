#pragma once

#include <vector>

#include "serve/serve.h"

namespace tandem::describe {

/// `GET /api/openapi.json` and `GET /api/asyncapi.json`, made once of all other routes and of
/// themselves. Throws as describe() does.
std::vector<serve::Route> routes(const std::vector<serve::Route>& others);

}  // namespace tandem::describe
