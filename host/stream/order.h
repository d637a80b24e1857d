#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tandem::stream {

/// What a ticket is asked for: one conversation, or the organisation.
struct Order {
    bool organization = false;
    std::string lead_id;
    std::string phone_number;
    std::string organization_id;  // as the caller names it; empty: not named
};

/// Which fields are amiss, and how; none of them: the body is no JSON object.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Reads the body of POST /api/stream/tickets; fields that it does not know are refused.
std::variant<Order, Complaints> read_order(std::string_view body);

}  // namespace tandem::stream
