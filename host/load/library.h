#pragma once

#include <string>

#include "base/result.h"
#include "tandem/abi/entry.h"

namespace tandem::load {

/// Loads a plugin's library, once and for ever, and gives its entry function. `file` is
/// an absolute path without symbolic links. The error carries the loader's own reason.
/// Confined to the lifecycle thread.
Result<tandem_entry> open_library(const std::string& file);

}  // namespace tandem::load
