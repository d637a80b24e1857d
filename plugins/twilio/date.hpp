// Instants as Twilio writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tandem/abi/base.h"

namespace tandem::twilio {

/// "Sun, 23 Nov 2026 01:02:03 +0000" (RFC 2822 section 3.3), also with GMT (RFC 9110 section
/// 5.6.7) and without the name of the day; nothing for anything else.
std::optional<tandem_time> read_date(std::string_view text);

/// "2026-11-23T01:02:03Z", for lists; what is finer than a second is cut off.
std::string iso_date(tandem_time instant);

}  // namespace tandem::twilio
