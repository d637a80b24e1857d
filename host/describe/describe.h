#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/serve.h"

/// What the API says of itself: OpenAPI 3.1 made from the route table that serves requests, and
/// AsyncAPI 3 of the event streams. Their one rule: what is not described does not start.
namespace tandem::describe {

struct Documents {
    std::string openapi;   // JSON text
    std::string asyncapi;  // likewise
};

/// Pure: the same table gives the same bytes. Throws std::invalid_argument that names the
/// route or channel: one below /api without operation id, summary, tag, body schema or
/// answer; an operation id that stands twice; a name of a schema, code, tag or parameter
/// that does not exist; a stream that no channel describes, or the other way round.
Documents describe(const std::vector<serve::Route>& routes, std::string_view version);

}  // namespace tandem::describe
