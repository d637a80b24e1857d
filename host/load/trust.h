#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tandem::load {

/// The real path of a plugin's file, if nobody unprivileged can exchange it between this
/// check and its loading: a regular file below one of `directories`, owned, as is every
/// folder above it, by root or `trusted_uid` and not writable by group or others. A
/// sticky folder of root passes, since only owners rename there. Each refusal names the
/// path that is at fault.
Result<std::string> trusted_file(const std::string& file,
                                 const std::vector<std::string>& directories, unsigned trusted_uid);

}  // namespace tandem::load
