// JSON as it comes from outside: read strictly, and without surprises in what is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::elevenlabs {

using Json = nlohmann::json;

/// Reads exactly one JSON object. Throws INVALID for anything else: invalid JSON or UTF-8, a
/// byte order mark, a NUL, trailing bytes, a member twice at any level, more than 64 levels;
/// LIMITED beyond 1,000,000 values. `what` names it in the text. Texts of `full_audio` are
/// dropped while reading: they are the one member that is large and that nobody here wants.
Json read_object(std::string_view text, std::string_view what);

/// The member of an object; null where there is none, or where it is no object.
const Json& member(const Json& object, const char* name);

/// A text, or a whole number as text, cut to whole characters at `limit` bytes; empty for
/// anything else. NUL becomes U+FFFD.
std::string text_at(const Json& object, const char* name, std::size_t limit);

/// A number cut to a whole one, also where it is written as a text; nothing for anything else.
std::optional<std::int64_t> number_at(const Json& object, const char* name);

/// Only the literal true.
bool is_true(const Json& object, const char* name);

/// Its text form; bytes that are no UTF-8 become U+FFFD.
std::string written(const Json& json);

}  // namespace tandem::elevenlabs
