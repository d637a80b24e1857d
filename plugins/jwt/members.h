#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tandem::jwt {

/// Everything of JSON that no rule of ours reads further: objects, null, yes and no.
struct Other {};

/// A number with a fraction or an exponent, or an integer beyond 64 bits.
struct Fraction {
    double value = 0;
};

/// A list; what is no text in it is left out.
using Texts = std::vector<std::string>;

using Value = std::variant<Other, std::string, std::int64_t, Fraction, Texts>;

/// The members of one object, by name.
using Members = std::map<std::string, Value, std::less<>>;

/// Reads exactly one JSON object. Throws Failure(UNAUTHORIZED) for anything else: invalid
/// JSON or UTF-8, a byte order mark, trailing bytes, a member twice at any level, more than
/// 64 levels. `what` names it in the text.
Members read_members(std::string_view json, std::string_view what);

/// The objects in the list `keys` of a JSON object (RFC 7517 section 5), in order. Throws as
/// `read_members` does, and where there is no such list or something else in it.
std::vector<Members> read_keys(std::string_view json);

}  // namespace tandem::jwt
