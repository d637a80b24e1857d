#pragma once

#include <string_view>

#include "key_set.h"
#include "rules.h"
#include "tandem/plugin/auth.hpp"
#include "token.h"

namespace tandem::jwt {

/// Whose token it is, if `key` made its signature; `key` may be null, which is a token of
/// nobody. Throws Failure(UNAUTHORIZED). The signature is looked at before the claims.
plugin::Identity accept(const Token& token, const Key* key, const Rules& rules, tandem_time now);

/// All of it, from the text to the identity, by the advice of RFC 8725; no I/O, no state.
/// Throws Failure: UNSUPPORTED as `read_token` does, UNAUTHORIZED for every fault.
plugin::Identity verify(std::string_view text, const Rules& rules, const KeySet& keys,
                        tandem_time now);

}  // namespace tandem::jwt
