#include "fetch/egress.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>

namespace tandem::fetch {
namespace {

bool is_public_v4(uint32_t address) {
    struct Block {
        uint32_t base;
        int bits;
    };
    // IANA special-purpose registry (RFC 6890 and later); everything from 224/3 on is
    // multicast or reserved.
    static constexpr std::array<Block, 14> closed{{{0x00000000, 8},
                                                   {0x0A000000, 8},
                                                   {0x64400000, 10},
                                                   {0x7F000000, 8},
                                                   {0xA9FE0000, 16},
                                                   {0xAC100000, 12},
                                                   {0xC0000000, 24},
                                                   {0xC0000200, 24},
                                                   {0xC0586300, 24},
                                                   {0xC0A80000, 16},
                                                   {0xC6120000, 15},
                                                   {0xC6336400, 24},
                                                   {0xCB007100, 24},
                                                   {0xE0000000, 3}}};
    return std::none_of(closed.begin(), closed.end(), [&](const Block& block) {
        return (address >> (32 - block.bits)) == (block.base >> (32 - block.bits));
    });
}

bool is_public_v6(const unsigned char* bytes) {
    // Only 2000::/3 is global unicast: that leaves out ::, ::1, IPv4-mapped and NAT64
    // forms, unique local, link-local, site-local and multicast.
    if ((bytes[0] & 0xE0) != 0x20) return false;
    const unsigned first = static_cast<unsigned>(bytes[0]) << 8 | bytes[1];
    const unsigned second = static_cast<unsigned>(bytes[2]) << 8 | bytes[3];
    // 2002::/16 carries an IPv4 address, 2001::/23 protocols (Teredo), 2001:db8::/32 and
    // 3fff::/20 are for documents.
    if (first == 0x2002 || (first == 0x2001 && second < 0x0200)) return false;
    if (first == 0x2001 && second == 0x0DB8) return false;
    return !(first == 0x3FFF && second < 0x1000);
}

bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("!#$%&'*+-.^_`|~", c);
    });
}

// Framing and routing are the client's; a plugin that set them could smuggle a request.
bool is_reserved(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* reserved : {"host", "content-length", "transfer-encoding", "connection",
                                 "expect", "upgrade", "te", "trailer", "keep-alive"}) {
        if (name == reserved) return true;
    }
    return name.compare(0, 6, "proxy-") == 0;
}

/// Host and port as the URL writes them, in small letters; empty where it only hints at them.
std::string authority_of(const std::string& url, const std::string& scheme) {
    static constexpr std::string_view slashes = "://";
    if (url.compare(scheme.size(), slashes.size(), slashes) != 0) return {};
    const size_t from = scheme.size() + slashes.size();
    std::string authority = url.substr(from, url.find_first_of("/?#\\", from) - from);
    std::transform(authority.begin(), authority.end(), authority.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return authority;
}

}  // namespace

bool is_public(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        return is_public_v4(ntohl(in.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &address, sizeof in);
        return is_public_v6(in.sin6_addr.s6_addr);
    }
    return false;
}

Result<Origin> permitted(const std::string& url, const std::vector<Origin>& allowed) {
    const std::optional<Origin> asked = origin_of(url, false);
    if (!asked) return Error{Code::Invalid, "the URL is not one that can be asked"};
    const std::string authority = authority_of(url, asked->scheme);
    // Credentials in a URL end up in logs, and `user@` hides which host is meant.
    if (authority.find('@') != std::string::npos)
        return Error{Code::Invalid, "the URL carries user information"};
    // What reads an address out of 2130706433 or 0x7f.1 is one reader of several.
    if (authority.compare(0, asked->host.size(), asked->host) != 0 ||
        (authority.size() > asked->host.size() && authority[asked->host.size()] != ':'))
        return Error{Code::Invalid, "the URL does not write its host plainly"};
    const auto found = std::find_if(allowed.begin(), allowed.end(), [&](const Origin& origin) {
        return origin.scheme == asked->scheme && origin.host == asked->host &&
               origin.port == asked->port &&
               (origin.written_by_operator || origin.scheme == "https");
    });
    if (found != allowed.end()) return *found;
    return Error{Code::Forbidden, asked->scheme + "://" + asked->host + ":" +
                                      std::to_string(asked->port) +
                                      " is not named by an option of this instance"};
}

std::string request_fault(const Request& request) {
    static constexpr std::array methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    if (std::none_of(methods.begin(), methods.end(),
                     [&](const char* method) { return request.method == method; })) {
        return "the method is none of GET, HEAD, POST, PUT, PATCH, DELETE";
    }
    return fields_fault(request.headers);
}

std::string fields_fault(const Fields& fields) {
    if (fields.size() > Client::max_header_fields) return "too many header fields";
    for (const auto& [name, value] : fields) {
        if (!is_token(name) || has_control(value)) return "a header field is malformed";
        if (is_reserved(name)) return "the header field " + name + " is the host's to set";
    }
    return {};
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace tandem::fetch
