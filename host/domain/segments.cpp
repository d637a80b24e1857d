#include "domain/segments.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tandem::domain {

namespace {

// GSM 03.38 beside ASCII, in the order of code points.
constexpr std::array<char32_t, 36> beside_ascii{
    U'¡', U'£', U'¤', U'¥', U'§', U'¿', U'Ä', U'Å', U'Æ', U'Ç', U'É', U'Ñ',
    U'Ö', U'Ø', U'Ü', U'ß', U'à', U'ä', U'å', U'æ', U'è', U'é', U'ì', U'ñ',
    U'ò', U'ö', U'ø', U'ù', U'ü', U'Γ', U'Δ', U'Θ', U'Λ', U'Ξ', U'Π', U'Σ'};
constexpr std::array<char32_t, 3> more_greek{U'Φ', U'Ψ', U'Ω'};
constexpr std::u32string_view escaped = U"\f^{}\\[]~|€";

struct Character {
    char32_t point = 0xfffd;
    size_t bytes = 1;
};

Character character_at(std::string_view text, size_t at) {
    const size_t bytes = utf8_sequence(text, at);
    if (bytes == 0) return {};
    const auto first = static_cast<unsigned char>(text[at]);
    char32_t point = bytes == 1 ? first : first & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; ++i)
        point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
    return {point, bytes};
}

/// Septets of a character; 0: the alphabet does not have it.
size_t septets(char32_t point) {
    if (escaped.find(point) != std::u32string_view::npos) return 2;
    if (point < 0x80) {
        const bool printed = point >= 0x20 && point < 0x7f && point != U'`';
        return printed || point == U'\n' || point == U'\r' ? 1 : 0;
    }
    const bool known = std::binary_search(beside_ascii.begin(), beside_ascii.end(), point) ||
                       std::binary_search(more_greek.begin(), more_greek.end(), point);
    return known ? 1 : 0;
}

size_t utf16_units(char32_t point) {
    return point >= 0x10000 ? 2 : 1;
}

/// Counts the segments of a text that grows; the two alphabets side by side, since the
/// next letter may force the wider one on all before it.
class Counter {
public:
    void add(char32_t point) {
        const size_t narrow_units = septets(point);
        narrow_ = narrow_ && narrow_units > 0;
        if (narrow_) gsm7_.add(narrow_units);
        ucs2_.add(utf16_units(point));
    }
    Segments now() const {
        return narrow_ ? Segments{Segments::Alphabet::Gsm7, gsm7_.units, gsm7_.segments()}
                       : Segments{Segments::Alphabet::Ucs2, ucs2_.units, ucs2_.segments()};
    }
    size_t wide_units() const { return ucs2_.units; }

private:
    struct Row {
        size_t alone, each;  // units of a segment that is the only one, or one of several
        size_t units = 0;    // all
        size_t full = 0;     // segments that are full
        size_t in_last = 0;  // units of the one after them

        void add(size_t more) {
            units += more;
            if (in_last + more > each) {
                ++full;
                in_last = 0;
            }
            in_last += more;
        }
        size_t segments() const { return units <= alone ? 1 : full + 1; }
    };

    Row gsm7_{160, 153};
    Row ucs2_{70, 67};
    bool narrow_ = true;
};

}  // namespace

Segments segments_of(std::string_view text) {
    Counter counter;
    for (size_t at = 0; at < text.size();) {
        const Character next = character_at(text, at);
        counter.add(next.point);
        at += next.bytes;
    }
    return counter.now();
}

size_t utf16_units(std::string_view text) {
    size_t units = 0;
    for (size_t at = 0; at < text.size();) {
        const Character next = character_at(text, at);
        units += utf16_units(next.point);
        at += next.bytes;
    }
    return units;
}

size_t fitting_segments(std::string_view text, size_t most, size_t max_units) {
    Counter counter;
    size_t at = 0;
    while (at < text.size()) {
        const Character next = character_at(text, at);
        counter.add(next.point);
        if (counter.now().count > most || counter.wide_units() > max_units) break;
        at += next.bytes;
    }
    return at;
}

}  // namespace tandem::domain
