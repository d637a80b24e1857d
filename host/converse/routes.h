#pragma once

#include <vector>

#include "converse/converse.h"
#include "serve/serve.h"

namespace tandem::converse {

/// The contract's "Conversations" but for sending, calling and human control. `ground` must
/// outlive them.
std::vector<serve::Route> routes(const Ground& ground, size_t body_limit);

}  // namespace tandem::converse
