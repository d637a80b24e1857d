// Bodies of type application/x-www-form-urlencoded, as Twilio sends them. One rule: what is
// signed is every field, what is read is a field that is there exactly once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::twilio {

/// A decoded body. Names are compared byte by byte; a semicolon separates nothing.
struct Form {
    std::vector<std::pair<std::string, std::string>> fields;  ///< In wire order.
    bool malformed = false;  ///< A percent sign without two hex digits; kept as it is.
    bool cut = false;        ///< There were more fields than were asked for.

    /// The value of the only field of this name; nothing without one. Throws INVALID where
    /// there are two: nobody can tell which of them was meant.
    std::optional<std::string> only(std::string_view name) const;
};

Form parse_form(std::string_view body, std::size_t max_fields);

/// The decoded values of all fields of this name, without reading the others; at most two,
/// because two are too many.
std::vector<std::string> values_of(std::string_view body, std::string_view name);

/// Encodes one name or value: all but letters, digits and `-._*`, a blank as `+`.
std::string form_encoded(std::string_view text);

/// UTF-8 for the host: every byte that is none, and NUL, becomes U+FFFD.
std::string repaired(std::string_view text);

}  // namespace tandem::twilio
