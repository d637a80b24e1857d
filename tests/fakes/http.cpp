#include "fakes/http.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <Poco/URI.h>
#include <Poco/UTF8Encoding.h>

#include <strings.h>
#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>

namespace tandem::fakes {

namespace {

std::atomic<long> ahead{0};

std::string decoded(std::string text) {
    std::replace(text.begin(), text.end(), '+', ' ');
    std::string plain;
    Poco::URI::decode(text, plain);
    return plain;
}

}  // namespace

std::string Request::header(const std::string& name) const {
    for (const auto& [own, value] : headers)
        if (strcasecmp(own.c_str(), name.c_str()) == 0) return value;
    return {};
}

std::optional<std::string> Request::below(const std::string& prefix) const {
    if (path.rfind(prefix, 0) != 0) return std::nullopt;
    return path.substr(prefix.size());
}

std::string Answer::text(size_t declared) const {
    std::string text = "HTTP/1.1 " + std::to_string(status) +
                       " Answer\r\nContent-Type: " + content_type +
                       "\r\nContent-Length: " + std::to_string(declared) + "\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    return text + "\r\n" + body;
}

Pairs form_of(const std::string& text) {
    Pairs fields;
    size_t begin = 0;
    while (begin < text.size()) {
        const size_t end = std::min(text.find('&', begin), text.size());
        const std::string pair = text.substr(begin, end - begin);
        const size_t equals = std::min(pair.find('='), pair.size());
        if (!pair.empty())
            fields.emplace_back(decoded(pair.substr(0, equals)),
                                equals < pair.size() ? decoded(pair.substr(equals + 1)) : "");
        begin = end + 1;
    }
    return fields;
}

std::string form_text(const Pairs& fields) {
    std::string text;
    const auto put = [&](const std::string& part) {
        for (const unsigned char letter : part) {
            char code[4];
            std::snprintf(code, sizeof code, "%%%02X", letter);
            if (std::isalnum(letter) || letter == '-' || letter == '_' || letter == '.')
                text += static_cast<char>(letter);
            else
                text += letter == ' ' ? std::string("+") : std::string(code);
        }
    };
    for (const auto& [name, value] : fields) {
        if (!text.empty()) text += '&';
        put(name);
        text += '=';
        put(value);
    }
    return text;
}

std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(length));
    return text;
}

std::string from_base64(const std::string& text) {
    std::string bytes(3 * text.size() / 4 + 3, '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()));
    // What fills up the last three bytes is counted as bytes there.
    const size_t padding = text.size() - text.find_last_not_of('=') - 1;
    bytes.resize(static_cast<size_t>(length) - padding);
    return bytes;
}

std::string hmac(const char* algorithm, const std::string& key, const std::string& bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_get_digestbyname(algorithm), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
    return {reinterpret_cast<char*>(digest), size};
}

std::string hex(const std::string& bytes) {
    std::string text;
    char code[3];
    for (const unsigned char byte : bytes) {
        std::snprintf(code, sizeof code, "%02x", byte);
        text += code;
    }
    return text;
}

bool valid_utf8(const std::string& text) {
    size_t at = 0;
    while (at < text.size()) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data() + at);
        int need = 1;
        if (*bytes >= 0x80) need = *bytes >= 0xf0 ? 4 : *bytes >= 0xe0 ? 3 : 2;
        if (at + static_cast<size_t>(need) > text.size()) return false;
        if (*bytes >= 0x80 && (*bytes < 0xc2 || !Poco::UTF8Encoding::isLegal(bytes, need)))
            return false;
        at += static_cast<size_t>(need);
    }
    return true;
}

size_t utf16_units(const std::string& text) {
    size_t units = 0;
    for (const unsigned char byte : text)
        if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
    return units;
}

bool all_digits(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char letter) { return std::isdigit(letter); });
}

bool is_e164(const std::string& text) {
    return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           all_digits(text.substr(1));
}

std::time_t now() {
    return std::time(nullptr) + ahead;
}

void set_ahead(long seconds) {
    ahead = seconds;
}

}  // namespace tandem::fakes
