#include "stream/order.h"

#include "serve/json.h"

namespace tandem::stream {

namespace {

constexpr size_t max_text_bytes = 256;

}  // namespace

std::variant<Order, serve::Problem> read_order(std::string_view body) {
    serve::Members asked(body);
    Order order;
    order.organization = asked.yes_no("organization");
    order.lead_id = asked.text("leadId", max_text_bytes);
    order.phone_number = asked.text("phoneNumber", max_text_bytes);
    order.organization_id = asked.text("organizationId", max_text_bytes);
    if (auto problem = asked.problem()) return std::move(*problem);

    const bool one = !order.lead_id.empty() || !order.phone_number.empty();
    if (order.organization && one)
        asked.complain("organization", "cannot be asked for together with one conversation");
    if (!order.organization && !one)
        asked.complain("leadId", "is missing; phoneNumber or organization would do as well");
    if (auto problem = asked.problem()) return std::move(*problem);
    return order;
}

}  // namespace tandem::stream
