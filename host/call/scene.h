#pragma once

#include <string>

#include "call/calls.h"
#include "call/plan.h"

namespace tandem::call {

struct Calls::Scene {
    store::Owed owed;
    store::Snapshot snapshot;
    domain::Call call;
    Plan plan;

    const domain::Conversation& conversation() const { return *snapshot.conversation; }
    /// A webhook or an earlier receipt said so.
    bool provider_has_it() const {
        return !call.conversation_id.empty() || !call.line_id.empty() || call.ended_at != Time{};
    }
};

struct Calls::End {
    Fate::Kind fate = Fate::Kind::NotMade;
    std::string reason;  // the event's failureReason; safe for strangers
    store::Settlement settlement = store::Settlement::Done;
    domain::CallOutcome outcome = domain::CallOutcome::NeverConnected;
    std::string_view needs_human = {};  // why somebody has to look; empty: nobody
};

/// What whoever asked for a call is told where the provider refuses the account; the provider's
/// own words are for the log.
inline constexpr char account_refused[] = "The voice provider refuses the account";

/// The values of a call for the AI beside those of every conversation.
std::vector<std::pair<std::string, std::string>> variables_of(const domain::Organization& org,
                                                              const store::Snapshot& snapshot,
                                                              const Plan& plan);

}  // namespace tandem::call
