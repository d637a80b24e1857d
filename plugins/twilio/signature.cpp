#include "signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "form.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::twilio {

namespace {

// Far above what Twilio sends, and low enough that a forger cannot make us hash for long.
constexpr std::size_t max_signed_bytes = 1024 * 1024;
constexpr std::size_t max_signed_fields = 4096;
constexpr std::size_t max_signature_bytes = 1024;
constexpr std::size_t sha1_bytes = 20;
constexpr std::size_t sha256_bytes = 32;

/// The parts of a URL that Twilio may have signed in another form.
struct Url {
    std::string_view scheme, user, host, port, rest;
};

Url split(std::string_view url) {
    Url parts;
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {{}, {}, {}, {}, url};
    parts.scheme = url.substr(0, scheme);
    url.remove_prefix(scheme + 3);
    const std::size_t authority = std::min(url.find_first_of("/?"), url.size());
    std::string_view host = url.substr(0, authority);
    parts.rest = url.substr(authority);
    const std::size_t at = host.rfind('@');
    if (at != std::string_view::npos) {
        parts.user = host.substr(0, at + 1);
        host.remove_prefix(at + 1);
    }
    const std::size_t colon = host.rfind(':');
    const bool in_brackets =
        host.find(']', colon == std::string_view::npos ? 0 : colon) != std::string_view::npos;
    if (colon != std::string_view::npos && !in_brackets) {
        parts.port = host.substr(colon);
        host = host.substr(0, colon);
    }
    parts.host = host;
    return parts;
}

void add_new(std::vector<std::string>& list, std::string one) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
}

/// The query with the characters encoded that a URL parser encodes (WHATWG URL, special-query
/// percent-encode set); Twilio's own requests may have gone through one.
std::string reencoded(std::string_view rest) {
    std::string encoded;
    bool in_query = false;
    for (const char letter : rest) {
        if (in_query && letter == '\'')
            encoded += "%27";
        else
            encoded.push_back(letter);
        in_query = in_query || letter == '?';
    }
    return encoded;
}

/// The URLs that may have been signed, the likeliest first: Twilio drops user and password,
/// and for voice over https the port; some callers write the default port out.
std::vector<std::string> candidates(std::string_view url) {
    const Url parts = split(url.substr(0, url.find('#')));
    const bool secure = parts.scheme == "https" || parts.scheme == "wss";
    const std::string scheme = std::string(parts.scheme) + "://";
    const std::string host(parts.host);
    std::vector<std::string> urls;
    for (const std::string& rest : {std::string(parts.rest), reencoded(parts.rest)})
        for (const std::string_view user : {std::string_view(), parts.user})
            for (const std::string_view port :
                 {parts.port, std::string_view(), std::string_view(secure ? ":443" : ":80")})
                add_new(urls, scheme + std::string(user) + host + std::string(port) + rest);
    if (parts.scheme == "wss") {
        const std::vector<std::string> plain = urls;
        for (const std::string& one : plain) add_new(urls, one + "/");
    }
    return urls;
}

/// Names in byte order, of each the set of its values, in order (as Twilio's libraries do).
std::string signed_fields(const Form& form) {
    std::map<std::string, std::set<std::string>> sorted;
    for (const auto& field : form.fields) sorted[field.first].insert(field.second);
    std::string text;
    for (const auto& [name, values] : sorted)
        for (const std::string& value : values) text.append(name).append(value);
    return text;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
    std::array<unsigned char, 64> text{};
    const int length = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(size));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

std::string signature_of(const std::string& text, const std::string& token) {
    std::array<unsigned char, sha1_bytes> digest{};
    unsigned size = 0;
    if (!HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
              &size))
        throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL computes no HMAC-SHA1");
    return base64(digest.data(), size);
}

bool equal(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

/// The value of the only parameter of this name in the URL's query, not decoded.
std::string_view query_value(std::string_view url, std::string_view name) {
    std::string_view found;
    const std::size_t question = url.find('?');
    if (question == std::string_view::npos) return found;
    std::string_view query = url.substr(question + 1, url.find('#') - question - 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.substr(0, pair.find('=')) != name || pair.size() <= name.size()) continue;
        if (!found.empty()) return {};
        found = pair.substr(name.size() + 1);
    }
    return found;
}

bool is_hash_of(std::string_view hex, std::string_view body) {
    static constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, sha256_bytes> digest{};
    unsigned size = 0;
    if (EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL computes no SHA-256");
    std::string expected;
    for (const unsigned char byte : digest) expected += {digits[byte >> 4], digits[byte & 15]};
    return equal(hex, expected);
}

}  // namespace

bool is_media_type(std::string_view content_type, std::string_view type) {
    content_type = content_type.substr(0, content_type.find(';'));
    while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
        content_type.remove_suffix(1);
    return plugin::same_name(content_type, type);
}

std::string flaw_of(const SignedRequest& request) {
    if (request.signature.empty()) return "X-Twilio-Signature is missing or empty";
    if (request.signature.size() > max_signature_bytes) return "X-Twilio-Signature is too long";
    if (request.body.size() > max_signed_bytes)
        throw plugin::Failure(TANDEM_LIMITED, "the body has more than 1 MiB");
    return {};
}

std::string reason_against(const SignedRequest& request, const std::vector<std::string>& tokens) {
    std::string flaw = flaw_of(request);
    if (!flaw.empty()) return flaw;

    // Of a JSON body only the hash in the query is signed. Where there is one it counts whatever
    // the type says, or the same signature would let other bodies in.
    const bool json = is_media_type(request.content_type, "application/json");
    const std::string_view hash = query_value(request.url, "bodySHA256");
    if (json && hash.empty()) return "a JSON body without bodySHA256 in the query";
    if (!hash.empty() && !is_hash_of(hash, request.body))
        return "bodySHA256 is not the hash of the body";
    // What is neither a form nor JSON is judged like a form: if that is genuine, the reader
    // refuses its type; if not, nobody learns more than that.
    std::string fields;
    if (!json) {
        const Form form = parse_form(request.body, max_signed_fields);
        if (form.cut) return "the body has more than 4096 fields";
        fields = signed_fields(form);
    }
    const std::vector<std::string> urls = candidates(request.url);
    for (const std::string& token : tokens)
        for (const std::string& url : urls)
            if (equal(request.signature, signature_of(url + fields, token))) return {};
    return "no auth token gives this signature; compare server.public_url with the URL that "
           "Twilio calls, and auth_token with the account's primary token";
}

}  // namespace tandem::twilio
