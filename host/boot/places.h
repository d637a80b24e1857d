#pragma once

#include <string>

#include "load/load.h"
#include "settings/settings.h"

/// Where things are, relative to the program: an installation works wherever it is put.
namespace tandem::boot {

/// The running program's own file.
std::string program();
/// The console's files, ../share/tandem/console.
std::string console_folder();
/// Where plugins are looked for, ../lib/tandem/plugins unless the settings say otherwise.
load::Places plugin_places(const settings::Plugins& plugins);

}  // namespace tandem::boot
