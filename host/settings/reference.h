#pragma once

#include <string>

#include "settings/document.h"
#include "settings/settings.h"

namespace tandem::settings {

constexpr size_t max_secret_bytes = 65536;  // the longest key files have a few thousand

/// Resolves ${NAME}, ${NAME:-default} and ${file:/path} in every text of the tree, in
/// place; `$${` stands for `${`. What cannot be resolved becomes Broken, with a finding.
/// Paths of secret files are relative to the settings file.
void resolve_references(Node& root, const Environment& environment, Report& report);

}  // namespace tandem::settings
