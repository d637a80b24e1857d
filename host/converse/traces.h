#pragma once

#include <string>

#include "converse/shown.h"

/// What taking a person's data away, or erasing it, leaves behind.
namespace tandem::converse {

/// Refuses with 404 where neither a lead nor a conversation is known.
store::Snapshot known_person(const Asked& asked, const std::string& address);

/// The change takes the person's lead as it was read: under the version of their conversation, or,
/// where there is none, as the only one that leaves this state of the lead. The next state needs
/// another `updated_at`.
void build_on(store::ChangeSet& set, const store::Snapshot& before, const std::string& address,
              Time now);
/// When a lead is changed that was read so: now, and later than ever before.
Time changed_at(const store::Snapshot& before, Time now);

/// Commits the audit line of an export.
void note_export(const Asked& asked, const std::string& address);

}  // namespace tandem::converse
