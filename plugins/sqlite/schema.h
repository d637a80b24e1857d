#pragma once

#include <vector>

#include "database.h"

/// The tables, as numbered steps that only go forward.
namespace tandem::sqlite {

/// Step n brings version n to n + 1. A step that was ever released is never changed.
using Steps = std::vector<const char*>;
const Steps& steps();

/// Throws Failure INVALID if the file is another program's; an empty one is nobody's.
void refuse_foreign(const Database& database);

/// Brings the database to the version of the last step, each step in a transaction of its
/// own, so that a process that dies between two of them goes on where it was. Throws
/// Failure CONFLICT if the data is of a newer version.
void migrate(const Database& database, const Steps& steps);

int64_t schema_version(const Database& database);

}  // namespace tandem::sqlite
