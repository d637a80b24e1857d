#pragma once

#include <vector>

#include "control/control.h"
#include "domain/organization.h"
#include "serve/serve.h"

namespace tandem::control {

/// The contract's "Human control" under both its prefixes, and a human's text without a
/// takeover. All are borrowed and outlive the routes.
std::vector<serve::Route> routes(Control& control, const domain::Organizations& organizations,
                                 admit::Idempotency& idempotency, size_t body_limit);

}  // namespace tandem::control
