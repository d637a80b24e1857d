#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tandem {

/// The length of the UTF-8 sequence that begins at `at` (RFC 3629 section 4); 0 if the
/// bytes there are none.
size_t utf8_sequence(std::string_view text, size_t at);

/// The byte where UTF-8 ends, npos if all of it is.
size_t first_invalid_utf8(std::string_view text);

/// Whether a reader sees nothing of the text: blanks of all kinds, and characters that only
/// say how others are put (Unicode's White_Space, joiners, marks of direction).
bool is_blank(std::string_view text);

/// Appends the text as the inside of a JSON string: also DEL, C1 controls and the line
/// separators are escaped, bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

}  // namespace tandem
