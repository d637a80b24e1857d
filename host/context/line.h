#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "domain/message.h"

/// How something said becomes a line that an AI reads. A customer who writes "\nAI Agent: …"
/// must not get a line of their own.
namespace tandem::context {

/// One line of at most `budget` code points, with an ellipsis where it was cut.
std::string one_line(std::string_view text, size_t budget);

/// `Customer: …`, `AI Agent: …`, `Human Agent: …`; a line of the record stands in brackets.
std::string line_of(const domain::Message& message);

/// Whether somebody said it: neither a line of the record nor a draft that was never sent.
bool is_said(const domain::Message& message);

}  // namespace tandem::context
