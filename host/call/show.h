#pragma once

#include <string>
#include <vector>

#include "call/plan.h"
#include "domain/conversation.h"
#include "domain/message.h"

namespace tandem::call {

struct Order;
struct Placed;

/// The contract's call with its transcript, as JSON text. `turns` are oldest first.
std::string call_record_json(const domain::Call& call, const std::vector<domain::Message>& turns);

/// `data` of the answer to an order that was taken.
std::string order_json(const Order& order, const Placed& placed);

}  // namespace tandem::call
