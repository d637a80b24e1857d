#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "deliver/deliver.h"
#include "store/store.h"

namespace tandem::deliver {

/// Marks in a message's history: the provider knows nothing of the send …
inline constexpr std::string_view not_sent_mark = "LOOKED_UP_NOT_SENT";
/// … or nobody does, and the organisation wants it sent again.
inline constexpr std::string_view resent_mark = "RESENT_UNKNOWN";

/// What a message's history tells of its last send. Rows keep no state of their own for
/// this: a history cannot be out of step with what was done.
struct Course {
    std::optional<Time> begun_at;       // none: it was never sent
    std::optional<Time> unknown_since;  // of that send
    bool failed = false;                // it certainly was not done, and is to be tried again
    bool may_send = false;              // again, though its message is `unknown` …
    bool not_sent = false;              // … because the provider does not have it
    bool resent = false;                // an unknown send was followed by another already
};
Course course_of(const std::vector<store::Status>& history);

/// When the provider is asked next what became of a send: 5, 15, 30 and 60 s after it was
/// not known; nothing after the last of them.
std::optional<Time> next_look_up(Time unknown_since, Time now);
/// The first of them: a provider may need a moment until it shows what it has.
inline constexpr Milliseconds first_look_up{5000};

}  // namespace tandem::deliver
