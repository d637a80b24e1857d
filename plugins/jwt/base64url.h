#pragma once

#include <string>
#include <string_view>

namespace tandem::jwt {

/// Decodes base64url (RFC 4648 section 5) as RFC 7515 wants it: no padding, no other
/// characters, unused bits zero, so that one value has one text. Throws
/// Failure(UNAUTHORIZED); `what` names it in the text.
std::string decode_base64url(std::string_view text, std::string_view what);

}  // namespace tandem::jwt
