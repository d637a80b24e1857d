#include "describe/openapi.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "describe/codes.h"

namespace tandem::describe {

namespace {

using serve::Access;
using serve::QueryParameter;
using serve::Route;

constexpr const char* introduction =
    "A telephony gateway in which an AI and people answer a customer in tandem.\n\n"
    "Success is an envelope of `success`, `message` and `data`; a failure is "
    "`application/problem+json` (RFC 9457) with a stable `code`. Times are ISO 8601 in UTC with "
    "milliseconds, durations whole seconds; phone numbers leave the gateway in E.164.\n\n"
    "The organisation comes from the credential alone. What belongs to another one is answered "
    "exactly as what does not exist; an `organizationId` that names another one is 403. "
    "A path answers 405 with `Allow` to other methods. Broken HTTP is answered in the same "
    "form: `BAD_REQUEST` (400), `REQUEST_TIMEOUT` (408), `LENGTH_REQUIRED` (411), "
    "`PAYLOAD_TOO_LARGE` (413), `URI_TOO_LONG` (414), `EXPECTATION_FAILED` (417), "
    "`HEADERS_TOO_LARGE` (431), `NOT_IMPLEMENTED` (501), `VERSION_NOT_SUPPORTED` (505).";

[[noreturn]] void refuse(const Route& route, const std::string& why) {
    throw std::invalid_argument("route " + route.method + " " + route.pattern + ": " + why);
}

bool has_tag(const Schemas& schemas, const std::string& name) {
    return std::any_of(schemas.tags().begin(), schemas.tags().end(),
                       [&](const Json& tag) { return tag["name"] == name; });
}

/// What a start is refused for.
void check(const Route& route, const Schemas& schemas) {
    const serve::Described& said = route.described;
    const auto check_schema = [&](const std::string& name) {
        if (!name.empty() && !schemas.has(name)) refuse(route, "there is no schema " + name);
    };
    if (said.id.empty()) refuse(route, "is not described: it has no operation id");
    if (said.summary.empty()) refuse(route, "is not described: it has no summary");
    if (!has_tag(schemas, said.tag)) refuse(route, "there is no tag " + said.tag);
    if (route.reads_json && said.body.empty()) refuse(route, "reads JSON and names no schema");
    const bool says_body = !said.body.empty() || !said.body_type.empty();
    if (route.body_limit > 0 && !says_body && route.access != Access::Webhook)
        refuse(route, "reads a body and names neither schema nor media type");
    if (says_body && route.body_limit == 0) refuse(route, "describes a body that it does not read");
    if (said.answer.empty() == said.media_type.empty())
        refuse(route, "must name the schema of its answer, or its media type");
    for (const std::string* name : {&said.body, &said.answer, &said.pagination})
        check_schema(*name);
}

Json json_content(Json schema) {
    return Json{{"application/json", Json{{"schema", std::move(schema)}}}};
}

Json header_reference(const char* name) {
    return Json{{"$ref", std::string("#/components/headers/") + name}};
}

Json security_of(const Route& route) {
    Json bearer{{"bearer", Json::array()}};
    switch (route.access) {
        case Access::Open:
        case Access::Webhook: return Json::array();
        // From some addresses nothing is needed.
        case Access::Metrics: return Json::array({Json::object(), std::move(bearer)});
        case Access::Bearer: return Json::array({std::move(bearer)});
        case Access::Stream: break;
    }
    return Json::array(
        {std::move(bearer), Json{{"ticket", Json::array()}}, Json{{"token", Json::array()}}});
}

std::string description_of(const Route& route) {
    switch (route.access) {
        case Access::Open: return "Needs no credential.";
        case Access::Webhook: return "Judged by the provider's signature.";
        case Access::Metrics:
            return "From loopback and configured addresses, else with the permission `admin`.";
        case Access::Bearer:
        case Access::Stream: break;
    }
    return "Needs the permission `" + route.permission + "`.";
}

Json schema_of(const QueryParameter& parameter) {
    switch (parameter.kind) {
        case QueryParameter::Kind::YesNo: return Json{{"type", "boolean"}};
        case QueryParameter::Kind::Words:
            return Json{{"type", "string"}, {"enum", parameter.words}};
        case QueryParameter::Kind::Number:
            return Json{{"type", "integer"}, {"minimum", 1}, {"maximum", parameter.most}};
        case QueryParameter::Kind::Text: break;
    }
    Json schema{{"type", "string"}};
    if (parameter.most > 0) schema["maxLength"] = parameter.most;
    return schema;
}

/// The names between braces, in order.
std::vector<std::string> path_parameters_of(const std::string& pattern) {
    std::vector<std::string> names;
    for (size_t open = pattern.find('{'); open != std::string::npos;) {
        const size_t close = pattern.find('}', open);
        names.push_back(pattern.substr(open + 1, close - open - 1));
        open = pattern.find('{', close);
    }
    return names;
}

Json parameters_of(const Route& route, const Schemas& schemas) {
    Json all = Json::array();
    for (const std::string& name : path_parameters_of(route.pattern)) {
        // A plugin names what is in its paths as it likes.
        if (route.access == Access::Webhook) {
            all.push_back({{"name", name},
                           {"in", "path"},
                           {"required", true},
                           {"description", "As the provider was told."},
                           {"schema", Json{{"type", "string"}}}});
            continue;
        }
        if (schemas.parameter(name).is_null()) refuse(route, "there is no parameter " + name);
        all.push_back({{"$ref", "#/components/parameters/" + name}});
    }
    for (const QueryParameter& parameter : route.described.query)
        all.push_back({{"name", parameter.name},
                       {"in", "query"},
                       {"description", parameter.summary},
                       {"schema", schema_of(parameter)}});
    if (route.described.idempotency_key)
        all.push_back({{"$ref", "#/components/parameters/idempotencyKey"}});
    return all;
}

Json body_of(const Route& route) {
    const serve::Described& said = route.described;
    if (!said.body.empty())
        return Json{{"required", !said.body_optional},
                    {"content", json_content(reference(said.body))}};
    if (route.access == Access::Webhook)
        return Json{{"description", "As the provider writes it."},
                    {"required", true},
                    {"content", Json{{"*/*", Json::object()}}}};
    Json content;
    content[said.body_type]["schema"] = Json{{"type", "string"}};
    return Json{{"required", !said.body_optional}, {"content", std::move(content)}};
}

Json envelope_of(const serve::Described& said) {
    Json members{{"success", Json{{"const", true}}},
                 {"message", Json{{"type", "string"}, {"description", "For people."}}},
                 {"data", reference(said.answer)}};
    Json required = Json::array({"success", "message", "data"});
    if (!said.pagination.empty()) {
        members["pagination"] = reference(said.pagination);
        required.push_back("pagination");
    }
    return Json{
        {"type", "object"}, {"required", std::move(required)}, {"properties", std::move(members)}};
}

Json success_of(const Route& route) {
    const serve::Described& said = route.described;
    Json answer{{"description", said.summary}};
    answer["headers"]["X-Request-Id"] = header_reference("X-Request-Id");
    for (const serve::AnswerHeader& header : said.headers)
        answer["headers"][header.name] = {{"description", header.summary},
                                          {"schema", Json{{"type", "string"}}}};
    if (said.media_type.empty())
        answer["content"] = json_content(envelope_of(said));
    else if (said.media_type == "application/json")
        answer["content"] = json_content(Json{{"type", "object"}});
    else if (said.media_type == "*/*")
        answer["content"] = Json{{"*/*", Json::object()}};
    else
        answer["content"][said.media_type] = Json{{"schema", Json{{"type", "string"}}}};
    return answer;
}

/// Refusals of one status are one answer, which lists their codes.
Json refusal_of(int status, const std::vector<std::string>& codes) {
    std::string description;
    for (const std::string& code : codes)
        description += (description.empty() ? "`" : ", `") + code + '`';
    Json answer{{"description", std::move(description)}};
    answer["headers"]["X-Request-Id"] = header_reference("X-Request-Id");
    const bool in_progress =
        std::find(codes.begin(), codes.end(), "IDEMPOTENCY_IN_PROGRESS") != codes.end();
    if (status == 429 || status == 503)
        answer["headers"]["Retry-After"] = header_reference("Retry-After");
    else if (in_progress)
        answer["headers"]["Retry-After"] = {{"description", "Seconds; of IDEMPOTENCY_IN_PROGRESS."},
                                            {"schema", {{"type", "integer"}, {"minimum", 1}}}};
    Json narrowed{{"type", "object"}};
    narrowed["properties"]["code"] = Json{{"enum", codes}};
    answer["content"]["application/problem+json"]["schema"]["allOf"] =
        Json::array({reference("Problem"), std::move(narrowed)});
    return answer;
}

Json answers_of(const Route& route) {
    Json all;
    all[std::to_string(route.described.status)] = success_of(route);
    if (route.access == Access::Stream)
        all["204"] = Json{{"description", "The ticket opens no stream; an EventSource stops."}};
    if (route.described.tag == "descriptions")
        all["304"] = Json{{"description", "Still as the `If-None-Match` says."}};
    const std::vector<Refusal> refusals = refusals_of(route);
    for (size_t i = 0; i < refusals.size();) {
        const int status = refusals[i].status;
        std::vector<std::string> codes;
        for (; i < refusals.size() && refusals[i].status == status; ++i)
            codes.push_back(refusals[i].code);
        all[std::to_string(status)] = refusal_of(status, codes);
    }
    return all;
}

Json operation_of(const Route& route, const Schemas& schemas) {
    Json operation{{"operationId", route.described.id},
                   {"summary", route.described.summary},
                   {"description", description_of(route)},
                   {"tags", Json::array({route.described.tag})},
                   {"security", security_of(route)}};
    Json parameters = parameters_of(route, schemas);
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (route.body_limit > 0) operation["requestBody"] = body_of(route);
    operation["responses"] = answers_of(route);
    return operation;
}

std::string lower(std::string text) {
    for (char& letter : text)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return text;
}

Json idempotency_key() {
    return Json{{"name", "Idempotency-Key"},
                {"in", "header"},
                {"description",
                 "The same key within 24 h gives the first answer again and does nothing twice."},
                {"schema", Json{{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}}};
}

Json components(const Json& paths, const Schemas& schemas) {
    std::set<std::string> parameters;
    for (const Json& path : paths)
        for (const Json& operation : path)
            if (operation.contains("parameters"))
                for (const Json& one : operation["parameters"])
                    if (one.contains("$ref"))
                        parameters.insert(one["$ref"].get<std::string>().substr(24));
    Json all;
    all["securitySchemes"] = {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
                              {"ticket", {{"type", "apiKey"}, {"in", "query"}, {"name", "ticket"}}},
                              {"token", {{"type", "apiKey"}, {"in", "query"}, {"name", "token"}}}};
    all["headers"]["X-Request-Id"] = {{"description", "The caller's, or a new one."},
                                      {"required", true},
                                      {"schema", {{"type", "string"}}}};
    all["headers"]["Retry-After"] = {{"description", "Seconds."},
                                     {"required", true},
                                     {"schema", {{"type", "integer"}, {"minimum", 1}}}};
    for (const std::string& name : parameters)
        all["parameters"][name] =
            name == "idempotencyKey" ? idempotency_key() : schemas.parameter(name);
    Json referring{paths, all};
    all["schemas"] = schemas.used_by(referring);
    return all;
}

}  // namespace

Json openapi(const std::vector<Route>& routes, const Schemas& schemas, std::string_view version) {
    Json document{{"openapi", "3.1.0"}};
    document["info"] = {{"title", "Tandem"},
                        {"version", version},
                        {"description", introduction},
                        {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}};
    document["servers"] = Json::array({Json{{"url", "/"}, {"description", "This gateway."}}});
    Json paths;
    std::set<std::string> ids;
    std::set<std::string> tags;
    for (const Route& route : routes) {
        // The console's files are no API; what is below /api must say what it is.
        if (route.pattern.compare(0, 5, "/api/") != 0 && route.described.id.empty()) continue;
        check(route, schemas);
        if (!ids.insert(route.described.id).second)
            refuse(route, "another route is called " + route.described.id);
        tags.insert(route.described.tag);
        try {
            paths[route.pattern][lower(route.method)] = operation_of(route, schemas);
        } catch (const std::invalid_argument& mistake) {
            if (std::string_view(mistake.what()).compare(0, 6, "route ") == 0) throw;
            refuse(route, mistake.what());
        }
    }
    document["tags"] = Json::array();
    for (const Json& tag : schemas.tags())
        if (tags.count(tag["name"].get<std::string>()) != 0) document["tags"].push_back(tag);
    document["components"] = components(paths, schemas);
    document["paths"] = std::move(paths);
    return document;
}

}  // namespace tandem::describe
