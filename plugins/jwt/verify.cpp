#include "verify.h"

#include <string>

#include "base64url.h"
#include "claims.h"

namespace tandem::jwt {

std::string_view doubt_about(const Token& token, const Key* key) {
    if (!key) return "header: kid names none of the keys";
    if (!key->genuine(token.signed_text, token.signature)) return "the signature is wrong";
    return {};
}

plugin::Identity identity_of(const Token& token, const Rules& rules, tandem_time now) {
    return read_claims(decode_base64url(token.claims, "claims"), rules, now);
}

plugin::Identity verify(std::string_view text, const Rules& rules, const KeySet& keys,
                        tandem_time now) {
    const Token token = read_token(text, rules);
    const std::string_view doubt = doubt_about(token, keys.choose(token.key_id));
    if (!doubt.empty()) refuse(std::string(doubt));
    return identity_of(token, rules, now);
}

}  // namespace tandem::jwt
