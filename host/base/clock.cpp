#include "base/clock.h"

#include <cstdio>
#include <optional>

namespace tandem {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes exactly so many digits from the front.
std::optional<int> take_number(std::string_view& rest, size_t digits) {
    if (rest.size() < digits) return std::nullopt;
    int number = 0;
    for (size_t i = 0; i < digits; ++i) {
        if (!is_digit(rest[i])) return std::nullopt;
        number = number * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return number;
}

bool take(std::string_view& rest, std::string_view one_of) {
    if (rest.empty() || one_of.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& rest) {
    const auto year = take_number(rest, 4);
    if (!year || !take(rest, "-")) return std::nullopt;
    const auto month = take_number(rest, 2);
    if (!month || !take(rest, "-")) return std::nullopt;
    const auto day = take_number(rest, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

std::optional<Milliseconds> take_clock(std::string_view& rest) {
    const auto hour = take_number(rest, 2);
    if (!hour || !take(rest, ":")) return std::nullopt;
    const auto minute = take_number(rest, 2);
    if (!minute || !take(rest, ":")) return std::nullopt;
    const auto second = take_number(rest, 2);
    // 60 is a leap second; it is the next one here.
    if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    Milliseconds time =
        std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
    if (!take(rest, ".")) return time;
    if (rest.empty() || !is_digit(rest.front())) return std::nullopt;
    // What is finer than a millisecond is cut.
    for (int worth = 100; !rest.empty() && is_digit(rest.front()); worth /= 10) {
        time += Milliseconds{worth * (rest.front() - '0')};
        rest.remove_prefix(1);
    }
    return time;
}

std::optional<Milliseconds> take_zone(std::string_view& rest) {
    if (take(rest, "Zz")) return Milliseconds{0};
    const bool west = !rest.empty() && rest.front() == '-';
    if (!take(rest, "+-")) return std::nullopt;
    const auto hour = take_number(rest, 2);
    if (!hour || !take(rest, ":")) return std::nullopt;
    const auto minute = take_number(rest, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    const Milliseconds offset = std::chrono::hours{*hour} + std::chrono::minutes{*minute};
    return west ? -offset : offset;
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady() const {
    return std::chrono::steady_clock::now();
}

std::string iso8601(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss<std::chrono::milliseconds> clock{time - day};
    char text[40];
    const int length = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return std::string(text, static_cast<size_t>(length));
}

Result<Time> parse_iso8601(std::string_view text) {
    const Error wrong{Code::Invalid, "not a time like 2026-11-22T05:18:11Z"};
    const auto day = take_date(text);
    if (!day || !take(text, "Tt")) return wrong;
    const auto clock = take_clock(text);
    if (!clock) return wrong;
    const auto zone = take_zone(text);
    if (!zone || !text.empty()) return wrong;
    return Time{*day} + *clock - *zone;
}

}  // namespace tandem
