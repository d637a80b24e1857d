#include "trespass/operations.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/percent.h"

namespace tandem::trespass {

namespace {

using Json = nlohmann::json;

constexpr int most_depth = 8;                 // of a schema within schemas
constexpr char line_phone[] = "phoneNumber";  // in JSON Lines, which are leads

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// What a name of the API stands for; its names are the contract's.
Slot::Kind kind_of(const std::string& name, const Json& schema) {
    using Kind = Slot::Kind;
    if (name == "organizationId") return Kind::Organization;
    if (name == "to") return Kind::BusinessNumber;
    if (name == "phoneNumber" || name == "from" || ends_with(name, "Phone")) return Kind::Phone;
    if (name == "lastEventId" || name == "Last-Event-ID") return Kind::Position;
    if (name == "id" || ends_with(name, "Id") || ends_with(name, "Ids") || name == "cursor" ||
        name == "before" || name == "ticket" || name == "Idempotency-Key")
        return Kind::Id;
    if (name == "q") return Kind::Text;
    // A word, a number, a yes or no, a text: none of them names anything.
    (void)schema;
    return Kind::Other;
}

/// The place of an answer's rows: the path without its last parameter and what follows.
std::string collection_of(const std::string& path) {
    const size_t end = path.find("/{");
    return end == std::string::npos ? path : path.substr(0, end);
}

void collect(const Json& value, const std::string& name, const std::string& collection,
             Person& person) {
    if (value.is_object())
        for (const auto& [key, member] : value.items()) collect(member, key, collection, person);
    if (value.is_array())
        for (const Json& item : value) collect(item, name, collection, person);
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) return;
    const std::string& text = value.get_ref<const std::string&>();
    person.ids[name].insert(text);
    person.ids[collection + ' ' + name].insert(text);
}

}  // namespace

struct Operations::Document {
    Json root;

    const Json& followed(const Json& schema) const {
        const Json* at = &schema;
        for (int i = 0; i < most_depth && at->contains("$ref"); ++i)
            at = &root.at(Json::json_pointer((*at)["$ref"].get<std::string>().substr(1)));
        return *at;
    }

    std::string type_of(const Json& schema) const {
        const Json& own = followed(schema);
        if (own.contains("enum") || own.contains("const")) return "words";
        if (own.contains("anyOf")) return type_of(own["anyOf"][0]);
        if (!own.contains("type")) return "any";
        const Json& type = own["type"];
        return type.is_array() ? type[0].get<std::string>() : type.get<std::string>();
    }

    /// A value that fits the schema, with the canary in every free text.
    Json made(const Json& schema, const std::string& name, const Person& person, int depth) const {
        const Json& own = followed(schema);
        if (depth > most_depth) return nullptr;
        if (own.contains("anyOf")) return made(own["anyOf"][0], name, person, depth + 1);
        const std::string type = type_of(own);
        if (type == "words") return own.contains("const") ? own["const"] : own["enum"][0];
        if (type == "boolean") return false;
        if (type == "integer" || type == "number") return own.value("minimum", 1);
        if (type == "array") {
            Json list = Json::array();
            if (own.contains("items")) list.push_back(made(own["items"], name, person, depth + 1));
            return list;
        }
        if (type == "object") {
            Json object = Json::object();
            const Json properties = own.value("properties", Json::object());
            for (const auto& [key, member] : properties.items())
                object[key] = made(member, key, person, depth + 1);
            if (object.empty()) object["note"] = person.canary;
            return object;
        }
        switch (kind_of(name, own)) {
            case Slot::Kind::Phone: return person.phone;
            case Slot::Kind::BusinessNumber: return person.business_number;
            default: break;
        }
        if (name == "email") return person.canary + "@example.com";
        if (ends_with(name, "Url")) return "https://example.com/" + person.canary;
        return person.canary;
    }
};

