#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace tandem {

size_t utf8_sequence(std::string_view text, size_t at) {
    const auto byte = [&](size_t offset) {
        return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0u;
    };
    const auto follows = [&](size_t offset, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(offset) >= low && byte(offset) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = lead == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

size_t first_invalid_utf8(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const size_t length = utf8_sequence(text, at);
        if (length == 0) return at;
        at += length;
    }
    return std::string_view::npos;
}

bool is_blank(std::string_view text) {
    constexpr std::string_view seen_as_nothing[] = {
        " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u00ad",
        "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
        "\u2008", "\u2009", "\u200a", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028",
        "\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u202f", "\u205f", "\u2060",
        "\u2066", "\u2067", "\u2068", "\u2069", "\u3000", "\ufeff"};
    while (!text.empty()) {
        const auto blank =
            std::find_if(std::begin(seen_as_nothing), std::end(seen_as_nothing),
                         [&](std::string_view one) { return text.substr(0, one.size()) == one; });
        if (blank == std::end(seen_as_nothing)) return false;
        text.remove_prefix(blank->size());
    }
    return true;
}

void append_json_text(std::string& out, std::string_view text) {
    const auto escape = [&out](unsigned code) {
        char buffer[8];
        std::snprintf(buffer, sizeof buffer, "\\u%04x", code);
        out += buffer;
    };
    for (size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const size_t length = utf8_sequence(text, at);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            ++at;
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += static_cast<char>(byte);
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            escape(byte);
        } else if (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
            escape(static_cast<unsigned char>(text[at + 1]));
        } else if (text.substr(at, 3) == "\u2028" || text.substr(at, 3) == "\u2029") {
            escape(text[at + 2] == '\xa8' ? 0x2028 : 0x2029);
        } else {
            out.append(text.substr(at, length));
        }
        at += length;
    }
}

}  // namespace tandem
