#include "stream/routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "admit/admit.h"
#include "domain/address.h"
#include "stream/order.h"

namespace tandem::stream {

namespace {

constexpr size_t ticket_body_bytes = 4096;
constexpr size_t most_types = 32;
constexpr size_t max_type_bytes = 48;
constexpr size_t max_lead_bytes = 256;
/// When a slot may be free again, or the store be back.
constexpr unsigned retry_after_s = 5;

using Refused = serve::Response;

serve::Problem problem_of(int status, const char* code, std::string detail) {
    serve::Problem problem;
    problem.status = status;
    problem.code = code;
    problem.detail = std::move(detail);
    return problem;
}

Refused invalid(const char* field, const char* what) {
    serve::Problem problem =
        problem_of(400, "VALIDATION_FAILED", std::string(field) + ' ' + what + '.');
    problem.errors.emplace_back(field, what);
    return serve::problem(problem);
}

Refused limited(const char* detail) {
    serve::Problem problem = problem_of(429, "RATE_LIMITED", detail);
    problem.retry_after_s = retry_after_s;
    return serve::problem(problem);
}

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& letter : made)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return made;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// Calls `each` with every part between the marks, without blanks around it.
template <typename Each>
void split(std::string_view text, char mark, Each each) {
    while (true) {
        const size_t end = text.find(mark);
        each(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

/// A weight of zero means "not this" (RFC 9110 section 12.4.2).
bool weighs_nothing(std::string_view parameter) {
    const std::string text = lower(parameter);
    return text.rfind("q=0", 0) == 0 && text.find_first_not_of("0.", 3) == std::string::npos;
}

/// Whether the caller takes an event stream (RFC 9110 section 12.5.1). Without the field
/// anything is taken.
bool takes_stream(const serve::Request& request) {
    bool asked = false;
    bool taken = false;
    for (const serve::Header& header : request.headers) {
        if (lower(header.name) != "accept") continue;
        asked = true;
        split(header.value, ',', [&](std::string_view range) {
            bool first = true, fits = false, refused = false;
            split(range, ';', [&](std::string_view part) {
                if (std::exchange(first, false)) {
                    const std::string type = lower(part);
                    fits = type == "text/event-stream" || type == "text/*" || type == "*/*";
                } else {
                    refused = refused || weighs_nothing(part);
                }
            });
            taken = taken || (fits && !refused);
        });
    }
    return !asked || taken;
}

std::optional<Refused> refuse_form(const serve::Request& request) {
    if (request.method != "GET") {
        serve::Problem problem =
            problem_of(405, "METHOD_NOT_ALLOWED", "An event stream answers GET only.");
        problem.headers.push_back({"Allow", "GET"});
        return serve::problem(problem);
    }
    if (takes_stream(request)) return std::nullopt;
    return serve::problem(
        problem_of(406, "VALIDATION_FAILED", "This is a text/event-stream and nothing else."));
}

/// The conversation that a lead, a number, or both of them name.
struct Named {
    std::string address;
    std::string lead_id;  // empty: only the number is known
};

std::variant<Named, Refused> find(const Desk& desk, const domain::OrganizationId& organization,
                                  const std::string& lead_id, const std::string& number) {
    std::optional<domain::Lead> lead;
    if (!lead_id.empty() && lead_id.size() <= max_lead_bytes) {
        auto found = desk.store.lead(organization, lead_id);
        if (found) {
            lead = std::move(*found);
        } else if (found.error().code != Code::NotFound) {
            serve::Problem problem = problem_of(503, "STORAGE_UNAVAILABLE",
                                                "The storage does not answer; try again soon.");
            problem.retry_after_s = retry_after_s;
            return serve::problem(problem);
        }
    }
    if (number.empty()) {
        if (lead) return Named{lead->address, lead->id};
        return serve::problem(problem_of(404, "NOT_FOUND", "There is no such lead."));
    }
    // Addresses that are no phone numbers come back as we gave them out.
    if (lead && lead->address == number) return Named{lead->address, lead->id};
    const domain::Organization* own = desk.organizations.by_id(organization);
    const auto phone = domain::parse_phone(number, own ? own->default_region : "");
    if (!phone) {
        return serve::problem(
            problem_of(400, "INVALID_PHONE_NUMBER", "phoneNumber is not a phone number."));
    }
    if (!lead) return Named{phone->text, {}};
    if (lead->address != phone->text)
        return invalid("phoneNumber", "is not the number of the lead");
    return Named{lead->address, lead->id};
}

std::variant<std::vector<std::string>, Refused> read_types(const serve::Request& request) {
    std::vector<std::string> types;
    bool shaped = true;
    const std::string asked = request.query("types").value_or("");
    if (asked.empty()) return types;
    split(asked, ',', [&](std::string_view type) {
        const bool letters =
            type.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
        shaped = shaped && letters && !type.empty() && type.size() <= max_type_bytes &&
                 types.size() < most_types;
        if (shaped) types.emplace_back(type);
    });
    if (!shaped) return invalid("types", "must be at most 32 event types with commas between");
    return types;
}

/// The bearer token that the guard took, from where it took it; empty: there is none.
std::string token_of(const serve::Request& request) {
    if (const auto header = request.header("Authorization"))
        return std::string(header->substr(header->rfind(' ') + 1));
    return request.query("token").value_or("");
}

/// Bearer headers go before tickets, as the guard judges them.
std::string ticket_of(const serve::Request& request) {
    for (const serve::Header& header : request.headers)
        if (lower(header.name) == "authorization") return {};
    return request.query("ticket").value_or("");
}

std::optional<std::string> last_event_id(const serve::Request& request) {
    // The header is the newer one: a browser comes back to the URL it first had.
    for (const serve::Header& header : request.headers)
        if (lower(header.name) == "last-event-id") return header.value;
    return request.query("lastEventId");
}

void open(const Desk& desk, serve::Request& request, serve::Responder& responder, View view) {
    auto subscription = std::make_shared<Subscription>();
    subscription->identity = std::move(*request.identity);
    subscription->load = request.query("load").value_or("") == "true";
    subscription->last_event_id = last_event_id(request);
    if (!request.control) subscription->token = token_of(request);
    if (const std::string ticket = ticket_of(request); !ticket.empty()) {
        subscription->ticket = desk.tickets.open(ticket, request.target, view.address);
        if (!subscription->ticket) {
            serve::Response stop;
            stop.status = 204;
            return responder.answer(std::move(stop));
        }
        subscription->token = subscription->ticket->token();
    }
    subscription->view = std::move(view);
    subscription->place = desk.places.take(subscription->identity);
    if (!subscription->place)
        return responder.answer(limited("This credential has as many streams as it may."));
    if (subscription->ticket) subscription->ticket->hold(subscription->place);

    serve::Response head;
    head.content_type = "text/event-stream";
    head.headers = {{"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
    responder.stream(std::move(head),
                     [&hub = desk.hub, subscription](std::shared_ptr<serve::Stream> stream) {
                         hub.open(std::move(stream), std::move(*subscription));
                     });
}

void conversation(const Desk& desk, serve::Request request, serve::Responder responder) {
    if (auto refused = refuse_form(request)) return responder.answer(std::move(*refused));
    const domain::OrganizationId organization = request.identity->organization;
    auto found = find(desk, organization, std::string(request.path_parameter("leadId")),
                      request.query("phoneNumber").value_or(""));
    if (auto* refused = std::get_if<Refused>(&found)) return responder.answer(std::move(*refused));
    Named& named = std::get<Named>(found);
    View view;
    view.organization = organization;
    view.address = std::move(named.address);
    view.lead_id = std::move(named.lead_id);
    open(desk, request, responder, std::move(view));
}

void organization(const Desk& desk, serve::Request request, serve::Responder responder) {
    if (auto refused = refuse_form(request)) return responder.answer(std::move(*refused));
    auto types = read_types(request);
    if (auto* refused = std::get_if<Refused>(&types)) return responder.answer(std::move(*refused));
    View view;
    view.organization = request.identity->organization;
    view.types = std::move(std::get<std::vector<std::string>>(types));
    open(desk, request, responder, std::move(view));
}

void ticket(const Desk& desk, serve::Request request, serve::Responder responder) {
    if (desk.tickets.is_over(*request.identity))
        return responder.answer(
            serve::problem(problem_of(401, "TOKEN_EXPIRED", "The token has expired.")));
    auto order = read_order(request.body);
    if (const auto* amiss = std::get_if<serve::Problem>(&order))
        return responder.answer(serve::problem(*amiss));
    const Order& wanted = std::get<Order>(order);
    if (!admit::same_organization(*request.identity, wanted.organization_id)) {
        return responder.answer(serve::problem(problem_of(
            403, "ORGANIZATION_ACCESS_DENIED", "The credential is for another organization.")));
    }
    Tickets::Scope scope;
    if (!wanted.organization) {
        auto found =
            find(desk, request.identity->organization, wanted.lead_id, wanted.phone_number);
        if (auto* refused = std::get_if<Refused>(&found))
            return responder.answer(std::move(*refused));
        scope.address = std::move(std::get<Named>(found).address);
    }
    const auto issued = desk.tickets.issue(*request.identity, std::move(scope),
                                           request.control ? "" : token_of(request));
    if (!issued)
        return responder.answer(limited("This credential has many tickets that were never used."));
    responder.answer(serve::success("A ticket for one event stream",
                                    "{\"ticket\":\"" + issued->ticket + "\",\"expiresAt\":\"" +
                                        iso8601(issued->expires_at) + "\"}"));
}

using Kind = serve::QueryParameter::Kind;

serve::Described described_stream(const char* id, const char* summary) {
    serve::Described described{.id = id, .summary = summary, .tag = "streams"};
    described.query = {{"lastEventId", "As the header Last-Event-ID", Kind::Text, 0, {}},
                       {"organizationId", "The credential's own", Kind::Text, 0, {}}};
    described.media_type = "text/event-stream";
    return described;
}

serve::Described described_conversation() {
    serve::Described described =
        described_stream("followConversation", "What happens in one conversation");
    described.query.push_back({"phoneNumber", "The conversation's number", Kind::Text, 0, {}});
    described.query.push_back({"load", "true: the history first", Kind::Text, 0, {}});
    described.errors = {"INVALID_PHONE_NUMBER", "NOT_FOUND"};
    return described;
}

serve::Described described_organization() {
    serve::Described described =
        described_stream("followOrganization", "What happens in all conversations");
    described.query.push_back({"types", "Event types with commas between", Kind::Text, 0, {}});
    return described;
}

}  // namespace

std::vector<serve::Route> routes(const Desk& desk) {
    const auto handler = [desk](auto verb) {
        return [desk, verb](serve::Request request, serve::Responder responder) {
            verb(desk, std::move(request), std::move(responder));
        };
    };
    const auto route = [](const char* method, const char* pattern, serve::Access access,
                          serve::Handler handle, serve::Described described) {
        serve::Route made;
        made.method = method;
        made.pattern = pattern;
        made.access = access;
        made.permission = "conversations:read";
        made.handler = std::move(handle);
        made.described = std::move(described);
        return made;
    };
    std::vector<serve::Route> all{
        route("GET", "/api/stream/conversation/{leadId}", serve::Access::Stream,
              handler(conversation), described_conversation()),
        route("GET", "/api/stream/organization", serve::Access::Stream, handler(organization),
              described_organization()),
        route("POST", "/api/stream/tickets", serve::Access::Bearer, handler(ticket),
              {.id = "createStreamTicket",
               .summary = "A ticket that opens one event stream",
               .tag = "streams",
               .body = "TicketRequest",
               .answer = "Ticket",
               .errors = {"INVALID_PHONE_NUMBER", "NOT_FOUND"}}),
    };
    all.back().body_limit = ticket_body_bytes;
    all.back().reads_json = true;
    return all;
}

}  // namespace tandem::stream
