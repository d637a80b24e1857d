#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "tandem/abi/base.h"

/// Views of the waist as a host reads and makes them. Nothing here trusts a length: what
/// a plugin gives is cut, and its text is repaired, before it goes any further.
namespace tandem::host {

/// The view lives as long as the text. An empty text is empty, not absent.
inline tandem_view view(std::string_view text) noexcept {
    return {text.data() ? text.data() : "", text.size()};
}
inline tandem_view absent() noexcept {
    return {nullptr, 0};
}

/// The bytes as they are; empty if absent.
inline std::string_view bytes(tandem_view from) noexcept {
    return from.data ? std::string_view(from.data, from.size) : std::string_view();
}

/// The length of the well-formed UTF-8 sequence at the beginning of `text` (RFC 3629: no
/// surrogates, nothing overlong, nothing above U+10FFFF); 0 if there is none.
inline size_t utf8_sequence(std::string_view text) noexcept {
    const auto byte = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
    const auto in = [&](size_t index, unsigned low, unsigned high) {
        return index < text.size() && byte(index) >= low && byte(index) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

/// A copy as valid UTF-8 without NUL: what is neither becomes U+FFFD, because a store
/// cuts at NUL and a JSON writer refuses bad bytes. At most `max_bytes` are looked at.
inline std::string text(tandem_view from, size_t max_bytes = 1 << 20) {
    std::string_view rest = bytes(from).substr(0, max_bytes);
    std::string copy;
    copy.reserve(rest.size());
    while (!rest.empty()) {
        const size_t length = rest[0] == '\0' ? 0 : utf8_sequence(rest);
        if (length == 0) {
            copy += "\xEF\xBF\xBD";
            rest.remove_prefix(1);
        } else {
            copy.append(rest.substr(0, length));
            rest.remove_prefix(length);
        }
    }
    return copy;
}

/// The members of a growable struct that its maker knew; the others are zero. `from` may
/// be null: all are zero.
template <typename Growable>
Growable known_part(const void* from) noexcept {
    Growable copy;
    std::memset(&copy, 0, sizeof copy);
    if (!from) return copy;
    uint32_t size = 0;
    std::memcpy(&size, from, sizeof size);
    std::memcpy(&copy, from, std::min<size_t>(size, sizeof copy));
    return copy;
}

/// A zeroed growable struct with its size set.
template <typename Growable>
Growable sized() noexcept {
    Growable made;
    std::memset(&made, 0, sizeof made);
    const auto size = static_cast<uint32_t>(sizeof made);
    std::memcpy(&made, &size, sizeof size);
    return made;
}

}  // namespace tandem::host
