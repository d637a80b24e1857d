#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "limit/limit.h"

namespace tandem::limit {

/// How an amount stands in a note of the store; zeros at the end may be missing.
std::string to_text(const Amount& amount);
/// Nothing of a text that is none of ours.
Amount amount_of(std::string_view text);

/// A sum of amounts. What is taken out of it may never have been put in: of two who tell the
/// same end at once only one commits, and another process may have begun what ends here. So it
/// goes below nothing, which is read as nothing, and comes back when it is undone.
class Sum {
public:
    /// `after` is counted instead of `before`.
    void replace(const Amount& before, const Amount& after);
    Amount amount() const;

private:
    std::array<int64_t, 5> parts_{};
};

/// The cap that holds `more` up, as the settings call it; empty: none.
std::string_view cap_reached_by(const domain::Organization& organization, const Amount& spent,
                                const Amount& more);

}  // namespace tandem::limit
