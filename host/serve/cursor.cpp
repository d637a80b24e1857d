#include "serve/cursor.h"

#include <charconv>
#include <cstdint>

#include "serve/refuse.h"

namespace tandem::serve {

namespace {

constexpr char digits[] = "0123456789abcdef";
constexpr size_t max_cursor_bytes = 512;

/// Tells an edited or foreign cursor from one of ours (FNV-1a). It guards nothing: whose rows
/// are listed is decided by the credential alone.
uint64_t check(std::string_view organization, std::string_view list, std::string_view place) {
    uint64_t sum = 0xcbf29ce484222325u;
    for (const std::string_view part : {organization, list, place}) {
        for (const char letter : part) {
            sum ^= static_cast<unsigned char>(letter);
            sum *= 0x100000001b3u;
        }
        sum ^= 0x100;
        sum *= 0x100000001b3u;
    }
    return sum;
}

int value_of(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    return -1;
}

}  // namespace

std::string to_text(const Cursor& cursor, std::string_view organization, std::string_view list) {
    const std::string place =
        std::to_string(cursor.at.time_since_epoch().count()) + '|' + cursor.key;
    const std::string whole = std::to_string(check(organization, list, place)) + '|' + place;
    std::string text;
    for (const char letter : whole) {
        text.push_back(digits[static_cast<unsigned char>(letter) >> 4]);
        text.push_back(digits[static_cast<unsigned char>(letter) & 15]);
    }
    return text;
}

Cursor parse_cursor(std::string_view text, std::string_view organization, std::string_view list) {
    const auto refuse = [] { refuse_field("cursor", "is none of this list"); };
    if (text.size() % 2 != 0 || text.size() > max_cursor_bytes) refuse();
    std::string whole;
    for (size_t at = 0; at < text.size(); at += 2) {
        const int high = value_of(text[at]), low = value_of(text[at + 1]);
        if (high < 0 || low < 0) refuse();
        whole.push_back(static_cast<char>(high * 16 + low));
    }
    const size_t first = whole.find('|');
    const size_t second = first == std::string::npos ? first : whole.find('|', first + 1);
    if (second == std::string::npos) refuse();
    const std::string place = whole.substr(first + 1);
    if (whole.substr(0, first) != std::to_string(check(organization, list, place))) refuse();
    int64_t milliseconds = 0;
    const auto [end, wrong] =
        std::from_chars(whole.data() + first + 1, whole.data() + second, milliseconds);
    if (wrong != std::errc() || end != whole.data() + second) refuse();
    return {Time(Milliseconds(milliseconds)), whole.substr(second + 1)};
}

}  // namespace tandem::serve
