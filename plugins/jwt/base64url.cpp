#include "base64url.h"

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

int value_of(char letter) {
    if (letter >= 'A' && letter <= 'Z') return letter - 'A';
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9') return letter - '0' + 52;
    if (letter == '-') return 62;
    if (letter == '_') return 63;
    return -1;
}

}  // namespace

std::string decode_base64url(std::string_view text, std::string_view what) {
    const auto wrong = [&] {
        return plugin::Failure(TANDEM_UNAUTHORIZED, std::string(what) + ": no base64url");
    };
    if (text.size() % 4 == 1) throw wrong();
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    unsigned bits = 0;
    unsigned held = 0;
    for (const char letter : text) {
        const int value = value_of(letter);
        if (value < 0) throw wrong();
        bits = (bits << 6) | static_cast<unsigned>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes.push_back(static_cast<char>((bits >> held) & 0xff));
    }
    if ((bits & ((1u << held) - 1)) != 0) throw wrong();
    return bytes;
}

}  // namespace tandem::jwt
