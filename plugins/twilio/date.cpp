#include "date.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace tandem::twilio {

namespace {

constexpr std::int64_t day_s = 86400;

// Days since 1970 of a day of the Gregorian calendar, and back (Howard Hinnant,
// chrono-Compatible Low-Level Date Algorithms).
std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

struct Day {
    std::int64_t year;
    unsigned month, day;
};

Day day_at(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400;
    return {year + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

/// Reads a text from its front.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool failed() const { return failed_; }
    bool at_end() const { return text_.empty(); }

    /// So many digits, at least one.
    unsigned number(std::size_t most) {
        unsigned value = 0;
        std::size_t used = 0;
        while (used < most && used < text_.size() && text_[used] >= '0' && text_[used] <= '9')
            value = value * 10 + static_cast<unsigned>(text_[used++] - '0');
        if (used == 0) failed_ = true;
        text_.remove_prefix(used);
        return value;
    }

    void expect(char letter) {
        if (text_.empty() || text_.front() != letter)
            failed_ = true;
        else
            text_.remove_prefix(1);
    }

    std::string_view word(std::size_t size) {
        const std::string_view found = text_.substr(0, size);
        if (found.size() < size) failed_ = true;
        text_.remove_prefix(found.size());
        return found;
    }

private:
    std::string_view text_;
    bool failed_ = false;
};

unsigned month_of(std::string_view name) {
    static constexpr std::array<std::string_view, 12> names{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned i = 0; i < names.size(); ++i)
        if (names[i] == name) return i + 1;
    return 0;
}

/// Seconds east of Greenwich.
std::int64_t zone_of(Reader& reader) {
    const std::string_view sign = reader.word(1);
    if (sign == "G") {
        reader.expect('M');
        reader.expect('T');
        return 0;
    }
    const unsigned offset = reader.number(4);
    const std::int64_t seconds = (offset / 100) * 3600 + (offset % 100) * 60;
    if (sign == "-") return -seconds;
    if (sign != "+") reader.expect('+');
    return seconds;
}

void append(std::string& text, std::int64_t number, std::size_t digits) {
    const std::string written = std::to_string(number);
    if (written.size() < digits) text.append(digits - written.size(), '0');
    text += written;
}

}  // namespace

std::optional<tandem_time> read_date(std::string_view text) {
    const std::size_t comma = text.find(", ");
    if (comma == 3) text.remove_prefix(5);
    Reader reader(text);
    const unsigned day = reader.number(2);
    reader.expect(' ');
    const unsigned month = month_of(reader.word(3));
    reader.expect(' ');
    const unsigned year = reader.number(4);
    reader.expect(' ');
    const unsigned hour = reader.number(2);
    reader.expect(':');
    const unsigned minute = reader.number(2);
    reader.expect(':');
    const unsigned second = reader.number(2);
    reader.expect(' ');
    const std::int64_t zone = zone_of(reader);
    if (reader.failed() || !reader.at_end() || month == 0 || day == 0 || day > 31 || year < 1970 ||
        hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    const std::int64_t seconds =
        days_of(year, month, day) * day_s + hour * 3600 + minute * 60 + second;
    return (seconds - zone) * 1000;
}

std::string iso_date(tandem_time instant) {
    std::int64_t seconds = instant / 1000;
    if (seconds < 0) seconds = 0;
    const Day day = day_at(seconds / day_s);
    const std::int64_t rest = seconds % day_s;
    std::string text;
    append(text, day.year, 4);
    text += '-';
    append(text, day.month, 2);
    text += '-';
    append(text, day.day, 2);
    text += 'T';
    append(text, rest / 3600, 2);
    text += ':';
    append(text, rest / 60 % 60, 2);
    text += ':';
    append(text, rest % 60, 2);
    text += 'Z';
    return text;
}

}  // namespace tandem::twilio
