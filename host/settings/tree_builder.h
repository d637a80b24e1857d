#pragma once

#include <string>

#include "settings/document.h"

namespace tandem::settings {

/// The tree of one YAML text; the only place that knows yaml-cpp. The text is valid UTF-8
/// and within the size limit. Broken, with a finding, where it is no YAML of ours.
Node build_tree(const std::string& text, const std::string& file, unsigned order, Report& report);

}  // namespace tandem::settings
