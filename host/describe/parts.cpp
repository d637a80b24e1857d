#include "describe/parts.h"

#include <stdexcept>

#include "describe/texts.h"

namespace tandem::describe {

namespace {

constexpr std::string_view place = "#/components/schemas/";

}  // namespace

Schemas::Schemas() : data_(Json::parse(schemas_text)) {}

const Json& Schemas::parameter(const std::string& name) const {
    static const Json none;
    const Json& all = data_["parameters"];
    return all.contains(name) ? all[name] : none;
}

Json Schemas::used_by(const Json& document) const {
    std::set<std::string> names;
    collect(document, names);
    Json used = Json::object();
    for (const std::string& name : names) used[name] = data_["schemas"][name];
    return used;
}

void Schemas::collect(const Json& value, std::set<std::string>& names) const {
    if (value.is_object() && value.contains("$ref") && value["$ref"].is_string()) {
        const std::string target = value["$ref"].get<std::string>();
        if (target.compare(0, place.size(), place) != 0) return;
        const std::string name = target.substr(place.size());
        if (!has(name)) throw std::invalid_argument("there is no schema " + name);
        if (names.insert(name).second) collect(data_["schemas"][name], names);
        return;
    }
    if (!value.is_structured()) return;
    for (const Json& part : value) collect(part, names);
}

Json reference(const std::string& schema) {
    return Json{{"$ref", std::string(place) + schema}};
}

}  // namespace tandem::describe
