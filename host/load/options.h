#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/load.h"
#include "settings/settings.h"
#include "tandem/host/description.hpp"

namespace tandem::load {

/// The value of an option as its plugin's description types it.
struct TypedOption {
    uint32_t type = 0;
    std::string text;
    int64_t integer = 0;
    bool yes = false;
    std::vector<std::string> list;
    bool written = false;  // by the operator; false: the plugin's default
};
using TypedOptions = std::map<std::string, TypedOption, std::less<>>;

struct CheckedOptions {
    TypedOptions values;
    std::vector<settings::Finding> findings;  // empty: `values` may be used
};

/// Holds what the operator wrote against what the plugin declares: unknown keys with the
/// nearest known one, wrong types, missing values. An empty text counts as not written,
/// since `key:` with an unset variable looks like that. Values never appear in findings,
/// because any of them may be a secret.
CheckedOptions check_options(const Description& description, const settings::PluginUse& use);

}  // namespace tandem::load
