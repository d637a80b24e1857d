#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "observe/observe.h"

namespace tandem::observe {

constexpr size_t max_text_bytes = 8192;  // of one text or value; a line is for people

/// What a line of the log says; borrowed for the call.
struct LineParts {
    Time time;
    Level level;
    std::string_view room;
    std::string_view text;
    std::initializer_list<Field> fields;
    unsigned long suppressed = 0;  // lines like this one that were left out before it
};

std::string_view name_of(Level level);

/// One JSON object and a line feed. Control characters are escaped, bytes that are no
/// UTF-8 replaced, long values cut; everything goes through `redact`.
std::string json_line(const LineParts& parts);
/// The same for a terminal: TIME LEVEL room: text name=value.
std::string text_line(const LineParts& parts);

}  // namespace tandem::observe
