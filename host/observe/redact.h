#pragma once

#include <string>
#include <string_view>

namespace tandem::observe {

/// The last net under the rooms' own care: masks what looks like a phone number
/// (+ and 7 to 15 digits, also with blanks or dashes between), a JWT, a bearer token, or
/// the value of a parameter named token, ticket, secret, password, signature or api_key.
/// It cannot know message texts and names: those must not be given at all.
std::string redact(std::string_view text);

}  // namespace tandem::observe
