#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::reply {

/// What an AI wrote as it may be sent: broken UTF-8 becomes U+FFFD, control characters go
/// (line breaks stay), blanks around it too. Empty: there is nothing to send.
std::string clean_answer(std::string_view text);

/// How long an answer may be.
struct Measure {
    unsigned max_units = 1600;  // UTF-16 code units of a message, which is how providers count
    unsigned max_segments = 6;  // of a message, which is how they bill, and phones join them
    unsigned max_parts = 3;     // messages; a longer answer is no SMS any more
};

/// Cuts a text into messages: between paragraphs, else sentences where that leaves no
/// half-empty message, else between words, else between characters. What does not go into
/// `max_parts` is left out, and the last one ends with an ellipsis.
std::vector<std::string> split_answer(std::string_view text, Measure measure);

}  // namespace tandem::reply
