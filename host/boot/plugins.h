#pragma once

#include <vector>

#include "load/load.h"
#include "settings/settings.h"

namespace tandem::boot {

/// Every plugin that the settings use, in the order of their making.
std::vector<settings::PluginUse> plugin_uses(const settings::Settings& settings);

/// What is wrong with them, warnings too: options that do not fit, and plugins in a place for
/// which they have nothing. Loads them; nothing is opened.
std::vector<settings::Finding> check_plugins(load::Registry& registry,
                                             const settings::Settings& settings);

}  // namespace tandem::boot
