#pragma once

#include "settings/document.h"
#include "settings/settings.h"

namespace tandem::settings {

/// Lays TANDEM_<SECTION>_<KEY> of the known sections over the tree, unless they are empty.
/// Other names that begin with TANDEM_ are plain variables.
void apply_overrides(Node& root, const Environment& environment, Report& report);

}  // namespace tandem::settings
