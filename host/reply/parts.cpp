#include "reply/parts.h"

#include <algorithm>

namespace tandem::reply {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view ellipsis = "…";
constexpr std::string_view replacement = "\xef\xbf\xbd";

/// Bytes of the character at this place, or 0 if none begins here. Overlong forms,
/// surrogates and what is beyond U+10FFFF are none (RFC 3629).
size_t character_at(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// Bytes of the longest beginning that has at most `units` UTF-16 code units.
size_t fitting(std::string_view text, unsigned units) {
    size_t at = 0;
    while (at < text.size()) {
        const size_t bytes = character_at(text, at);
        const unsigned cost = bytes == 4 ? 2 : 1;
        if (cost > units) return at;
        units -= cost;
        at += std::max<size_t>(bytes, 1);
    }
    return at;
}

bool ends_sentence(std::string_view text, size_t blank) {
    if (text[blank] == '\n') return true;
    const std::string_view before = text.substr(0, blank);
    return !before.empty() && (before.back() == '.' || before.back() == '!' ||
                               before.back() == '?' || before.ends_with(ellipsis));
}

/// Where to cut so that at most `most` bytes come before.
size_t border(std::string_view text, size_t most) {
    size_t word = 0;
    for (size_t at = most; at > most / 2; --at) {
        if (at >= text.size() || blanks.find(text[at]) == std::string_view::npos) continue;
        if (ends_sentence(text, at)) return at;
        if (word == 0) word = at;
    }
    return word > 0 ? word : most;
}

}  // namespace

std::string clean_answer(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t bytes = character_at(text, at);
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

std::vector<std::string> split_answer(std::string_view text, unsigned max_units,
                                      unsigned max_parts) {
    // Below it an ellipsis would leave no room for words; no provider is so narrow.
    max_units = std::max(max_units, 16u);
    std::vector<std::string> parts;
    for (text = trimmed(text); !text.empty() && parts.size() < max_parts;) {
        const size_t most = fitting(text, max_units);
        if (most == text.size()) {
            parts.emplace_back(text);
            return parts;
        }
        if (parts.size() + 1 == max_parts) {
            const size_t end = border(text, fitting(text, max_units - 1));
            parts.push_back(std::string(trimmed(text.substr(0, end))).append(ellipsis));
            return parts;
        }
        const size_t end = border(text, most);
        parts.emplace_back(trimmed(text.substr(0, end)));
        text = trimmed(text.substr(end));
    }
    return parts;
}

}  // namespace tandem::reply
