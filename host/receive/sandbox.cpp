#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "domain/address.h"
#include "receive/delivery.h"
#include "receive/routes.h"

namespace tandem::receive {

namespace {

using Json = nlohmann::json;

constexpr int max_depth = 64;
constexpr size_t max_text_bytes = 16384;
constexpr size_t max_turns = 500;
constexpr size_t max_shown_name = 64;

struct Refused {
    serve::Problem problem;
};

[[noreturn]] void refuse(std::string field, std::string message,
                         const char* code = "VALIDATION_FAILED") {
    serve::Problem problem{400, code, field + ": " + message};
    problem.errors.emplace_back(std::move(field), std::move(message));
    throw Refused{std::move(problem)};
}

/// JSON without duplicate members and not deeper than 64.
Json parse_body(const std::string& body) {
    std::vector<std::set<std::string>> names;
    const auto guard = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_depth) refuse("body", "is nested too deeply");
        if (event == Json::parse_event_t::object_start) names.emplace_back();
        if (event == Json::parse_event_t::object_end) names.pop_back();
        if (event == Json::parse_event_t::key && !names.back().insert(parsed).second)
            refuse("body", "names a member twice");
        return true;
    };
    try {
        Json json = Json::parse(body, guard);
        if (!json.is_object()) refuse("body", "must be a JSON object");
        return json;
    } catch (const Json::exception&) {
        refuse("body", "is not JSON");
    }
}

void allow_only(const Json& object, std::initializer_list<const char*> names) {
    for (const auto& member : object.items()) {
        const auto known = std::find(names.begin(), names.end(), member.key());
        if (known == names.end())
            refuse(clean_text(member.key().substr(0, max_shown_name)), "is not known");
    }
}

std::string text_of(const Json& object, const char* name) {
    if (!object.contains(name)) return {};
    const Json& value = object[name];
    if (!value.is_string()) refuse(name, "must be a text");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > max_text_bytes) refuse(name, "is too long");
    return text;
}

/// Who writes or calls whom. `to` must be a number of the credential's organisation; one of
/// another's is refused exactly as one that nobody has.
struct Parties {
    std::string from, to;
};

Parties parties_of(const Json& body, const domain::Organization& organization) {
    const std::string from = text_of(body, "from");
    if (from.empty()) refuse("from", "is missing", "MISSING_PHONE_NUMBER");
    const auto customer = domain::parse_phone(from, organization.default_region);
    if (!customer) refuse("from", "is not a possible phone number", "INVALID_PHONE_NUMBER");
    if (organization.numbers.empty()) refuse("to", "the organisation has no number");
    const std::string to = text_of(body, "to");
    if (to.empty()) return {customer->text, organization.numbers.front()};
    const auto business = domain::parse_phone(to, organization.default_region);
    if (!business) refuse("to", "is not a possible phone number", "INVALID_PHONE_NUMBER");
    const auto& own = organization.numbers;
    if (std::find(own.begin(), own.end(), business->text) == own.end())
        refuse("to", "is not a number of the organisation");
    return {customer->text, business->text};
}

/// The body of POST /api/sandbox/messages, checked, as the plugin's route takes it.
Json message_of(const std::string& body, const domain::Organization& organization) {
    const Json asked = parse_body(body);
    allow_only(asked, {"from", "to", "text", "mediaUrl"});
    const Parties parties = parties_of(asked, organization);
    const std::string text = text_of(asked, "text");
    const std::string media = text_of(asked, "mediaUrl");
    if (text.empty() && media.empty()) refuse("text", "is missing");
    Json message{{"from", parties.from}, {"to", parties.to}, {"text", text}};
    if (!media.empty()) message["mediaUrl"] = media;
    return message;
}

/// Likewise of POST /api/sandbox/calls.
Json call_of(const std::string& body, const domain::Organization& organization) {
    const Json asked = parse_body(body);
    allow_only(asked, {"from", "to", "turns", "summary"});
    const Parties parties = parties_of(asked, organization);
    Json call{{"from", parties.from}, {"to", parties.to}, {"summary", text_of(asked, "summary")}};
    call["turns"] = Json::array();
    if (!asked.contains("turns")) return call;
    if (!asked["turns"].is_array()) refuse("turns", "must be a list");
    if (asked["turns"].size() > max_turns) refuse("turns", "has more than 500 elements");
    for (const Json& turn : asked["turns"]) {
        if (!turn.is_object()) refuse("turns", "must hold objects");
        allow_only(turn, {"role", "message"});
        const std::string role = text_of(turn, "role");
        if (role != "user" && role != "agent" && role != "human_agent")
            refuse("turns.role", "must be user, agent or human_agent");
        call["turns"].push_back({{"role", role}, {"message", text_of(turn, "message")}});
    }
    return call;
}

using Reader = Json (*)(const std::string&, const domain::Organization&);

/// One host route: checked here, told to the plugin's internal route of the same name.
struct Door {
    Intake* intake;
    Source source;
    const domain::Organizations* organizations;
    IdSource* ids;
    const Clock* clock;
    std::string path;
    Reader read;
    std::string done;

    void operator()(serve::Request request, serve::Responder responder) const {
        const auto* organization =
            request.identity ? organizations->by_id(request.identity->organization) : nullptr;
        if (!organization)
            return responder.answer(serve::problem(
                {403, "ORGANIZATION_ACCESS_DENIED", "The credential's organisation is not here."}));
        WebhookRequest webhook;
        try {
            Json body = read(request.body, *organization);
            // Plugins may not invent anything: what makes this event unlike others comes
            // with it.
            body["id"] = ids->next();
            webhook.body = body.dump();
        } catch (const Refused& refused) {
            return responder.answer(serve::problem(refused.problem));
        }
        webhook.method = "POST";
        webhook.target = request.target;
        webhook.path = path;
        webhook.headers.emplace_back("Content-Type", "application/json");
        webhook.received_at = clock->now();
        auto waiting = std::make_shared<serve::Responder>(std::move(responder));
        intake->take_internal(source, std::move(webhook),
                              [waiting, text = done](Result<WebhookAnswer> result) {
                                  waiting->answer(result ? serve::success(text, result->body)
                                                         : refusal(result.error()));
                              });
    }
};

}  // namespace

std::vector<serve::Route> sandbox_routes(Intake& intake, const Source& sandbox,
                                         const domain::Organizations& organizations, IdSource& ids,
                                         const Clock& clock, size_t body_limit) {
    std::vector<serve::Route> routes;
    const auto open = [&](const char* path, Reader read, const char* done) {
        const auto& declared = sandbox.source->routes();
        const bool offered = std::any_of(declared.begin(), declared.end(), [&](const auto& one) {
            return one.internal && one.path == path;
        });
        if (!offered) return;
        serve::Route route;
        route.method = "POST";
        route.pattern = std::string("/api/sandbox/") + path;
        route.access = serve::Access::Bearer;
        route.permission = "conversations:write";
        route.body_limit = body_limit;
        route.reads_json = true;
        route.handler = Door{&intake, sandbox, &organizations, &ids, &clock, path, read, done};
        routes.push_back(std::move(route));
    };
    open("messages", message_of, "Message received");
    open("calls", call_of, "Call recorded");
    return routes;
}

}  // namespace tandem::receive
