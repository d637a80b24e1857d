#pragma once

#include <vector>

#include "observe/observe.h"
#include "observe/readiness.h"
#include "serve/serve.h"

namespace tandem::observe {

/// GET /livez, /readyz and /metrics. What is given must outlive the server.
std::vector<serve::Route> routes(const Metrics& metrics, Readiness& readiness);

}  // namespace tandem::observe
