#pragma once

#include <map>
#include <string>

#include "settings/settings.h"

namespace tandem::boot {

/// As settings::changes names the options of one of the list `auth` or `providers`.
std::string options_key(const char* list, const settings::PluginUse& use);

/// What stands in the files that the options of auth schemes and providers name, as far as the file
/// system tells (which file, its size, its last change): a key is replaced under the name that it
/// has. By options_key.
std::map<std::string, std::string> option_files(const settings::Settings& settings);

}  // namespace tandem::boot
