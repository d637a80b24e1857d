#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules.h"

namespace tandem::jwt {

/// A token that has been taken apart and not yet believed. Views the token's text.
struct Token {
    std::string_view signed_text;  // header and claims, as they were signed
    std::string_view claims;       // encoded
    std::string signature;         // decoded
    std::optional<std::string> key_id;
};

/// Takes apart the compact form of RFC 7515 and holds the header against the rules. Throws
/// Failure: UNSUPPORTED for what another instance may know (a text without dots, another
/// offered algorithm, another issuer), UNAUTHORIZED with the reason for every other fault.
/// Of the claims nothing is looked at but the issuer, and that decides only who is asked.
Token read_token(std::string_view text, const Rules& rules);

}  // namespace tandem::jwt
