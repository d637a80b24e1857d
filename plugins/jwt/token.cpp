#include "token.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "members.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

// Before any decoding: far above what issuers make, far below what costs anything.
constexpr size_t max_token_bytes = 8192;
constexpr size_t max_text_bytes = 256;
constexpr double leeway_s = 60;
// Above it a double no longer holds every integer, and readers may differ.
constexpr std::int64_t max_time_s = std::int64_t{1} << 53;

[[noreturn]] void refuse(const std::string& reason) {
    throw plugin::Failure(TANDEM_UNAUTHORIZED, reason);
}

const Value* find(const Members& members, std::string_view name) {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
}

/// No control characters: the text goes into logs, journals and stores.
void check_text(const std::string& text, std::string_view name) {
    if (text.size() > max_text_bytes) refuse(std::string(name) + " is too long");
    const bool clean = std::none_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    if (!clean) refuse(std::string(name) + " has control characters");
}

std::string required_text(const Members& members, std::string_view name) {
    const Value* value = find(members, name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    if (!text || text->empty()) refuse(std::string(name) + " is no text, empty or missing");
    check_text(*text, name);
    return *text;
}

std::string optional_text(const Members& members, std::string_view name) {
    const Value* value = find(members, name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    if (!text) return {};
    check_text(*text, name);
    return *text;
}

/// Seconds since 1970; nothing where the claim is missing.
const double* find_time(const Members& members, std::string_view name, double& seconds) {
    const Value* value = find(members, name);
    if (!value) return nullptr;
    if (const auto* integer = std::get_if<std::int64_t>(value))
        seconds = static_cast<double>(*integer);
    else if (const auto* fraction = std::get_if<Fraction>(value))
        seconds = fraction->value;
    else
        refuse(std::string(name) + " is no number");
    if (!std::isfinite(seconds)) refuse(std::string(name) + " is no number");
    return &seconds;
}

std::int64_t expiry(const Members& claims) {
    const Value* value = find(claims, "exp");
    const auto* seconds = value ? std::get_if<std::int64_t>(value) : nullptr;
    if (!seconds) refuse("exp is no integer or missing");
    if (*seconds <= 0 || *seconds >= max_time_s) refuse("exp is out of range");
    return *seconds;
}

void check_audience(const Members& claims, const std::string& audience) {
    const Value* value = find(claims, "aud");
    if (!value) refuse("aud is missing");
    if (const auto* text = std::get_if<std::string>(value)) {
        if (*text == audience) return;
    } else if (const auto* list = std::get_if<Texts>(value)) {
        if (std::find(list->begin(), list->end(), audience) != list->end()) return;
    }
    refuse("aud does not contain the configured audience");
}

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> words;
    for (size_t start = 0; start < text.size();) {
        const size_t end = std::min(text.find(' ', start), text.size());
        if (end > start) words.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

/// A claim of permissions that is no list grants nothing, also where a scope would.
std::vector<std::string> permissions(const Members& claims, const std::string& claim) {
    std::vector<std::string> granted;
    if (const Value* value = find(claims, claim)) {
        if (const auto* list = std::get_if<Texts>(value)) granted = *list;
    } else if (const Value* scope = find(claims, "scope")) {
        if (const auto* text = std::get_if<std::string>(scope)) granted = words(*text);
    }
    for (const std::string& permission : granted) check_text(permission, claim);
    return granted;
}

}  // namespace

TokenReader::TokenReader(Rules rules, std::unique_ptr<Verifier> verifier)
    : rules_(std::move(rules)), verifier_(std::move(verifier)) {}

plugin::Identity TokenReader::read(std::string_view token, tandem_time now) const {
    if (token.find('.') == std::string_view::npos)
        throw plugin::Failure(TANDEM_UNSUPPORTED, "no JSON web token");
    if (token.size() > max_token_bytes) refuse("the token is over 8 KiB");
    const size_t first = token.find('.');
    const size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        refuse("the token has not three parts");
    const std::string_view header = token.substr(0, first);
    const std::string_view claims = token.substr(first + 1, second - first - 1);
    const std::string_view signature = token.substr(second + 1);
    if (header.empty() || claims.empty() || signature.empty()) refuse("a part is empty");

    check_header(decode_base64url(header, "header"));
    if (!verifier_->genuine(token.substr(0, second), decode_base64url(signature, "signature")))
        refuse("the signature is wrong");
    return read_claims(decode_base64url(claims, "claims"), now);
}

void TokenReader::check_header(std::string_view json) const {
    const Members header = read_members(json, "header");
    // Extensions nobody here understands, and keys that the token itself brings along.
    static constexpr std::array<std::string_view, 8> refused{"crit", "zip", "enc", "b64",
                                                             "jku",  "jwk", "x5u", "x5c"};
    for (const std::string_view name : refused)
        if (find(header, name)) refuse("header: " + std::string(name) + " is not accepted");

    const Value* algorithm = find(header, "alg");
    const auto* word = algorithm ? std::get_if<std::string>(algorithm) : nullptr;
    if (!word || *word != verifier_->algorithm())
        refuse("header: alg is not " + std::string(verifier_->algorithm()));
    if (const Value* type = find(header, "typ")) {
        const auto* name = std::get_if<std::string>(type);
        if (!name || (*name != "JWT" && *name != "at+jwt")) refuse("header: typ is not JWT");
    }
    // With one key there is nothing to choose; but what is no name is no honest token.
    if (find(header, "kid")) required_text(header, "kid");
}

plugin::Identity TokenReader::read_claims(std::string_view json, tandem_time now) const {
    const Members claims = read_members(json, "claims");
    const double now_s = static_cast<double>(now) / 1000;
    const std::int64_t expires_s = expiry(claims);
    double seconds = 0;
    if (find_time(claims, "nbf", seconds) && seconds > now_s + leeway_s)
        refuse("nbf: the token is not valid yet");
    double issued_s = now_s;
    if (find_time(claims, "iat", issued_s) && issued_s > now_s + leeway_s)
        refuse("iat: the token was issued in the future");
    if (rules_.max_lifetime_s > 0 &&
        static_cast<double>(expires_s) - issued_s > static_cast<double>(rules_.max_lifetime_s))
        refuse("exp: the token lives longer than max_lifetime");

    if (!rules_.issuer.empty() && required_text(claims, "iss") != rules_.issuer)
        refuse("iss is not the configured issuer");
    if (!rules_.audience.empty()) check_audience(claims, rules_.audience);

    plugin::Identity identity;
    identity.subject = required_text(claims, "sub");
    identity.organization = required_text(claims, rules_.organization_claim);
    identity.name = optional_text(claims, "name");
    identity.email = optional_text(claims, "email");
    identity.credential_id = optional_text(claims, "jti");
    identity.permissions = permissions(claims, rules_.permissions_claim);
    identity.expires_at = expires_s * 1000;
    // Zero where the token does not say it, or says it in a way that no clock can.
    if (find(claims, "iat") && issued_s > 0) identity.issued_at = std::llround(issued_s * 1000);
    return identity;
}

}  // namespace tandem::jwt
