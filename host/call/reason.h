#pragma once

#include <string>
#include <string_view>

namespace tandem::call {

/// A provider's words as strangers may see them: one line of at most 200 bytes, without
/// addresses, long numbers, and words that look like ids or secrets. Never empty.
std::string safe_reason(std::string_view code, std::string_view text);

}  // namespace tandem::call
