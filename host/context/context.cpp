#include "context/context.h"

#include <algorithm>

#include "context/line.h"
#include "context/recent.h"
#include "context/summary.h"

namespace tandem::context {

namespace {

constexpr size_t name_budget = 200;  // code points

}  // namespace

Variables dynamic_variables(const domain::Organization& organization,
                            const store::Snapshot& snapshot,
                            const std::vector<std::string>& without) {
    const bool said_before =
        std::any_of(snapshot.messages.begin(), snapshot.messages.end(), [&](const auto& message) {
            return is_said(message) &&
                   std::find(without.begin(), without.end(), message.id) == without.end();
        });
    const bool called_before = snapshot.conversation && !snapshot.conversation->summary.empty();

    std::string name = "Customer";
    std::string status = said_before || called_before ? "Returning Customer" : "New Inquiry";
    if (snapshot.lead) {
        const std::string own_name = one_line(snapshot.lead->customer_name, name_budget);
        const std::string own_status = one_line(snapshot.lead->status, name_budget);
        if (!own_name.empty()) name = own_name;
        if (!own_status.empty()) status = own_status;
    }
    const int64_t total = snapshot.conversation ? snapshot.conversation->message_count : 0;
    return {
        {"conversation_context",
         recent_conversation(snapshot, without, organization.history_limit)},
        {"customer_name", std::move(name)},
        {"organization_name", organization.name},
        {"lead_status", std::move(status)},
        {"previous_summary", comprehensive_summary(snapshot, without, organization.history_limit)},
        {"organization_id", organization.id},
        {"caller_type", snapshot.lead ? "existing_lead" : "new_caller"},
        {"has_conversation_history", said_before ? "true" : "false"},
        {"total_messages", std::to_string(total)}};
}

}  // namespace tandem::context
