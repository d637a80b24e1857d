#pragma once

#include <string_view>

#include "key_set.h"
#include "rules.h"
#include "tandem/plugin/auth.hpp"
#include "token.h"

namespace tandem::jwt {

/// Why `key` is not taken for the one that made the signature; empty: it is. It may be null, which
/// is a token of nobody.
std::string_view doubt_about(const Token& token, const Key* key);

/// Whose token it is, of one without a doubt: the signature is looked at before the claims. Throws
/// Failure(UNAUTHORIZED).
plugin::Identity identity_of(const Token& token, const Rules& rules, tandem_time now);

/// All of it, from the text to the identity, by the advice of RFC 8725; no I/O, no state.
/// Throws Failure: UNSUPPORTED as `read_token` does, UNAUTHORIZED for every fault.
plugin::Identity verify(std::string_view text, const Rules& rules, const KeySet& keys,
                        tandem_time now);

}  // namespace tandem::jwt
