#include "converse/lead_state.h"

#include <algorithm>

namespace tandem::converse {

namespace {

// A scope of dedupe keys that no provider instance can have.
constexpr char lead_states[] = "lead states";

}  // namespace

void build_on(store::ChangeSet& set, const store::Snapshot& before, const std::string& address,
              Time now) {
    set.preconditions.push_back(
        store::VersionIs{address, before.conversation ? before.conversation->version : 0});
    if (before.conversation || !before.lead) return;
    const std::string state =
        before.lead->id + ' ' + std::to_string(before.lead->updated_at.time_since_epoch().count());
    set.preconditions.push_back(store::DedupeNew{lead_states, state, {}});
    set.operations.push_back(store::Dedupe{lead_states, state, {}, now});
}

Time changed_at(const store::Snapshot& before, Time now) {
    return before.lead ? std::max(now, before.lead->updated_at + Milliseconds{1}) : now;
}

}  // namespace tandem::converse
