#pragma once

#include <iosfwd>
#include <vector>

#include "run.h"

namespace tandem::check {

void list_checks(std::ostream& to);
void write_text(const Subject& subject, const std::vector<Verdict>& verdicts, std::ostream& to);
void write_json(const Subject& subject, const std::vector<Verdict>& verdicts, std::ostream& to);

/// What the plugin says of itself, for listing and packaging; never trusted by a host.
/// False: it cannot be described, and `errors` says why.
bool print_manifest(const Subject& subject, std::ostream& to, std::ostream& errors);

}  // namespace tandem::check
