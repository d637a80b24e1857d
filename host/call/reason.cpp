#include "call/reason.h"

#include <algorithm>

namespace tandem::call {

namespace {

constexpr size_t max_bytes = 200;
// Longer words are ids, keys and tokens; longer runs of digits are phone numbers.
constexpr size_t max_word = 24;
constexpr std::ptrdiff_t max_digits = 5;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool may_be_shown(std::string_view word) {
    return word.size() <= max_word && word.find("://") == std::string_view::npos &&
           word.find('@') == std::string_view::npos &&
           std::count_if(word.begin(), word.end(), is_digit) <= max_digits;
}

bool is_printable(char c) {
    return c > 0x20 && c < 0x7f;
}

}  // namespace

std::string safe_reason(std::string_view code, std::string_view text) {
    std::string shown;
    const auto add = [&shown](std::string_view word) {
        if (word.empty() || shown.size() + word.size() + 1 > max_bytes) return;
        if (!shown.empty()) shown += ' ';
        shown += may_be_shown(word) ? word : std::string_view("[...]");
    };
    while (!text.empty()) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_printable);
        add(text.substr(0, static_cast<size_t>(end - text.begin())));
        const auto next = std::find_if(end, text.end(), is_printable);
        text.remove_prefix(static_cast<size_t>(next - text.begin()));
    }
    if (shown.empty()) shown = "The provider gave no reason";
    const bool plain = !code.empty() && code.size() <= max_word &&
                       std::all_of(code.begin(), code.end(), is_printable);
    if (plain) shown += " (" + std::string(code) + ')';
    return shown;
}

}  // namespace tandem::call
