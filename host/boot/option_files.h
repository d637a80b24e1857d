#pragma once

#include <map>
#include <string>

#include "settings/settings.h"

namespace tandem::boot {

/// What stands in the files that the options of auth schemes and providers name, as far as the file
/// system tells (which file, its size, its last change): a key is replaced under the name that it
/// has. By the key of the options, as settings::changes names it.
std::map<std::string, std::string> option_files(const settings::Settings& settings);

}  // namespace tandem::boot
