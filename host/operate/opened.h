#pragma once

#include <optional>
#include <string>

#include "load/load.h"
#include "operate/verb.h"

namespace tandem::operate {

/// The settings of the call's --config, or nothing, with every finding told.
std::optional<settings::Settings> usable_settings(const Call& call);

/// The file of the call's --config.
std::string settings_file(const Call& call);

/// A program that is installed beside this one.
std::string program_beside(const std::string& name);

/// Where this gateway's plugins are, probed by the tandemd beside us.
load::Places plugin_places(const settings::Settings& settings);

/// The exit code for what could not be done.
int exit_of(Code code);

/// Text as a JSON string with its quotes.
std::string json(std::string_view text);

}  // namespace tandem::operate
