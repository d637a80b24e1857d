#pragma once

#include <string>

#include "converse/shown.h"

/// What taking a person's data away, or erasing it, leaves behind.
namespace tandem::converse {

/// Refuses with 404 where neither a lead nor a conversation is known.
store::Snapshot known_person(const Asked& asked, const std::string& address);

/// Commits the audit line of an export.
void note_export(const Asked& asked, const std::string& address);

}  // namespace tandem::converse
