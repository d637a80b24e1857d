#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "serve/serve.h"

namespace tandem::stream {

/// What a ticket is asked for: one conversation, or the organisation.
struct Order {
    bool organization = false;
    std::string lead_id;
    std::string phone_number;
    std::string organization_id;  // as the caller names it; empty: not named
};

/// Reads the body of POST /api/stream/tickets; members that it does not know are refused.
std::variant<Order, serve::Problem> read_order(std::string_view body);

}  // namespace tandem::stream
