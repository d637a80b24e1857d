#include "form.hpp"

namespace acme {

namespace {

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

std::optional<std::string> decode(std::string_view bytes) {
    std::string decoded;
    decoded.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == '+') {
            decoded += ' ';
        } else if (bytes[i] != '%') {
            decoded += bytes[i];
        } else {
            if (bytes.size() - i < 3) return std::nullopt;
            const int high = hex_value(bytes[i + 1]);
            const int low = hex_value(bytes[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return decoded;
}

void encode(std::string& to, std::string_view bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    static constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    for (const char byte : bytes) {
        if (plain.find(byte) != std::string_view::npos) {
            to += byte;
        } else {
            const auto value = static_cast<unsigned char>(byte);
            to += '%';
            to += digits[value / 16];
            to += digits[value % 16];
        }
    }
}

}  // namespace

std::optional<Form> Form::parse(std::string_view bytes) {
    Form form;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('&');
        const std::string_view member = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (member.empty()) continue;
        if (form.members_.size() == max_members) return std::nullopt;
        const std::size_t equals = member.find('=');
        auto name = decode(member.substr(0, equals));
        auto value = decode(equals == std::string_view::npos ? std::string_view()
                                                             : member.substr(equals + 1));
        if (!name || !value) return std::nullopt;
        form.add(*std::move(name), *std::move(value));
    }
    return form;
}

void Form::add(std::string name, std::string value) {
    members_.emplace_back(std::move(name), std::move(value));
}

std::string_view Form::get(std::string_view name) const {
    for (const auto& member : members_) {
        if (member.first == name) return member.second;
    }
    return {};
}

std::string Form::encoded() const {
    std::string bytes;
    for (const auto& member : members_) {
        if (!bytes.empty()) bytes += '&';
        encode(bytes, member.first);
        bytes += '=';
        encode(bytes, member.second);
    }
    return bytes;
}

}  // namespace acme
