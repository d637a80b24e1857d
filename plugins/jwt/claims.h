#pragma once

#include <string>
#include <string_view>

#include "members.h"
#include "rules.h"
#include "tandem/plugin/auth.hpp"

namespace tandem::jwt {

/// Throws Failure(UNAUTHORIZED). The reason is for the log and holds nothing of the token.
[[noreturn]] void refuse(const std::string& reason);

/// Null: there is no such member.
const Value* find(const Members& members, std::string_view name);

/// A text of 1 to 256 bytes without control characters, which go into logs, journals and
/// stores. Throws Failure(UNAUTHORIZED).
std::string required_text(const Members& members, std::string_view name);

/// Whose token it is, also when it has expired, by the claims (RFC 7519 section 4) of a token
/// that is genuine. Throws Failure(UNAUTHORIZED) where they do not keep the rules.
plugin::Identity read_claims(std::string_view json, const Rules& rules, tandem_time now);

}  // namespace tandem::jwt
