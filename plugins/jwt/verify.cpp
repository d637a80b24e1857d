#include "verify.h"

#include "base64url.h"
#include "claims.h"

namespace tandem::jwt {

plugin::Identity accept(const Token& token, const Key* key, const Rules& rules, tandem_time now) {
    if (!key) refuse("header: kid names none of the keys");
    if (!key->genuine(token.signed_text, token.signature)) refuse("the signature is wrong");
    return read_claims(decode_base64url(token.claims, "claims"), rules, now);
}

plugin::Identity verify(std::string_view text, const Rules& rules, const KeySet& keys,
                        tandem_time now) {
    const Token token = read_token(text, rules);
    return accept(token, keys.choose(token.key_id), rules, now);
}

}  // namespace tandem::jwt
