#include <utility>

#include "converse/lead_state.h"
#include "converse/shown.h"
#include "domain/address.h"
#include "serve/cursor.h"
#include "serve/json.h"

namespace tandem::converse {

namespace {

using publish::text_or_null;

constexpr size_t max_attributes_bytes = 65536;
constexpr size_t max_search_bytes = 200;
constexpr size_t max_id_bytes = 256;
// A lost race means that somebody else changed the same lead.
constexpr unsigned max_rebuilds = 8;
constexpr char list_name[] = "leads";

std::string lead_data(const domain::Lead& lead) {
    return publish::text(Json{{"lead", lead_object(lead)}});
}

domain::Lead lead_of(const Asked& asked) {
    const std::string id(asked.request.path_parameter("id"));
    if (id.size() > max_id_bytes) serve::refuse(404, "NOT_FOUND", "There is no such lead.");
    return found(asked.ground.store->lead(asked.organization.id, id), "lead");
}

/// A member that the caller may leave, set, or clear by null or an empty text.
void take(serve::Members& body, const char* name, std::string& into) {
    if (body.has(name))
        into = body.text(name, max_field_bytes);
    else if (body.is_null(name))
        into.clear();
}

void check(serve::Members& body, const Asked& asked) {
    const std::string named = body.text("organizationId", max_field_bytes);
    if (auto problem = body.problem()) throw serve::Refused{std::move(*problem)};
    if (!named.empty() && named != asked.organization.id)
        serve::refuse(403, "ORGANIZATION_ACCESS_DENIED",
                      "The organisation is not the credential's.");
}

[[noreturn]] void refuse_second() {
    serve::refuse(409, "LEAD_EXISTS", "There is a lead with this number already.");
}

}  // namespace

publish::Scene scene_of(const Asked& asked, const domain::Lead& lead, Time now) {
    return {asked.ground.ids->next(), asked.organization.id, lead.address, lead.id,
            lead.customer_name,       lead.status,           now};
}

void take_all(serve::Members& body, domain::Lead& lead) {
    take(body, "customerName", lead.customer_name);
    take(body, "email", lead.email);
    take(body, "leadStatus", lead.status);
    take(body, "source", lead.source);
    if (body.has("attributes"))
        lead.attributes_json = body.object("attributes", max_attributes_bytes);
    else if (body.is_null("attributes"))
        lead.attributes_json.clear();
    if (!lead.email.empty() && lead.email.find('@') == std::string::npos)
        body.complain("email", "is no e-mail address");
}

Json lead_object(const domain::Lead& lead) {
    Json json;
    json["id"] = lead.id;
    json["customerName"] = text_or_null(lead.customer_name);
    json["phoneNumber"] = lead.address;
    json["email"] = text_or_null(lead.email);
    json["leadStatus"] = text_or_null(lead.status);
    json["source"] = text_or_null(lead.source);
    Json attributes = publish::foreign(lead.attributes_json);
    json["attributes"] = attributes.is_object() ? std::move(attributes) : Json::object();
    json["createdAt"] = iso8601(lead.created_at);
    json["updatedAt"] = iso8601(lead.updated_at);
    return json;
}

serve::Response list_leads(const Asked& asked) {
    store::ListQuery query;
    query.limit =
        serve::query_number(asked.request, "limit", serve::default_limit, serve::max_limit);
    query.text = asked.request.query("q").value_or("");
    if (query.text.size() > max_search_bytes) serve::refuse_field("q", "is too long");
    if (const auto text = asked.request.query("cursor"); text && !text->empty()) {
        serve::Cursor cursor = serve::parse_cursor(*text, asked.organization.id, list_name);
        query.before_at = cursor.at;
        query.before_key = std::move(cursor.key);
    }
    const auto leads = found(asked.ground.store->leads(asked.organization.id, query), "lead");
    Json list = Json::array();
    for (const domain::Lead& lead : leads) list.push_back(lead_object(lead));
    Json pagination{{"limit", query.limit}, {"nextCursor", nullptr}};
    if (leads.size() == query.limit)
        pagination["nextCursor"] = to_text(serve::Cursor{leads.back().created_at, leads.back().id},
                                           asked.organization.id, list_name);
    return serve::success("Leads", publish::text(Json{{"leads", std::move(list)}}), 200,
                          publish::text(pagination));
}

serve::Response create_lead(const Asked& asked) {
    serve::Members body(asked.request.body);
    const std::string number = body.text("phoneNumber", max_field_bytes);
    domain::Lead lead;
    take_all(body, lead);
    check(body, asked);
    if (number.empty()) serve::refuse_field("phoneNumber", "is missing", "MISSING_PHONE_NUMBER");
    const auto phone = domain::parse_phone(number, asked.organization.default_region);
    if (!phone)
        serve::refuse_field("phoneNumber", "is not a possible phone number",
                            "INVALID_PHONE_NUMBER");
    lead.id = asked.ground.ids->next();
    lead.address = phone->text;
    if (lead.source.empty()) lead.source = "api";
    lead.created_at = lead.updated_at = asked.ground.clock->now();
    const auto known = asked.ground.store->lead_by_address(asked.organization.id, lead.address);
    if (known) refuse_second();
    if (known.error().code != Code::NotFound) serve::refuse_without_storage();
    store::ChangeSet set;
    set.organization = asked.organization.id;
    set.operations.push_back(lead);
    set.operations.push_back(publish::lead_updated(scene_of(asked, lead, lead.created_at)));
    const auto outcome = asked.ground.committer->commit(std::move(set));
    if (!outcome) serve::refuse_without_storage();
    // Somebody was faster: the address is unique.
    if (outcome->kind != store::Outcome::Kind::Committed) refuse_second();
    return serve::success("Lead created", lead_data(lead), 201);
}

serve::Response show_lead(const Asked& asked) {
    return serve::success("Lead", lead_data(lead_of(asked)));
}

serve::Response change_lead(const Asked& asked) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        domain::Lead lead = lead_of(asked);
        const auto before = asked.ground.store->snapshot(asked.organization.id, lead.address, 0);
        if (!before) serve::refuse_without_storage();
        // Read again: a change between the two shows as another version.
        if (!before->lead) continue;  // erased in between
        lead = *before->lead;
        serve::Members body(asked.request.body);
        take_all(body, lead);
        check(body, asked);
        const Time now = changed_at(*before, asked.ground.clock->now());
        lead.updated_at = now;
        store::ChangeSet set;
        set.organization = asked.organization.id;
        build_on(set, *before, lead.address, now);
        if (before->conversation) set.operations.push_back(*before->conversation);
        set.operations.push_back(lead);
        set.operations.push_back(publish::lead_updated(scene_of(asked, lead, now)));
        const auto outcome = asked.ground.committer->commit(std::move(set));
        if (!outcome) serve::refuse_without_storage();
        if (outcome->kind == store::Outcome::Kind::Committed)
            return serve::success("Lead changed", lead_data(lead));
    }
    serve::refuse_without_storage();
}

}  // namespace tandem::converse
