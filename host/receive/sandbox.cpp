#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "domain/address.h"
#include "receive/delivery.h"
#include "receive/routes.h"
#include "serve/json.h"

namespace tandem::receive {

namespace {

using Json = nlohmann::json;

constexpr size_t max_text_bytes = 16384;
constexpr size_t max_turns = 500;

struct Refused {
    serve::Problem problem;
};

[[noreturn]] void refuse(std::string field, std::string message,
                         const char* code = "VALIDATION_FAILED") {
    serve::Problem problem{400, code, field + ' ' + message + '.'};
    problem.errors.emplace_back(std::move(field), std::move(message));
    throw Refused{std::move(problem)};
}

/// Everything was asked for; throws when something is amiss.
void check(serve::Members& asked) {
    if (auto problem = asked.problem()) throw Refused{std::move(*problem)};
}

/// Who writes or calls whom. `to` must be a number of the credential's organisation; one of
/// another's is refused exactly as one that nobody has.
struct Parties {
    std::string from, to;
};

Parties parties_of(const Parties& asked, const domain::Organization& organization) {
    const auto& [from, to] = asked;
    if (from.empty()) refuse("from", "is missing", "MISSING_PHONE_NUMBER");
    const auto customer = domain::parse_phone(from, organization.default_region);
    if (!customer) refuse("from", "is not a possible phone number", "INVALID_PHONE_NUMBER");
    if (organization.numbers.empty())
        refuse("to", "cannot be chosen: the organisation has no number");
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
    serve::Members asked(body);
    const Parties told{asked.text("from", max_text_bytes), asked.text("to", max_text_bytes)};
    const std::string text = asked.text("text", max_text_bytes);
    const std::string media = asked.text("mediaUrl", max_text_bytes);
    check(asked);
    const Parties parties = parties_of(told, organization);
    if (text.empty() && media.empty()) refuse("text", "is missing");
    Json message{{"from", parties.from}, {"to", parties.to}, {"text", text}};
    if (!media.empty()) message["mediaUrl"] = media;
    return message;
}

/// Likewise of POST /api/sandbox/calls.
Json call_of(const std::string& body, const domain::Organization& organization) {
    serve::Members asked(body);
    const Parties told{asked.text("from", max_text_bytes), asked.text("to", max_text_bytes)};
    Json call{{"summary", asked.text("summary", max_text_bytes)}, {"turns", Json::array()}};
    asked.objects("turns", max_turns, [&turns = call["turns"]](serve::Members& turn) {
        const std::string role = turn.text("role", max_text_bytes);
        if (role != "user" && role != "agent" && role != "human_agent")
            turn.complain("role", "must be user, agent or human_agent");
        turns.push_back({{"role", role}, {"message", turn.text("message", max_text_bytes)}});
    });
    check(asked);
    const Parties parties = parties_of(told, organization);
    call["from"] = parties.from;
    call["to"] = parties.to;
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
    const auto open = [&](const char* path, Reader read, const char* done,
                          serve::Described described) {
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
        described.tag = "sandbox";
        described.errors = {"MISSING_PHONE_NUMBER", "INVALID_PHONE_NUMBER", "NOT_FOUND"};
        route.described = std::move(described);
        routes.push_back(std::move(route));
    };
    open("messages", message_of, "Message received",
         {.id = "playCustomerText",
          .summary = "Lets the sandbox's customer write",
          .tag = {},
          .body = "SandboxMessage",
          .answer = "SandboxMessageTaken"});
    open("calls", call_of, "Call recorded",
         {.id = "playCustomerCall",
          .summary = "Lets the sandbox's customer have called",
          .tag = {},
          .body = "SandboxCall",
          .answer = "SandboxCallTaken"});
    return routes;
}

}  // namespace tandem::receive
