#pragma once

#include <string_view>
#include <vector>

#include "describe/parts.h"
#include "serve/serve.h"

namespace tandem::describe {

/// The OpenAPI document of all routes that are described. Throws as describe() does.
Json openapi(const std::vector<serve::Route>& routes, const Schemas& schemas,
             std::string_view version);

}  // namespace tandem::describe
