#include "settings/forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "domain/address.h"

namespace tandem::settings {

namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// One of `first`, then up to `longest` - 1 of those and of `others`.
template <typename First>
bool is_name(std::string_view text, size_t longest, First first, std::string_view others) {
    if (text.empty() || text.size() > longest || !first(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return first(c) || others.find(c) != std::string_view::npos;
    });
}

bool is_host(std::string_view host) {
    const auto letter = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); };
    return is_name(host, 253, letter, ".-_");
}

bool is_ipv6(std::string_view text) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_ipv4(std::string_view text) {
    in_addr address{};
    return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

/// Host and port of a URL without its scheme; the port may be missing.
bool is_authority(std::string_view text) {
    if (text.empty()) return false;
    if (text.back() == ']') return text.front() == '[' && is_ipv6(text.substr(1, text.size() - 2));
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return is_host(text);
    const auto endpoint = read_endpoint(text);
    return endpoint && endpoint->port != 0;
}

/// What stands behind http:// or https://, nothing if neither does.
std::optional<std::string_view> after_scheme(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.substr(0, scheme.size()) == scheme) return text.substr(scheme.size());
    return std::nullopt;
}

}  // namespace

std::optional<Endpoint> read_endpoint(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = read_whole_number(text.substr(colon + 1));
    if (!port || *port > 65535) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (!is_ipv6(host)) return std::nullopt;
    } else if (!is_host(host)) {
        return std::nullopt;
    }
    return Endpoint{std::string(host), static_cast<unsigned>(*port)};
}

bool fit_any(std::string&) {
    return true;
}

bool fit_endpoint(std::string& text) {
    return read_endpoint(text).has_value();
}

bool fit_public_url(std::string& text) {
    while (!text.empty() && text.back() == '/') text.pop_back();
    const auto rest = after_scheme(text);
    if (!rest) return false;
    const size_t slash = rest->find('/');
    if (!is_authority(rest->substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    const std::string_view path = rest->substr(slash);
    return path.find("//") == std::string_view::npos &&
           std::all_of(path.begin(), path.end(), [](char c) {
               return is_lower(c) || is_upper(c) || is_digit(c) ||
                      std::string_view("/-._~").find(c) != std::string_view::npos;
           });
}

bool fit_origin(std::string& text) {
    const auto rest = after_scheme(text);
    return rest && is_authority(*rest);
}

bool fit_network(std::string& text) {
    const std::string_view whole = text;
    const size_t slash = whole.find('/');
    const std::string_view address = whole.substr(0, slash);
    const bool four = is_ipv4(address);
    if (!four && !is_ipv6(address)) return false;
    const unsigned longest = four ? 32 : 128;
    if (slash == std::string_view::npos) {
        text += "/" + std::to_string(longest);
        return true;
    }
    const auto bits = read_whole_number(whole.substr(slash + 1));
    return bits && *bits <= longest;
}

bool fit_absolute_path(std::string& text) {
    return text.front() == '/' && text.size() < 4096 &&
           ("/" + text + "/").find("/../") == std::string::npos;
}

bool fit_instance_id(std::string& text) {
    const auto letter = [](char c) { return is_lower(c) || is_digit(c); };
    return is_name(text, 63, letter, "-_");
}

bool fit_plugin_name(std::string& text) {
    const auto letter = [](char c) { return is_lower(c) || is_digit(c); };
    return is_name(text, 63, letter, "-_");
}

bool fit_organization_id(std::string& text) {
    const auto letter = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); };
    return is_name(text, 64, letter, ".-_");
}

bool fit_permission(std::string& text) {
    for (const std::string_view known :
         {"conversations:read", "conversations:write", "conversations:manage", "leads:read",
          "leads:write", "admin"})
        if (text == known) return true;
    return false;
}

bool fit_region(std::string& text) {
    return domain::is_region(text);
}

bool fit_e164(std::string& text) {
    // At most fifteen digits (E.164 section 6), none of which is a leading zero.
    return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           std::all_of(text.begin() + 1, text.end(), is_digit);
}

bool is_option_name(std::string_view name) {
    const auto letter = [](char c) { return is_lower(c) || is_upper(c); };
    for (const std::string_view word : {"null", "Null", "NULL"})
        if (name == word) return false;
    return is_name(name, 64, letter, "0123456789_-");
}

std::optional<uint64_t> read_whole_number(std::string_view text) {
    uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // 0123 is eighty-three to some and one hundred and twenty-three to others.
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return number;
}

std::optional<bool> read_yes_no(std::string_view text) {
    if (text == "true" || text == "yes") return true;
    if (text == "false" || text == "no") return false;
    return std::nullopt;
}

}  // namespace tandem::settings
