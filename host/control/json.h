#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// Answers of this room as JSON values. Included by sources only: the library is slow to
/// compile.
namespace tandem::control {

/// Members keep the order in which they are set, as the contract lists them.
using Json = nlohmann::ordered_json;

/// JSON text of ours as a value.
Json parsed(std::string_view text);
/// One line; bytes that are no UTF-8 become U+FFFD.
std::string text(const Json& json);
Json text_or_null(std::string_view value);

}  // namespace tandem::control
