#include "domain/address.h"

#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>

#include "base/text.h"

namespace tandem::domain {

namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

constexpr size_t max_address_bytes = 64;
// E.164 section 6.2: at most 15 digits. The shortest numbers in use have 7, country
// code included (Niue); anything below is a short code or a slip.
constexpr size_t max_digits = 15;
constexpr size_t min_digits = 7;

Error invalid(std::string_view why) {
    return {Code::Invalid, "not a phone number: " + std::string(why)};
}

int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

/// Undoes one percent-encoding, as front ends leave it in bodies and double encoded
/// paths. Nothing if it is malformed.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        plain.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return plain;
}

/// The next code point, or nothing where the bytes are not UTF-8 (RFC 3629).
std::optional<char32_t> next_code_point(std::string_view text, size_t& at) {
    const size_t length = utf8_sequence(text, at);
    if (length == 0) return std::nullopt;
    char32_t point = static_cast<unsigned char>(text[at]);
    if (length > 1) point &= 0xff >> (length + 1);
    for (size_t i = 1; i < length; ++i)
        point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    at += length;
    return point;
}

/// The zeros of the decimal digits that keyboards of the world write.
constexpr std::array<char32_t, 13> digit_zeros{U'0',   0x0660, 0x06f0, 0x0966, 0x09e6,
                                               0x0a66, 0x0ae6, 0x0be6, 0x0c66, 0x0d66,
                                               0x0e50, 0x0ed0, 0xff10};

bool separates(char32_t point) {
    static constexpr std::u32string_view marks =
        U" -./()[]\u00a0\u00b7\u202f\u2212\u3000\uff08\uff09\uff0d\uff0e\uff3b\uff3d";
    return marks.find(point) != std::u32string_view::npos || (point >= 0x2000 && point <= 0x200a) ||
           (point >= 0x2010 && point <= 0x2015);
}

/// What was written, reduced to `+` and ASCII digits; nothing if there is anything in
/// it that no person writes into a number: letters, controls, hidden characters.
std::optional<std::string> dialled(std::string_view text) {
    std::string digits;
    for (size_t at = 0; at < text.size();) {
        const auto point = next_code_point(text, at);
        if (!point) return std::nullopt;
        const auto zero = std::find_if(digit_zeros.begin(), digit_zeros.end(), [&](char32_t one) {
            return *point >= one && *point < one + 10;
        });
        if (zero != digit_zeros.end()) {
            digits.push_back(static_cast<char>('0' + (*point - *zero)));
        } else if (*point == U'+' || *point == 0xff0b) {
            if (!digits.empty()) return std::nullopt;
            digits.push_back('+');
        } else if (!separates(*point)) {
            return std::nullopt;
        }
    }
    return digits;
}

bool is_emergency(const std::string& digits, const std::string& region) {
    // Dialled as they are in all regions by mobile phones (3GPP TS 22.101 section 10).
    if (digits == "112" || digits == "911" || digits == "999") return true;
    static const ShortNumberInfo short_numbers;
    return short_numbers.ConnectsToEmergencyNumber(digits, region);
}

