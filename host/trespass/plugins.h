#pragma once

#include <string>
#include <vector>

namespace tandem::trespass {

/// What the plugins of a folder mean for the audit, in words for its report.
struct Plugins {
    /// Those that take webhooks which nobody here can sign, and those that may.
    std::vector<std::string> unreached;
    std::vector<std::string> not_walked;  // the audit could sign for them, and they are not there
};

/// Loads them; `probe_program` as in load::Places.
Plugins look_at_plugins(const std::string& folder, const std::string& probe_program);

}  // namespace tandem::trespass
