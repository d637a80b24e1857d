#include "domain/money.h"

#include <algorithm>
#include <limits>

namespace tandem::domain {

namespace {

constexpr size_t most_whole_digits = 9;
constexpr size_t decimals = 6;
constexpr uint64_t unit = 1000000;
constexpr uint64_t most = std::numeric_limits<uint64_t>::max();

bool only_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

uint64_t number_of(std::string_view digits) {
    uint64_t number = 0;
    for (const char digit : digits) number = number * 10 + static_cast<uint64_t>(digit - '0');
    return number;
}

}  // namespace

std::optional<Money> parse_money(std::string_view text) {
    const size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    if (!only_digits(whole) || whole.size() > most_whole_digits) return std::nullopt;
    if (whole.size() > 1 && whole.front() == '0') return std::nullopt;
    Money money{number_of(whole) * unit};
    if (point == std::string_view::npos) return money;
    std::string rest(text.substr(point + 1));
    if (!only_digits(rest) || rest.size() > decimals) return std::nullopt;
    rest.resize(decimals, '0');
    money.millionths += number_of(rest);
    return money;
}

std::string to_text(Money money) {
    std::string text = std::to_string(money.millionths / unit);
    std::string rest = std::to_string(money.millionths % unit);
    rest.insert(0, decimals - rest.size(), '0');
    rest.erase(rest.find_last_not_of('0') + 1);
    return rest.empty() ? text : text + '.' + rest;
}

Money operator+(Money one, Money other) {
    return {other.millionths > most - one.millionths ? most : one.millionths + other.millionths};
}

Money operator*(Money price, uint64_t count) {
    const bool fits = price.millionths == 0 || count <= most / price.millionths;
    return {fits ? price.millionths * count : most};
}

}  // namespace tandem::domain
