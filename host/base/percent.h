#pragma once

#include <string>
#include <string_view>

namespace tandem {

/// Everything but letters, digits and a few marks as %XX (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

}  // namespace tandem
