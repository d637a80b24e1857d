#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "serve/serve.h"

/// JSON from strangers. Two readers must not read the same text differently, and no
/// reader may be made to use its stack up: what is doubtful is refused.
namespace tandem::serve {

/// Arrays and objects within each other; deeper is an attack, not data.
inline constexpr unsigned max_json_depth = 64;

/// Reads one JSON object (RFC 8259) into `into`. Refused as VALIDATION_FAILED: anything
/// that is no object, text behind it, a byte order mark, members named twice, more than
/// `max_json_depth` levels, bytes that are no UTF-8, lone surrogates, NUL in a string, and
/// numbers that neither 64 bits nor a double can hold.
std::optional<Problem> read_json(std::string_view text, nlohmann::json& into);

}  // namespace tandem::serve
