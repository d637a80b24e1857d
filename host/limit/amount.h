#pragma once

#include <string>
#include <string_view>

#include "limit/limit.h"

namespace tandem::limit {

/// How an amount stands in a note of the store; zeros at the end may be missing.
std::string to_text(const Amount& amount);
/// Nothing of a text that is none of ours.
Amount amount_of(std::string_view text);

/// `all`, with `after` counted in it instead of `before`, which it has.
void replace(Amount& all, const Amount& before, const Amount& after);

/// The cap that holds `more` up, as the settings call it; empty: none.
std::string_view cap_reached_by(const domain::Organization& organization, const Amount& spent,
                                const Amount& more);

}  // namespace tandem::limit
