#include "observe/redact.h"

#include <array>
#include <cstddef>

namespace tandem::observe {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Base64url, as tokens are written (RFC 7515 section 2), and what else they carry.
bool is_token(char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~' ||
           c == '/' || c == '=' || c == '+';
}

bool begins(std::string_view text, size_t at, std::string_view word) {
    if (text.size() - at < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i)
        if (lower(text[at + i]) != word[i]) return false;
    return true;
}

/// The end of a phone number whose plus sign ends at `at`; `at` if there is none.
size_t phone_end(std::string_view text, size_t at, std::string& last_two) {
    constexpr std::string_view separators = " -.()";
    size_t digits = 0, end = at, separated = 0;
    std::string tail;
    for (size_t i = at; i < text.size() && digits < 16; ++i) {
        if (is_digit(text[i])) {
            ++digits;
            separated = 0;
            tail += text[i];
            if (tail.size() > 2) tail.erase(0, 1);
            end = i + 1;
        } else if (digits == 0 || separators.find(text[i]) == std::string_view::npos ||
                   ++separated > 2) {
            break;
        }
    }
    if (digits < 7 || digits > 15) return at;
    last_two = tail;
    return end;
}

/// The end of a JWT that begins here: eyJ, two or more dots between its parts.
size_t jwt_end(std::string_view text, size_t at) {
    if (text.substr(at, 3) != "eyJ") return at;
    size_t end = at, dots = 0;
    for (; end < text.size() && (is_letter(text[end]) || is_digit(text[end]) || text[end] == '-' ||
                                 text[end] == '_' || text[end] == '.');
         ++end)
        if (text[end] == '.') ++dots;
    return dots >= 1 && end - at >= 12 ? end : at;
}

/// The end of a server's key that begins here; `at` if there is none.
size_t api_key_end(std::string_view text, size_t at) {
    constexpr std::string_view prefix = "tandem_";
    constexpr size_t least_letters = 20;  // names of metrics begin so too, and have underscores
    if (text.substr(at, prefix.size()) != prefix) return at;
    size_t end = at + prefix.size();
    while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
    return end - at >= prefix.size() + least_letters ? end : at;
}

/// The place where the value of a secret parameter begins; `at` if none does.
size_t secret_begin(std::string_view text, size_t at) {
    static constexpr std::array<std::string_view, 8> names = {"token",    "ticket",       "secret",
                                                              "password", "signature",    "api_key",
                                                              "api-key",  "authorization"};
    for (const std::string_view name : names) {
        if (!begins(text, at, name)) continue;
        size_t value = at + name.size();
        if (value < text.size() && text[value] == '"') ++value;
        if (value >= text.size() || (text[value] != '=' && text[value] != ':')) continue;
        ++value;
        while (value < text.size() && (text[value] == ' ' || text[value] == '"')) ++value;
        // `token: invalid signature` is a sentence; a blank ends what we mask anyway.
        return value;
    }
    return at;
}

size_t token_end(std::string_view text, size_t at) {
    while (at < text.size() && (is_token(text[at]) || text[at] == '%')) ++at;
    return at;
}

}  // namespace

std::string redact(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const bool word_start = at == 0 || !is_letter(text[at - 1]);
        const size_t plus = text[at] == '+' ? at + 1 : begins(text, at, "%2b") ? at + 3 : at;
        std::string last_two;
        if (plus != at) {
            if (const size_t end = phone_end(text, plus, last_two); end != plus) {
                out += "+***" + last_two;
                at = end;
                continue;
            }
        }
        if (word_start) {
            if (const size_t end = jwt_end(text, at); end != at) {
                out += "***";
                at = end;
                continue;
            }
            if (const size_t end = api_key_end(text, at); end != at) {
                out += "***";
                at = end;
                continue;
            }
            if (begins(text, at, "bearer ") && token_end(text, at + 7) - at - 7 >= 8) {
                out.append(text.substr(at, 7)).append("***");
                at = token_end(text, at + 7);
                continue;
            }
        }
        if (const size_t value = secret_begin(text, at); value != at) {
            const size_t end = token_end(text, value);
            if (end - value >= 8) {
                out.append(text.substr(at, value - at)).append("***");
                at = end;
                continue;
            }
        }
        out += text[at++];
    }
    return out;
}

}  // namespace tandem::observe
