#include "claims.h"

#include <algorithm>
#include <cmath>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

constexpr size_t max_text_bytes = 256;
constexpr double leeway_s = 60;
// Above it a double no longer holds every integer, and readers may differ.
constexpr std::int64_t max_time_s = std::int64_t{1} << 53;
constexpr std::string_view usual_permissions_claim = "permissions";

void check_text(const std::string& text, std::string_view name) {
    if (text.size() > max_text_bytes) refuse(std::string(name) + " is too long");
    const bool clean = std::none_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    if (!clean) refuse(std::string(name) + " has control characters");
}

std::string optional_text(const Members& members, std::string_view name) {
    const Value* value = find(members, name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    if (!text) return {};
    check_text(*text, name);
    return *text;
}

/// What a token is revoked by: one in a form that no revocation names could not be.
std::string revocable_id(const Members& members) {
    return find(members, "jti") ? required_text(members, "jti") : std::string();
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

/// A list of texts. Under the usual name nothing else grants anything, also where a scope
/// would; a claim that the operator chose may be words in one text, as a scope is.
std::vector<std::string> permissions(const Members& claims, const std::string& claim) {
    const bool usual = claim == usual_permissions_claim;
    std::vector<std::string> granted;
    if (const Value* value = find(claims, claim)) {
        if (const auto* list = std::get_if<Texts>(value)) granted = *list;
        if (const auto* text = std::get_if<std::string>(value); text && !usual)
            granted = words(*text);
    } else if (const Value* scope = usual ? find(claims, "scope") : nullptr) {
        if (const auto* text = std::get_if<std::string>(scope)) granted = words(*text);
    }
    for (const std::string& permission : granted) check_text(permission, claim);
    return granted;
}

/// From the beginning, or from now where the token does not say when it began.
void check_lifetime(const Rules& rules, std::int64_t expires_s, double issued_s) {
    if (rules.max_lifetime_s > 0 &&
        static_cast<double>(expires_s) - issued_s > static_cast<double>(rules.max_lifetime_s))
        refuse("exp: the token lives longer than max_lifetime");
}

void check_organization(const Rules& rules, const std::string& organization) {
    const auto& named = rules.organizations;
    if (!named.empty() && std::find(named.begin(), named.end(), organization) == named.end())
        refuse(rules.organization_claim + ": this issuer may not speak for that organisation");
}

}  // namespace

void refuse(const std::string& reason) {
    throw plugin::Failure(TANDEM_UNAUTHORIZED, reason);
}

const Value* find(const Members& members, std::string_view name) {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
}

std::string required_text(const Members& members, std::string_view name) {
    const Value* value = find(members, name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    if (!text || text->empty()) refuse(std::string(name) + " is no text, empty or missing");
    check_text(*text, name);
    return *text;
}

plugin::Identity read_claims(std::string_view json, const Rules& rules, tandem_time now) {
    const Members claims = read_members(json, "claims");
    const double now_s = static_cast<double>(now) / 1000;
    const std::int64_t expires_s = expiry(claims);
    double seconds = 0;
    if (find_time(claims, "nbf", seconds) && seconds > now_s + leeway_s)
        refuse("nbf: the token is not valid yet");
    double issued_s = now_s;
    if (find_time(claims, "iat", issued_s) && issued_s > now_s + leeway_s)
        refuse("iat: the token was issued in the future");
    check_lifetime(rules, expires_s, issued_s);
    if (!rules.issuer.empty() && required_text(claims, "iss") != rules.issuer)
        refuse("iss is not the configured issuer");
    if (!rules.audience.empty()) check_audience(claims, rules.audience);

    plugin::Identity identity;
    identity.subject = required_text(claims, rules.subject_claim);
    identity.organization = required_text(claims, rules.organization_claim);
    check_organization(rules, identity.organization);
    identity.name = optional_text(claims, "name");
    identity.email = optional_text(claims, "email");
    identity.credential_id = revocable_id(claims);
    identity.permissions = permissions(claims, rules.permissions_claim);
    identity.expires_at = expires_s * 1000;
    // Zero where the token does not say it, or says it in a way that no clock can.
    if (find(claims, "iat") && issued_s > 0) identity.issued_at = std::llround(issued_s * 1000);
    return identity;
}

}  // namespace tandem::jwt
