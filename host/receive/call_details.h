#pragma once

#include <string>

#include "domain/conversation.h"

namespace tandem::receive {

/// What a call's record keeps of its line and its end, in `record_json` beside what other
/// rooms keep there: `line` {`status`, `ringingAt`, `answeredAt`, `endedAt`, `duration`,
/// `errorCode`}, `failureReason`, `analysisJson` and `ended` (`bare`, `full`).
struct CallDetails {
    /// How the end was told to screens.
    enum class Told { Nothing, Bare, Full };

    Time ringing_at{}, answered_at{}, line_ended_at{};  // epoch zero: not told
    std::string line_word;                              // the provider's last
    std::string line_error;
    unsigned line_duration_s = 0;
    std::string failure_reason;
    std::string analysis_json;
    std::string reason, initiated_by;  // of who placed it; only read here
    Told told = Told::Nothing;
};

CallDetails details_of(const domain::Call& call);
/// Leaves what others keep there as it is.
void keep(domain::Call& call, const CallDetails& details);

}  // namespace tandem::receive