/// E.164 for these digits, if libphonenumber calls that possible.
std::optional<std::string> possible(const std::string& digits, const std::string& region) {
    const PhoneNumberUtil& phones = *PhoneNumberUtil::GetInstance();
    PhoneNumber number;
    if (phones.Parse(digits, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
        return std::nullopt;
    if (number.has_extension()) return std::nullopt;
    // A number without its area code is possible only on the spot, not from here.
    if (phones.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE)
        return std::nullopt;
    std::string national;
    phones.GetNationalSignificantNumber(number, &national);
    std::string home;
    phones.GetRegionCodeForCountryCode(number.country_code(), &home);
    if (is_emergency(national, home)) return std::nullopt;
    std::string e164;
    phones.Format(number, PhoneNumberUtil::E164, &e164);
    if (e164.size() > max_digits + 1 || e164.size() < min_digits + 1) return std::nullopt;
    // Zeros too many are taken for a prefix when the number is read again: such a number has
    // no normal form, and would be another conversation each time.
    PhoneNumber again;
    if (phones.Parse(e164, region, &again) != PhoneNumberUtil::NO_PARSING_ERROR)
        return std::nullopt;
    std::string settled;
    phones.Format(again, PhoneNumberUtil::E164, &settled);
    if (settled != e164) return std::nullopt;
    return e164;
}

/// Country codes of networks that are dear by their nature: Inmarsat, universal personal
/// numbers, satellite systems, international networks, and the international services of
/// shared cost and premium rate (ITU-T E.164 list of assigned codes).
bool is_dear_network(int country) {
    constexpr std::array<int, 8> codes{808, 870, 878, 881, 882, 883, 888, 979};
    return std::find(codes.begin(), codes.end(), country) != codes.end();
}

Tariff tariff_of_phone(const std::string& e164) {
    using Util = PhoneNumberUtil;
    const Util& phones = *Util::GetInstance();
    PhoneNumber number;
    // Whoever has no country code here is no phone of ours, so nobody can tell what it costs.
    if (phones.Parse(e164, "ZZ", &number) != Util::NO_PARSING_ERROR) return Tariff::Premium;
    std::string national, home;
    phones.GetNationalSignificantNumber(number, &national);
    phones.GetRegionCodeForCountryCode(number.country_code(), &home);
    if (is_emergency(national, home)) return Tariff::Emergency;
    if (is_dear_network(number.country_code())) return Tariff::Premium;
    // The numbering plan says it of the whole area code, assigned or not.
    if (number.country_code() == 1 && national.starts_with("900")) return Tariff::Premium;
    switch (phones.GetNumberType(number)) {
        case Util::PREMIUM_RATE:
        case Util::SHARED_COST: return Tariff::Premium;
        // Elsewhere these are ordinary, in the United Kingdom a well-known trap.
        case Util::PERSONAL_NUMBER:
            return number.country_code() == 44 ? Tariff::Premium : Tariff::Ordinary;
        default: return Tariff::Ordinary;
    }
}

Tariff tariff_of_short_code(const std::string& digits, const std::string& region) {
    if (is_emergency(digits, region)) return Tariff::Emergency;
    static const ShortNumberInfo short_numbers;
    PhoneNumber number;
    const PhoneNumberUtil& phones = *PhoneNumberUtil::GetInstance();
    if (phones.Parse(digits, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
        return Tariff::Ordinary;
    return short_numbers.GetExpectedCostForRegion(number, region) == ShortNumberInfo::PREMIUM_RATE
               ? Tariff::Premium
               : Tariff::Ordinary;
}

/// Empty: of none, or no number.
std::string region_of(const std::string& e164) {
    const PhoneNumberUtil& phones = *PhoneNumberUtil::GetInstance();
    PhoneNumber number;
    if (phones.Parse(e164, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR) return {};
    std::string region;
    phones.GetRegionCodeForNumber(number, &region);
    // Numbering plans grow faster than our copies of them.
    if (!is_region(region)) phones.GetRegionCodeForCountryCode(number.country_code(), &region);
    return is_region(region) ? region : std::string();
}

bool only_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char letter) { return letter >= '0' && letter <= '9'; });
}

/// Whether this can be what stood behind a plus: digits alone, or a country's code set apart.
bool is_international(std::string_view text) {
    if (only_digits(text)) return true;
    const std::string_view code = text.substr(0, text.find_first_of(" (-."));
    if (!only_digits(code) || code.size() > 3) return false;
    std::string region;
    PhoneNumberUtil::GetInstance()->GetRegionCodeForCountryCode(std::stoi(std::string(code)),
                                                                &region);
    return region != "ZZ";
}

/// The readings of what was written, the likeliest first.
std::optional<std::string> read(std::string_view written, const std::string& digits,
                                const std::string& region) {
    // Form-decoding turned a plus into the blank in front of bare digits, or of a country's code.
    if (written.front() == ' ' && is_international(written.substr(1)))
        if (auto number = possible("+" + digits, region)) return number;
    if (auto number = possible(digits, region)) return number;
    // 00 is the ITU's international prefix (E.123), understood where the region has
    // another one, because no national number begins like this.
    if (digits.starts_with("00")) return possible("+" + digits.substr(2), region);
    return std::nullopt;
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower(std::string_view text) {
    std::string small;
    for (const char letter : text) small.push_back(lower(letter));
    return small;
}

bool is_letter(char letter) {
    return lower(letter) >= 'a' && lower(letter) <= 'z';
}

/// How providers write that a caller withholds the number; the digits spell ANONYMOUS,
/// RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a keypad.
bool is_withheld(std::string_view text) {
    static constexpr std::array<std::string_view, 11> words{
        "",           "anonymous", "restricted",  "blocked",  "unknown",     "unavailable",
        "+266696687", "266696687", "+7378742833", "+2562533", "+86282452253"};
    return std::find(words.begin(), words.end(), lower(text)) != words.end() || text == "+8656696";
}

/// `scheme:rest` in printable ASCII without blanks.
bool is_typed(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                       is_letter) &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// An alphanumeric sender (3GPP TS 23.040 section 9.1.2.5): up to 11 characters, one of
/// them a letter.
bool is_sender_name(std::string_view text) {
    return text.size() <= 11 && std::any_of(text.begin(), text.end(), is_letter) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == ' ' || c == '-' || c == '_';
           });
}

}  // namespace

