#include "control/orders.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "control/draft.h"
#include "domain/address.h"
#include "domain/segments.h"
#include "serve/json.h"

namespace tandem::control {

namespace {

constexpr size_t max_field_bytes = 1024;
constexpr size_t max_summary_bytes = 20000;  // 5000 characters
constexpr size_t max_summary_characters = 5000;
constexpr size_t max_steps = 10;
constexpr size_t max_message_units = 1600;
constexpr size_t max_message_bytes = 4 * max_message_units;

constexpr std::array reasons{"manual_takeover",   "customer_request", "complex_issue", "escalation",
                             "ai_confidence_low", "technical_issue",  "custom"};
constexpr std::array priorities{"low", "medium", "normal", "high", "urgent"};

template <typename Words>
bool is_one_of(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Throws what is amiss with the body as such; then values may be believed.
void check(serve::Members& asked, const Person& person) {
    const std::string named = asked.text("organizationId", max_field_bytes);
    if (auto problem = asked.problem()) throw serve::Refused{std::move(*problem)};
    if (!named.empty() && named != person.organization->id)
        refuse(403, "ORGANIZATION_ACCESS_DENIED", "The organisation is not the credential's.");
}

void check_words(const char* field, const std::string& words) {
    if (is_blank(words)) refuse_field(field, "is missing");
    if (domain::utf16_units(words) > max_message_units)
        refuse(400, "MESSAGE_TOO_LONG", std::string(field) + " has more than 1600 characters.");
}

/// A text that may be one too long for us: that is the contract's own error, not a type's.
std::string words_of(serve::Members& asked, const char* field, size_t body_bytes) {
    return asked.text(field, std::max(max_message_bytes, body_bytes));
}

/// Throws where the business would write to itself.
std::string customer_of(const Asked& asked, std::string address) {
    if (asked.person.organization->owns(address))
        refuse_field("phoneNumber", "is the organisation's own number", "INVALID_PHONE_NUMBER");
    return address;
}

void read_call(serve::Members& body, JoinOrder& order) {
    body.member("takeCall", [&](serve::Members& call) {
        order.call_action = call.text("action", max_field_bytes);
        order.call_to = call.text("to", max_field_bytes);
    });
}

/// What becomes of the call that runs.
void check_call(const Person& person, JoinOrder& order) {
    if (order.call_action == "transfer") {
        const auto to = domain::parse_phone(order.call_to, person.organization->default_region);
        if (!to)
            refuse_field("takeCall.to", "is not a possible phone number", "INVALID_PHONE_NUMBER");
        const auto objection = person.organization->objection_to(to->text);
        if (!objection.empty())
            throw serve::Refused{limit::refusal_of_number(objection, "takeCall.to")};
        order.call_to = to->text;
    } else if (!order.call_action.empty() && order.call_action != "hang_up") {
        refuse_field("takeCall.action", "must be transfer or hang_up");
    } else {
        order.call_to.clear();
    }
}

}  // namespace

JoinOrder read_join(Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    const std::string name = body.text("agentName", max_field_bytes);
    JoinOrder order;
    order.handoff_reason = body.text("handoffReason", max_field_bytes);
    order.custom_message = words_of(body, "customMessage", asked.request.body.size());
    read_call(body, order);
    check(body, asked.person);
    if (!name.empty()) asked.person.agent_name = name;
    if (order.handoff_reason.empty()) order.handoff_reason = "manual_takeover";
    if (!is_one_of(reasons, order.handoff_reason))
        refuse_field("handoffReason", "is none of the contract's reasons");
    if (!order.custom_message.empty()) check_words("customMessage", order.custom_message);
    check_call(asked.person, order);
    order.address = customer_of(asked, asked.address(number, lead));
    return order;
}

LeaveOrder read_leave(const Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    LeaveOrder order;
    order.summary = body.text("summary", max_summary_bytes);
    order.next_steps = body.texts("nextSteps", max_steps, max_field_bytes);
    order.success = body.yes_no("handoffSuccess", true);
    order.force = body.yes_no("force");
    if (domain::utf16_units(order.summary) > max_summary_characters)
        body.complain("summary", "is too long");
    check(body, asked.person);
    if (order.force && !asked.person.is_admin)
        refuse(403, "PERMISSION_DENIED", "force is for the permission admin.");
    order.address = asked.address(number, lead);
    return order;
}

SendOrder read_send(const Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    SendOrder order;
    order.text = words_of(body, "message", asked.request.body.size());
    order.message_type = body.text("messageType", max_field_bytes);
    order.priority = body.text("priority", max_field_bytes);
    check(body, asked.person);
    check_words("message", order.text);
    if (order.message_type.empty()) order.message_type = "text";
    if (order.message_type != "text") refuse_field("messageType", "must be text");
    if (!order.priority.empty() && !is_one_of(priorities, order.priority))
        refuse_field("priority", "must be low, medium, normal, high or urgent");
    order.address = asked.address(number, lead);
    return order;
}

SendOrder read_plain_send(const Asked& asked) {
    serve::Members body(asked.request.body);
    SendOrder order;
    order.text = words_of(body, "message", asked.request.body.size());
    check(body, asked.person);
    check_words("message", order.text);
    order.address = customer_of(asked, asked.path_address());
    return order;
}

TransferOrder read_transfer(const Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    TransferOrder order;
    order.to_agent_id = body.text("toAgentId", max_field_bytes);
    order.to_agent_name = body.text("agentName", max_field_bytes);
    check(body, asked.person);
    if (is_blank(order.to_agent_id)) refuse_field("toAgentId", "is missing");
    if (order.to_agent_name.empty()) order.to_agent_name = order.to_agent_id;
    order.address = asked.address(number, {});
    return order;
}

std::vector<std::string> read_process(const Asked& asked) {
    const std::string& text = asked.request.body;
    const bool none = text.find_first_not_of(" \t\r\n") == std::string::npos;
    serve::Members body(none ? std::string_view("{}") : std::string_view(text));
    body.ignore_others();
    auto ids = body.texts("messageIds", messages_seen, max_field_bytes);
    check(body, asked.person);
    return ids;
}

SessionsOrder read_sessions(const Asked& asked) {
    SessionsOrder order;
    order.page = serve::query_number(asked.request, "page", 1, max_page);
    order.limit =
        serve::query_number(asked.request, "limit", serve::default_limit, serve::max_limit);
    const std::string which = asked.request.query("status").value_or("active");
    if (which != "active" && which != "all") refuse_field("status", "must be active or all");
    order.active_only = which == "active";
    return order;
}

}  // namespace tandem::control
