#include "limit/routes.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "serve/refuse.h"

namespace tandem::limit {

namespace {

using Json = nlohmann::ordered_json;

Json counted(unsigned spent, unsigned reserved, const std::optional<unsigned>& cap) {
    return {{"spent", spent}, {"reserved", reserved}, {"cap", cap ? Json(*cap) : Json(nullptr)}};
}

/// As text: a reader of numbers would make them approximate.
Json money(const domain::Organization& organization, const Amount& spent) {
    Amount settled = spent;
    Amount reserved;
    reserved.reserved_minutes = std::exchange(settled.reserved_minutes, 0);
    const auto& cap = organization.daily.cost;
    return {{"spent", to_text(cost_of(organization.prices, settled))},
            {"reserved", to_text(cost_of(organization.prices, reserved))},
            {"cap", cap ? Json(to_text(*cap)) : Json(nullptr)}};
}

serve::Response show(Spending& spending, const domain::Organizations& organizations,
                     const serve::Request& request) {
    const auto* organization = organizations.by_id(request.identity->organization);
    if (!organization)
        serve::refuse(403, "ORGANIZATION_ACCESS_DENIED",
                      "The credential is not of this organisation.");
    const auto today = spending.today(*organization);
    if (!today) serve::refuse_without_storage();
    const domain::Organization::Daily& caps = organization->daily;
    const Amount& spent = today->spent;
    Json data;
    data["organizationId"] = organization->id.text();
    data["day"] = today->date;
    data["endsAt"] = iso8601(today->ends_at);
    data["counted"] = organization->counts_its_day();
    data["messages"] = counted(spent.messages, 0, caps.messages);
    data["segments"] = counted(spent.segments, 0, caps.segments);
    data["calls"] = counted(spent.calls, 0, caps.calls);
    data["callMinutes"] = counted(spent.minutes, spent.reserved_minutes, caps.call_minutes);
    data["cost"] = money(*organization, spent);
    return serve::success("What the organisation spent of its day", data.dump());
}

}  // namespace

std::vector<serve::Route> routes(Spending& spending, const domain::Organizations& organizations) {
    serve::Route showing;
    showing.method = "GET";
    showing.pattern = "/api/limits";
    showing.permission = "admin";
    showing.described = {.id = "getLimits",
                         .summary = "What the organisation spent of its day, and its caps",
                         .tag = "access",
                         .answer = "DailyLimits"};
    showing.handler = [&spending, &organizations](serve::Request request,
                                                  serve::Responder responder) {
        serve::answer_with(responder, [&] { return show(spending, organizations, request); });
    };
    std::vector<serve::Route> all;
    all.push_back(std::move(showing));
    return all;
}

}  // namespace tandem::limit
