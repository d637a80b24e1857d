#include <algorithm>
#include <optional>
#include <utility>

#include "converse/shown.h"
#include "serve/cursor.h"

namespace tandem::converse {

namespace {

using publish::text_or_null;

constexpr size_t max_search_bytes = 200;
constexpr unsigned most_calls = 100;
constexpr unsigned most_drafts = 50;
constexpr char list_name[] = "conversations";

Json session_or_null(const Asked& asked, const domain::Conversation& conversation,
                     const std::optional<domain::ControlSession>& session) {
    if (!session) return nullptr;
    const publish::Scene scene{
        {}, asked.organization.id,    conversation.address, conversation.lead_id, {},
        {}, asked.ground.clock->now()};
    return publish::session_object(scene, *session, conversation.waiting);
}

Json call_or_null(const std::optional<domain::Call>& call) {
    return call ? publish::call_object(*call) : Json(nullptr);
}

void add_state(Json& json, const domain::Conversation& conversation) {
    json["needsHuman"] = !conversation.needs_human.empty();
    json["needsHumanReason"] = text_or_null(conversation.needs_human);
    json["optedOut"] = conversation.opted_out;
}

Json row_object(const Asked& asked, const store::ConversationRow& row) {
    const domain::Conversation& conversation = row.conversation;
    Json json;
    json["phoneNumber"] = conversation.address;
    json["leadId"] = text_or_null(conversation.lead_id);
    json["customerName"] = text_or_null(row.lead ? row.lead->customer_name : std::string());
    json["lastMessage"] =
        row.last_message ? publish::message_object(*row.last_message) : Json(nullptr);
    json["lastActivity"] = iso8601(conversation.last_activity_at);
    json["messageCount"] = conversation.message_count;
    json["humanControl"] = session_or_null(asked, conversation, row.session);
    json["activeCall"] = call_or_null(row.active_call);
    add_state(json, conversation);
    return json;
}

Json messages_list(const std::vector<domain::Message>& messages) {
    Json list = Json::array();
    for (const domain::Message& message : messages)
        if (message.delivery != domain::Delivery::Superseded)
            list.push_back(publish::message_object(message));
    return list;
}

/// The conversation of the path as it is at one instant; 404 where nothing is known.
store::Snapshot conversation_of(const Asked& asked, const std::string& address, unsigned limit) {
    store::Snapshot snapshot =
        found(asked.ground.store->snapshot(asked.organization.id, address, limit), "conversation");
    if (!snapshot.conversation) serve::refuse(404, "NOT_FOUND", "There is no such conversation.");
    return snapshot;
}

}  // namespace

std::string Asked::path_address() const {
    return address_of(*ground.store, organization, request.path_parameter("phoneNumber"));
}

serve::Response list_conversations(const Asked& asked) {
    store::ListQuery query;
    query.limit =
        serve::query_number(asked.request, "limit", serve::default_limit, serve::max_limit);
    query.under_control = serve::query_yes_no(asked.request, "humanTakeover");
    query.needs_human = serve::query_yes_no(asked.request, "needsHuman");
    query.text = asked.request.query("q").value_or("");
    if (query.text.size() > max_search_bytes) serve::refuse_field("q", "is too long");
    if (const auto text = asked.request.query("cursor"); text && !text->empty()) {
        serve::Cursor cursor = serve::parse_cursor(*text, asked.organization.id, list_name);
        query.before_at = cursor.at;
        query.before_key = std::move(cursor.key);
    }
    const auto listed =
        found(asked.ground.store->conversations(asked.organization.id, query), "conversation");
    Json data;
    data["conversations"] = Json::array();
    for (const store::ConversationRow& row : listed.rows)
        data["conversations"].push_back(row_object(asked, row));
    data["position"] = domain::to_text(listed.position);
    Json pagination{{"limit", query.limit}, {"nextCursor", nullptr}};
    if (listed.rows.size() == query.limit) {
        const domain::Conversation& last = listed.rows.back().conversation;
        pagination["nextCursor"] = to_text(serve::Cursor{last.last_activity_at, last.address},
                                           asked.organization.id, list_name);
    }
    return serve::success("Conversations", publish::text(data), 200, publish::text(pagination));
}

serve::Response show_conversation(const Asked& asked) {
    const std::string address = asked.path_address();
    const domain::OrganizationId& organization = asked.organization.id;
    store::Store& store = *asked.ground.store;
    const store::Snapshot snapshot = conversation_of(asked, address, asked.ground.history_limit);
    store::ListQuery of_address;
    of_address.address = address;
    of_address.limit = most_calls;
    const auto calls = found(store.calls(organization, of_address), "conversation");
    const auto drafts = found(store.messages_by_delivery(organization, address,
                                                         domain::Delivery::Superseded, most_drafts),
                              "conversation");
    const domain::Conversation& conversation = *snapshot.conversation;
    Json data;
    data["phoneNumber"] = address;
    data["lead"] = snapshot.lead ? lead_object(*snapshot.lead) : Json(nullptr);
    data["messages"] = messages_list(snapshot.messages);
    data["summary"] = text_or_null(conversation.summary);
    data["humanControl"] = session_or_null(asked, conversation, snapshot.session);
    data["activeCall"] = call_or_null(snapshot.active_call);
    data["calls"] = Json::array();
    for (const domain::Call& call : calls) data["calls"].push_back(publish::call_object(call));
    data["drafts"] = Json::array();
    for (const domain::Message& draft : drafts)
        data["drafts"].push_back(publish::message_object(draft));
    data["counts"] =
        Json{{"messages", conversation.message_count}, {"calls", conversation.call_count}};
    add_state(data, conversation);
    data["position"] = domain::to_text(snapshot.position);
    return serve::success("Conversation", publish::text(data));
}

serve::Response page_messages(const Asked& asked) {
    const std::string address = asked.path_address();
    const unsigned limit =
        serve::query_number(asked.request, "limit", serve::default_limit, serve::max_limit);
    conversation_of(asked, address, 0);
    int64_t before = 0;
    if (const auto id = asked.request.query("before"); id && !id->empty()) {
        const auto message = asked.ground.store->message(asked.organization.id, *id);
        if (!message && message.error().code != Code::NotFound) serve::refuse_without_storage();
        if (!message || message->address != address)
            serve::refuse_field("before", "is no message of this conversation");
        before = message->number;
    }
    auto page = found(asked.ground.store->messages(asked.organization.id, address, before, limit),
                      "conversation");
    std::reverse(page.begin(), page.end());
    Json pagination{{"limit", limit}, {"nextBefore", nullptr}};
    if (page.size() == limit && page.front().number > 1) pagination["nextBefore"] = page.front().id;
    return serve::success("Messages", publish::text(Json{{"messages", messages_list(page)}}), 200,
                          publish::text(pagination));
}

}  // namespace tandem::converse