Operations::Operations(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Operations::Operations(Operations&&) noexcept = default;
Operations::~Operations() = default;

Result<Operations> Operations::read(const std::string& openapi) {
    auto document = std::make_unique<Document>();
    document->root = Json::parse(openapi, nullptr, false);
    if (!document->root.is_object() || !document->root.contains("paths"))
        return Error{Code::Invalid, "/api/openapi.json is no description"};
    Operations made(std::move(document));
    const Document& known = *made.document_;
    for (const auto& [path, methods] : known.root["paths"].items()) {
        for (const auto& [method, described] : methods.items()) {
            if (!described.is_object() || !described.contains("operationId")) continue;
            Operation one;
            one.id = described["operationId"].get<std::string>();
            one.path = path;
            one.method = method;
            for (char& letter : one.method) letter = static_cast<char>(letter - 'a' + 'A');
            one.webhook =
                described.value("tags", Json::array()).dump().find("webhook") != std::string::npos;
            const Json security = described.value("security", Json::array({1}));
            one.guarded = !security.empty();
            one.stream = security.dump().find("\"ticket\"") != std::string::npos;
            for (const Json& entry : described.value("parameters", Json::array())) {
                const Json& parameter = known.followed(entry);
                const std::string in = parameter["in"].get<std::string>();
                const std::string name = parameter["name"].get<std::string>();
                const auto place = in == "path"    ? Slot::Place::Path
                                   : in == "query" ? Slot::Place::Query
                                                   : Slot::Place::Header;
                const Json schema = parameter.value("schema", Json::object());
                Slot slot{place, name, kind_of(name, schema), parameter.value("required", false)};
                for (const Json& word : known.followed(schema).value("enum", Json::array()))
                    if (word.is_string()) slot.words.push_back(word.get<std::string>());
                one.slots.push_back(std::move(slot));
            }
            // The protocol's own way to say the same as `lastEventId`.
            if (one.stream)
                one.slots.push_back({Slot::Place::Header, "Last-Event-ID", Slot::Kind::Position});
            const Json content = known.followed(described.value("requestBody", Json::object()))
                                     .value("content", Json::object());
            if (!content.empty()) one.media_type = content.begin().key();
            if (!content.empty() && !content.contains("application/json") && !one.webhook)
                one.slots.push_back({Slot::Place::Body, line_phone, Slot::Kind::Phone});
            if (content.contains("application/json")) {
                one.media_type = "application/json";
                const Json& schema = known.followed(content["application/json"]["schema"]);
                const Json required = schema.value("required", Json::array());
                const Json properties = schema.value("properties", Json::object());
                for (const auto& [name, member] : properties.items())
                    one.slots.push_back(
                        {Slot::Place::Body, name, kind_of(name, member),
                         std::find(required.begin(), required.end(), name) != required.end()});
            }
            made.all_.push_back(std::move(one));
        }
    }
    if (made.all_.empty()) return Error{Code::Invalid, "/api/openapi.json describes nothing"};
    return made;
}

void Operations::harvest(const Operation& operation, const std::string& answer, Person& person) {
    const Json body = Json::parse(answer, nullptr, false);
    if (body.is_object()) collect(body, "", collection_of(operation.path), person);
}

std::vector<std::string> Operations::values(const Operation& operation, const Slot& slot,
                                            const Person& person) {
    using Kind = Slot::Kind;
    std::vector<std::string> found;
    const auto add = [&](const std::string& name) {
        // The newest of each kind: what is owed, for one, goes.
        constexpr size_t enough = 3;
        const auto known = person.ids.find(name);
        if (known == person.ids.end()) return;
        const size_t skipped = known->second.size() - std::min(known->second.size(), enough);
        found.insert(found.end(), std::next(known->second.begin(), static_cast<long>(skipped)),
                     known->second.end());
    };
    switch (slot.kind) {
        case Kind::Phone: return {person.phone};
        case Kind::BusinessNumber: return {person.business_number};
        case Kind::Text: return {person.canary};
        case Kind::Position: add("position"); break;
        case Kind::Organization: return {};
        case Kind::Other:
            // Whose credentials are taken back.
            if (slot.name == "subject") found.push_back(person.subject);
            break;
        case Kind::Id:
            if (slot.name == "id")
                add(collection_of(operation.path) + " id");
            else if (slot.name == "cursor")
                add(collection_of(operation.path) + " nextCursor");
            else if (slot.name == "before")
                add(collection_of(operation.path) + " nextBefore");
            else if (slot.name == "conversationId")
                add("conversationId"), add("callId");
            else if (slot.name == "messageIds")
                add("messageId");
            else if (slot.name == "toAgentId")
                found.push_back("agent-of-the-" + person.organization);
            else if (slot.name == "Idempotency-Key")
                found.push_back(person.canary + operation.id);
            else
                add(slot.name);
            break;
    }
    return found;
}

std::optional<Asked> Operations::request(const Operation& operation, const Person& person,
                                         bool full, const Choice& choice) const {
    Asked asked{operation.method, operation.path, {}, {}};
    if (!person.token.empty())
        asked.headers.emplace_back("Authorization", "Bearer " + person.token);
    std::string query;
    for (const Slot& slot : operation.slots) {
        if (slot.place == Slot::Place::Body) continue;
        const auto chosen = choice.find({slot.place, slot.name});
        if (chosen == choice.end() && !slot.required) continue;
        const auto known = values(operation, slot, person);
        if (chosen == choice.end() && known.empty()) return std::nullopt;
        const std::string& value = chosen == choice.end() ? known.front() : chosen->second;
        if (slot.place == Slot::Place::Header) {
            asked.headers.emplace_back(slot.name, value);
        } else if (slot.place == Slot::Place::Query) {
            query += (query.empty() ? "?" : "&") + slot.name + "=" + percent_encoded(value);
        } else {
            const std::string name = "{" + slot.name + "}";
            asked.target.replace(asked.target.find(name), name.size(), percent_encoded(value));
        }
    }
    asked.target += query;
    // Any field may be sent with any request, described or not.
    for (const auto& [where, value] : choice) {
        const auto described = [&place = where](const Slot& slot) {
            return slot.place == place.first && slot.name == place.second;
        };
        if (where.first == Slot::Place::Header &&
            std::none_of(operation.slots.begin(), operation.slots.end(), described))
            asked.headers.emplace_back(where.second, value);
    }
    if (!operation.has_body()) return asked;

    asked.headers.emplace_back("Content-Type", operation.media_type);
    if (operation.media_type != "application/json") {
        const auto chosen = choice.find({Slot::Place::Body, line_phone});
        asked.body = Json{{line_phone, chosen == choice.end() ? person.phone : chosen->second},
                          {"customerName", person.canary}}
                         .dump() +
                     "\n";
        return asked;
    }
    const Json& content = document_->root["paths"][operation.path];
    std::string method = operation.method;
    for (char& letter : method) letter = static_cast<char>(letter - 'A' + 'a');
    const Json& schema = document_->followed(document_->followed(
        content[method]["requestBody"])["content"]["application/json"]["schema"]);
    Json body = Json::object();
    for (const Slot& slot : operation.slots) {
        if (slot.place != Slot::Place::Body) continue;
        const auto chosen = choice.find({slot.place, slot.name});
        const Json& member = document_->followed(schema["properties"][slot.name]);
        if (chosen != choice.end()) {
            const std::string type = document_->type_of(member);
            body[slot.name] = type == "array"     ? Json::array({chosen->second})
                              : type == "boolean" ? Json(chosen->second == "true")
                                                  : Json(chosen->second);
            continue;
        }
        const auto known = values(operation, slot, person);
        const std::string type = document_->type_of(member);
        const bool plain = slot.kind == Slot::Kind::Other && type != "boolean" &&
                           type != "integer" && !ends_with(slot.name, "Time") &&
                           !(type == "object" && member.contains("anyOf"));
        if (slot.required && !known.empty())
            body[slot.name] = known.front();
        else if (slot.required || (full && plain))
            body[slot.name] = document_->made(member, slot.name, person, 0);
    }
    asked.body = body.dump();
    return asked;
}

}  // namespace tandem::trespass
