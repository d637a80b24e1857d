#include "token.h"

#include <array>

#include "base64url.h"
#include "claims.h"
#include "members.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

// Before any decoding: far above what issuers make, far below what costs anything.
constexpr size_t max_token_bytes = 8192;

[[noreturn]] void pass_on(const std::string& reason) {
    throw plugin::Failure(TANDEM_UNSUPPORTED, reason);
}

void check_algorithm(const Members& header, const Algorithm& wanted) {
    const Value* algorithm = find(header, "alg");
    const auto* word = algorithm ? std::get_if<std::string>(algorithm) : nullptr;
    if (word && *word == wanted.name) return;
    const std::string reason = "header: alg is not " + std::string(wanted.name);
    if (word && find_algorithm(*word)) pass_on(reason);
    refuse(reason);
}

/// The type is a media type whose prefix may be left out (RFC 7515 section 4.1.9).
void check_type(const Members& header, const std::string& wanted) {
    const Value* type = find(header, "typ");
    if (!type && wanted.empty()) return;
    const auto* name = type ? std::get_if<std::string>(type) : nullptr;
    if (name && wanted.empty() && (*name == "JWT" || *name == "at+jwt")) return;
    if (name && !wanted.empty() && (*name == wanted || *name == "application/" + wanted)) return;
    refuse("header: typ is not " + (wanted.empty() ? std::string("JWT") : wanted));
}

std::optional<std::string> read_header(std::string_view json, const Rules& rules) {
    const Members header = read_members(json, "header");
    // Extensions nobody here understands, and keys that the token itself brings along.
    static constexpr std::array<std::string_view, 9> refused{"crit", "zip", "enc", "b64", "jku",
                                                             "jwk",  "x5u", "x5c", "p2c"};
    for (const std::string_view name : refused)
        if (find(header, name)) refuse("header: " + std::string(name) + " is not accepted");
    check_algorithm(header, *rules.algorithm);
    check_type(header, rules.type);
    if (!find(header, "kid")) return std::nullopt;
    return required_text(header, "kid");
}

}  // namespace

Token read_token(std::string_view text, const Rules& rules) {
    if (text.find('.') == std::string_view::npos) pass_on("no JSON web token");
    if (text.size() > max_token_bytes) refuse("the token is over 8 KiB");
    const size_t first = text.find('.');
    const size_t second = text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
        refuse("the token has not three parts");
    const std::string_view header = text.substr(0, first);
    const std::string_view signature = text.substr(second + 1);

    Token token;
    token.signed_text = text.substr(0, second);
    token.claims = text.substr(first + 1, second - first - 1);
    if (header.empty() || token.claims.empty() || signature.empty()) refuse("a part is empty");
    token.key_id = read_header(decode_base64url(header, "header"), rules);
    token.signature = decode_base64url(signature, "signature");
    if (!rules.issuer.empty()) {
        const Members claims = read_members(decode_base64url(token.claims, "claims"), "claims");
        const Value* issuer = find(claims, "iss");
        const auto* name = issuer ? std::get_if<std::string>(issuer) : nullptr;
        if (issuer && !name) refuse("iss is no text");
        if (!name || *name != rules.issuer) pass_on("iss is not the configured issuer");
    }
    return token;
}

}  // namespace tandem::jwt
