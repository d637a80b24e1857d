#include "reply/parts.h"

#include <algorithm>

#include "base/text.h"
#include "domain/segments.h"

namespace tandem::reply {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view replacement = "\xef\xbf\xbd";

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

bool ends_sentence(std::string_view text, size_t blank) {
    const std::string_view before = text.substr(0, blank);
    return !before.empty() && (before.back() == '.' || before.back() == '!' ||
                               before.back() == '?' || before.ends_with("…"));
}

/// Where to cut so that at most `most` bytes come before. In the second half the best
/// border counts, not the last one.
size_t border(std::string_view text, size_t most) {
    size_t sentence = 0, word = 0;
    for (size_t at = most; at > most / 2; --at) {
        if (at >= text.size() || blanks.find(text[at]) == std::string_view::npos) continue;
        if (text[at] == '\n') return at;
        if (sentence == 0 && ends_sentence(text, at)) sentence = at;
        if (word == 0) word = at;
    }
    if (sentence > 0) return sentence;
    return word > 0 ? word : most;
}

/// The last message of an answer that goes on. Three dots are in every alphabet; the one
/// letter for them would make a plain text three times as dear.
std::string cut_off(std::string_view text, const Measure& measure) {
    size_t most = domain::fitting_segments(text, measure.max_segments, measure.max_units - 3);
    for (;;) {
        std::string part(trimmed(text.substr(0, border(text, most))));
        part += "...";
        if (most <= 4 || domain::segments_of(part).count <= measure.max_segments) return part;
        // One character less, from its first byte on.
        do --most;
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80);
    }
}

}  // namespace

std::string clean_answer(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t bytes = utf8_sequence(text, at);
        if (bytes == 0) {
            clean += replacement;
            ++at;
            continue;
        }
        const auto first = static_cast<unsigned char>(text[at]);
        const bool control = (first < 0x20 && first != '\n' && first != '\t') || first == 0x7f;
        if (!control) clean.append(text.substr(at, bytes));
        at += bytes;
    }
    return std::string(trimmed(clean));
}

std::vector<std::string> split_answer(std::string_view text, Measure measure) {
    // Below it an ellipsis would leave no room for words; no provider is so narrow.
    measure.max_units = std::max(measure.max_units, 16u);
    std::vector<std::string> parts;
    for (text = trimmed(text); !text.empty() && parts.size() < measure.max_parts;) {
        const size_t most = domain::fitting_segments(text, measure.max_segments, measure.max_units);
        if (most == text.size()) {
            parts.emplace_back(text);
            return parts;
        }
        if (parts.size() + 1 == measure.max_parts) {
            parts.push_back(cut_off(text, measure));
            return parts;
        }
        const size_t end = border(text, most);
        parts.emplace_back(trimmed(text.substr(0, end)));
        text = trimmed(text.substr(end));
    }
    return parts;
}

}  // namespace tandem::reply
