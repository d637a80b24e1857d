#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace tandem::serve {

/// A place in a list: behind the row with this time and key.
struct Cursor {
    Time at{};
    std::string key;
};

/// Opaque text, good for the same list of the same organisation only.
std::string to_text(const Cursor& cursor, std::string_view organization, std::string_view list);
/// Refuses a text that is none of ours, or another list's.
Cursor parse_cursor(std::string_view text, std::string_view organization, std::string_view list);

}  // namespace tandem::serve