Result<Address> parse_phone(std::string_view text, std::string_view default_region) {
    if (text.size() > max_address_bytes) return invalid("over 64 bytes");
    const auto plain = percent_decoded(text);
    if (!plain) return invalid("malformed percent-encoding");
    std::string_view written = *plain;
    // The scheme of RFC 3966; its parameters make it an extension or another plan's number.
    if (lower(written.substr(0, 4)) == "tel:") written.remove_prefix(4);
    const auto digits = dialled(written);
    if (!digits || digits->empty()) return invalid("a character that is no part of a number");
    const std::string region(default_region);
    if (is_emergency(*digits, region)) return invalid("an emergency number");
    const auto number = read(written, *digits, region);
    if (!number) return invalid("not possible");
    if (is_withheld(*number)) return invalid("how networks write a withheld number");
    return Address{AddressKind::Phone, *number};
}

Result<Address> parse_provider_address(std::string_view text, std::string_view default_region,
                                       std::string_view unique) {
    if (text.size() > max_address_bytes) return invalid("over 64 bytes");
    if (is_withheld(text)) {
        std::string identity = "withheld:" + std::string(unique);
        if (unique.empty() || identity.size() > max_address_bytes)
            return invalid("withheld, and no identity for it");
        return Address{AddressKind::Withheld, std::move(identity)};
    }
    if (is_typed(text)) {
        const size_t colon = text.find(':');
        const std::string scheme = lower(text.substr(0, colon));
        if (scheme == "tel") return parse_phone(text, default_region);
        // These names are ours; from outside they would pass for another kind.
        if (scheme == "withheld" || scheme == "shortcode" || scheme == "sender")
            return invalid("a reserved kind of address");
        return Address{AddressKind::Typed, scheme + std::string(text.substr(colon))};
    }
    if (only_digits(text) && text.size() >= 3 && text.size() <= 6)
        return Address{AddressKind::ShortCode, "shortcode:" + std::string(text)};
    if (is_sender_name(text)) return Address{AddressKind::Typed, "sender:" + std::string(text)};
    return parse_phone(text, default_region);
}

Tariff tariff_of(std::string_view address, std::string_view region) {
    if (address.starts_with('+')) return tariff_of_phone(std::string(address));
    constexpr std::string_view short_code = "shortcode:";
    if (!address.starts_with(short_code)) return Tariff::Ordinary;
    return tariff_of_short_code(std::string(address.substr(short_code.size())),
                                std::string(region));
}

bool is_region(std::string_view region) {
    static const std::set<std::string> known = [] {
        std::set<std::string> all;
        PhoneNumberUtil::GetInstance()->GetSupportedRegions(&all);
        return all;
    }();
    return known.count(std::string(region)) != 0;
}

bool is_of_region(std::string_view address, std::string_view home,
                  const std::vector<std::string>& regions) {
    const auto is_among = [&regions](std::string_view region) {
        return std::find(regions.begin(), regions.end(), region) != regions.end();
    };
    if (address.starts_with("shortcode:")) return is_among(home);
    // A messenger's address has the number behind its kind: whatsapp:+1555…
    const size_t number = address.find('+');
    const bool is_number =
        number == 0 || (number != std::string_view::npos && address.find(':') == number - 1);
    return !is_number || is_among(region_of(std::string(address.substr(number))));
}

std::string redacted(std::string_view address) {
    if (address.empty()) return {};
    return "***" + std::string(address.size() > 4 ? address.substr(address.size() - 2) : "");
}

}  // namespace tandem::domain
