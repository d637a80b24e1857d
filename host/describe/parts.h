#pragma once

#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// What both documents stand on. Included by this room's sources only.
namespace tandem::describe {

/// Members keep the order in which they are set.
using Json = nlohmann::ordered_json;

/// The schemas that a document refers to. Confined to one thread.
class Schemas {
public:
    Schemas();

    const Json& tags() const { return data_["tags"]; }
    /// Null when there is none of this name.
    const Json& parameter(const std::string& name) const;
    bool has(const std::string& name) const { return data_["schemas"].contains(name); }
    /// All that `document` refers to, and what that refers to in turn, by name. Throws
    /// std::invalid_argument for a name that does not exist.
    Json used_by(const Json& document) const;

private:
    void collect(const Json& value, std::set<std::string>& names) const;

    Json data_;
};

/// `{"$ref": …}` to a schema.
Json reference(const std::string& schema);

}  // namespace tandem::describe
