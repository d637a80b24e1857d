#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::reply {

/// What an AI wrote as it may be sent: broken UTF-8 becomes U+FFFD, control characters go
/// (line breaks stay), blanks around it too. Empty: there is nothing to send.
std::string clean_answer(std::string_view text);

/// Cuts a text into messages of at most `max_units` UTF-16 code units, which is how
/// providers count: between sentences where that leaves no half-empty message, else between
/// words, else between characters. What does not go into `max_parts` is left out, and the
/// last one ends with an ellipsis.
std::vector<std::string> split_answer(std::string_view text, unsigned max_units,
                                      unsigned max_parts);

}  // namespace tandem::reply
