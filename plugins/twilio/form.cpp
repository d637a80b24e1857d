#include "form.hpp"

#include <algorithm>

#include "tandem/plugin/failure.hpp"

namespace tandem::twilio {

namespace {

int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

std::string decoded(std::string_view text, bool& malformed) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            plain.push_back(' ');
            continue;
        }
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            plain.push_back(static_cast<char>(high * 16 + low));
            i += 2;
            continue;
        }
        if (text[i] == '%') malformed = true;
        plain.push_back(text[i]);
    }
    return plain;
}

/// Bytes of the well-formed sequence that this text begins with (RFC 3629); 0: none.
std::size_t sequence(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const auto follows = [&](std::size_t at) { return (byte(at) & 0xc0u) == 0x80u; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = first == 0xed && byte(1) > 0x9f;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool outside = (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
        return follows(1) && follows(2) && follows(3) && !outside ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::optional<std::string> Form::only(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& field : fields) {
        if (field.first != name) continue;
        if (found)
            throw plugin::Failure(TANDEM_INVALID,
                                  "the field " + std::string(name) + " comes twice");
        found = field.second;
    }
    return found;
}

Form parse_form(std::string_view body, std::size_t max_fields) {
    Form form;
    while (!body.empty()) {
        const std::size_t end = body.find('&');
        const std::string_view pair = body.substr(0, end);
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
        if (pair.empty()) continue;
        if (form.fields.size() == max_fields) {
            form.cut = true;
            return form;
        }
        const std::size_t equals = pair.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        std::string name = decoded(pair.substr(0, equals), form.malformed);
        form.fields.emplace_back(std::move(name), decoded(value, form.malformed));
    }
    return form;
}

std::vector<std::string> values_of(std::string_view body, std::string_view name) {
    std::vector<std::string> values;
    bool malformed = false;
    while (!body.empty() && values.size() < 2) {
        const std::string_view pair = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(pair.size() + 1, body.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        // An encoded name has at most three bytes for each of its own.
        if (equals < name.size() || equals > 3 * name.size()) continue;
        if (decoded(pair.substr(0, equals), malformed) != name) continue;
        values.push_back(decoded(pair.substr(std::min(equals + 1, pair.size())), malformed));
    }
    return values;
}

std::string form_encoded(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char letter : text) {
        const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '.' ||
                           letter == '_' || letter == '*';
        const auto byte = static_cast<unsigned char>(letter);
        if (plain) {
            encoded.push_back(letter);
        } else if (letter == ' ') {
            encoded.push_back('+');
        } else {
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return encoded;
}

std::string repaired(std::string_view text) {
    std::string whole;
    whole.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = text.front() == '\0' ? 0 : sequence(text);
        if (length == 0)
            whole += "\xef\xbf\xbd";
        else
            whole += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return whole;
}

}  // namespace tandem::twilio
