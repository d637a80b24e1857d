#pragma once

#include <string>

#include "store/store.h"

/// Nobody undoes what somebody else does to a lead at the same time, nor brings back who was
/// erased.
namespace tandem::converse {

/// The change takes the person's lead as it was read: under the version of their conversation, or,
/// where there is none, as the only one that leaves this state of the lead. The next state needs
/// another `updated_at`.
void build_on(store::ChangeSet& set, const store::Snapshot& before, const std::string& address,
              Time now);
/// When a lead is changed that was read so: now, and later than ever before.
Time changed_at(const store::Snapshot& before, Time now);

}  // namespace tandem::converse
