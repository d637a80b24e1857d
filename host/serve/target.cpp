#include <algorithm>

#include "serve/framing.h"

namespace tandem::serve {

namespace {

constexpr Refusal bad_target{400, "BAD_REQUEST", "The request target is not well-formed."};
constexpr Refusal other_host{400, "BAD_REQUEST", "The target names another host than Host."};

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Takes scheme and authority off an absolute-form target (RFC 9112 section 3.2.2).
Verdict strip_authority(const Head& head, std::string_view& target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() < scheme.size() || !same_text(target.substr(0, scheme.size()), scheme))
            continue;
        target.remove_prefix(scheme.size());
        const size_t end = std::min(target.find_first_of("/?"), target.size());
        const std::string_view authority = target.substr(0, end);
        const auto host = only_field(head.headers, "Host");
        if (!host || !same_text(*host, authority)) return other_host;
        target.remove_prefix(end);
        return std::nullopt;
    }
    return bad_target;
}

// Segments that stay what they are however often a reader normalises them.
bool plain_segments(std::string_view path) {
    for (size_t start = 1; start <= path.size();) {
        const size_t end = std::min(path.find('/', start), path.size());
        const std::string_view segment = path.substr(start, end - start);
        if (segment == "." || segment == "..") return false;
        if (segment.empty() && end != path.size()) return false;
        start = end + 1;
    }
    return true;
}

bool encoded_slash(std::string_view raw) {
    for (size_t at = raw.find("%2"); at != std::string_view::npos; at = raw.find("%2", at + 2))
        if (at + 2 < raw.size() && (raw[at + 2] == 'f' || raw[at + 2] == 'F')) return true;
    return false;
}

}  // namespace

bool valid_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        size_t more = 0;
        unsigned point = 0;
        if (lead >= 0xc2 && lead <= 0xdf)
            more = 1, point = lead & 0x1f;
        else if (lead >= 0xe0 && lead <= 0xef)
            more = 2, point = lead & 0x0f;
        else if (lead >= 0xf0 && lead <= 0xf4)
            more = 3, point = lead & 0x07;
        else
            return false;
        if (i + more >= text.size()) return false;
        for (size_t k = 1; k <= more; ++k) {
            const auto byte = static_cast<unsigned char>(text[i + k]);
            if ((byte & 0xc0) != 0x80) return false;
            point = (point << 6) | (byte & 0x3f);
        }
        // Overlong forms, surrogates, beyond the last code point.
        if ((more == 2 && point < 0x800) || (more == 3 && (point < 0x10000 || point > 0x10ffff)) ||
            (point >= 0xd800 && point <= 0xdfff))
            return false;
        i += more + 1;
    }
    return true;
}

std::optional<std::string> percent_decoded(std::string_view text, bool form) {
    std::string plain;
    plain.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            plain.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            plain.push_back(form && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return plain;
}

Verdict read_target(const Head& head, Target& target) {
    std::string_view raw = head.target;
    if (raw == "*") {
        if (head.method != "OPTIONS") return bad_target;
        target.path = "*";
        return std::nullopt;
    }
    if (raw.front() != '/')
        if (const Verdict verdict = strip_authority(head, raw)) return verdict;

    const size_t question = std::min(raw.find('?'), raw.size());
    const std::string_view raw_path = raw.substr(0, question);
    if (question < raw.size()) target.raw_query = raw.substr(question + 1);
    auto path = percent_decoded(raw_path.empty() ? "/" : raw_path, false);
    if (!path || encoded_slash(raw_path) || !valid_utf8(*path) || !plain_segments(*path))
        return bad_target;
    for (const char c : *path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return bad_target;

    const auto query = percent_decoded(target.raw_query, true);
    if (!query || !valid_utf8(*query) || query->find('\0') != std::string::npos) return bad_target;
    target.path = std::move(*path);
    return std::nullopt;
}

}  // namespace tandem::serve
