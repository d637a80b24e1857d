#include "domain/event.h"

#include <charconv>

namespace tandem::domain {

std::string to_text(const Position& position) {
    return position.epoch + '-' + std::to_string(position.offset);
}

std::optional<Position> parse_position(std::string_view text) {
    const size_t dash = text.find('-');
    if (dash == 0 || dash == std::string_view::npos || dash > 32) return std::nullopt;
    for (const char digit : text.substr(0, dash)) {
        const bool hex = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
        if (!hex) return std::nullopt;
    }
    const std::string_view digits = text.substr(dash + 1);
    // 18 digits always fit; a leading zero would give one position two texts.
    if (digits.empty() || digits.size() > 18) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    Position position{std::string(text.substr(0, dash)), 0};
    for (const char digit : digits)
        if (digit < '0' || digit > '9') return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), position.offset);
    return position;
}

}  // namespace tandem::domain
