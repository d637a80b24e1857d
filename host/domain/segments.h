#pragma once

#include <cstddef>
#include <string_view>

/// How SMS are billed: in segments of 7-bit letters (GSM 03.38) or of UTF-16 units.
namespace tandem::domain {

struct Segments {
    enum class Alphabet {
        Gsm7,  // every letter is in the GSM alphabet or its extension
        Ucs2,  // one is not, and then all are sent as UTF-16
    };
    Alphabet alphabet = Alphabet::Gsm7;
    size_t units = 0;  // septets, or UTF-16 units
    size_t count = 0;  // of segments; an empty text has one
};

/// Of a UTF-8 text; bytes that are none count as one U+FFFD each. One segment holds 160
/// septets or 70 units, each of several 153 or 67; an escaped letter and a surrogate pair
/// stand in one segment whole.
Segments segments_of(std::string_view text);

/// UTF-16 code units, which is how providers and browsers count; the same of what is no UTF-8.
size_t utf16_units(std::string_view text);

/// Bytes of the longest beginning of the text that takes at most `most` segments and
/// `max_units` UTF-16 units; it ends between two characters.
size_t fitting_segments(std::string_view text, size_t most, size_t max_units);

}  // namespace tandem::domain
