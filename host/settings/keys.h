#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "settings/settings.h"

/// The table of all keys: the one source for reading, for environment overrides, for
/// `config show` and for the manual page. A key that is not here does not exist.
namespace tandem::settings {

/// A yes/no that operators write as one of two words.
struct TwoWords {
    bool* yes;
    std::string_view if_not, if_so;

    std::string_view word() const { return *yes ? if_so : if_not; }
};

/// Where a key's value lives in the settings; its type is the key's type.
using Slot =
    std::variant<std::string*, std::vector<std::string>*, bool*, unsigned*, size_t*,
                 std::optional<unsigned>*, std::optional<domain::Money>*, TwoWords, Options*>;

/// One key of a block. Constant.
template <typename Owner>
struct Key {
    std::string_view path;  // below the block, with dots
    Slot (*slot)(Owner& owner);
    std::string_view expected;              // what the operator should have written
    std::string_view meaning;               // one sentence, for people
    bool (*fits)(std::string&) = nullptr;   // of texts and lists
    uint64_t least = 0, most = 0;           // of numbers; of money in whole units
    std::vector<std::string_view> choices;  // of texts; empty: any
    bool required = false;
};

/// server.*, storage.*, bus.*, plugins.*, conversation.*, stream.*, limits.*, log.*
const std::vector<Key<Settings>>& section_keys();
/// An item of `auth`.
const std::vector<Key<PluginUse>>& auth_keys();
/// An item of `providers`.
const std::vector<Key<PluginUse>>& provider_keys();
/// An item of `organizations`.
const std::vector<Key<domain::Organization>>& organization_keys();

/// An item of `roles`.
const std::vector<Key<Role>>& role_keys();

/// The sections whose scalars the environment overrides.
const std::vector<std::string>& section_names();

}  // namespace tandem::settings
