#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/entry.h"
#include "tandem/host/view.hpp"

/// What a plugin says of itself, checked before anything of it is called.
namespace tandem::host {

struct OptionDescription {
    std::string name, default_value, description;
    uint32_t type = 0;
    bool required = false, secret = false, has_default = false;
};

struct PluginDescription {
    std::string id, name, version, vendor, licence, homepage;
    uint32_t abi_minor_built = 0, abi_minor_required = 0;
    bool serial = false;
    std::vector<std::string> kinds;
    std::vector<OptionDescription> options;
};

/// More than a plugin can sensibly have; beyond it a count is taken for garbage.
constexpr size_t max_listed = 200;

/// [a-z0-9_]+, at most 64 bytes.
inline bool is_option_name(std::string_view name) {
    if (name.empty() || name.size() > 64) return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
           std::string_view::npos;
}

/// Reverse DNS, lower case: at least two labels of letters, digits and inner dashes.
inline bool is_plugin_id(std::string_view id) {
    if (id.empty() || id.size() > 128) return false;
    size_t labels = 0;
    while (true) {
        const size_t dot = id.find('.');
        const std::string_view label = id.substr(0, dot);
        if (label.empty() || label.front() == '-' || label.back() == '-' ||
            label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") !=
                std::string_view::npos) {
            return false;
        }
        ++labels;
        if (dot == std::string_view::npos) return labels >= 2;
        id.remove_prefix(dot + 1);
    }
}

/// Dotted words, a slash and a revision: tandem.channel/1.
inline bool is_kind(std::string_view kind) {
    const size_t slash = kind.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == kind.size()) return false;
    return kind.size() <= 128 &&
           kind.substr(0, slash).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") ==
               std::string_view::npos &&
           kind.substr(slash + 1).find_first_not_of("0123456789") == std::string_view::npos;
}

inline bool is_integer(std::string_view value) {
    if (!value.empty() && value[0] == '-') value.remove_prefix(1);
    return !value.empty() && value.size() <= 18 &&
           value.find_first_not_of("0123456789") == std::string_view::npos;
}

inline bool is_yes_no(std::string_view value) {
    return value == "true" || value == "false";
}

/// Whether the plugin and this host can work together: empty, or why not and who must be
/// upgraded. Before SDK 1.0 only equal minors do. Read first: a descriptor that this
/// refuses must not be looked at any further.
inline std::string abi_fault(const tandem_descriptor* descriptor) {
    if (!descriptor) return "its entry function returned null: the plugin is broken";
    if (descriptor->size < 2 * sizeof(uint32_t)) {
        return "its descriptor names a size of " + std::to_string(descriptor->size) +
               " bytes: the plugin is broken";
    }
    const uint32_t built = descriptor->abi_minor_built;
    if (built != TANDEM_ABI_MINOR) {
        const std::string both = "it was built for ABI 1." + std::to_string(built) +
                                 " and this host speaks ABI 1." + std::to_string(TANDEM_ABI_MINOR);
        return built < TANDEM_ABI_MINOR ? both + ": upgrade the plugin"
                                        : both + ": upgrade Tandem, or take an older plugin";
    }
    if (descriptor->size < sizeof(tandem_descriptor)) {
        return "its descriptor has " + std::to_string(descriptor->size) + " bytes and ABI 1." +
               std::to_string(built) + " needs " + std::to_string(sizeof(tandem_descriptor)) +
               ": rebuild the plugin";
    }
    if (descriptor->abi_minor_required > TANDEM_ABI_MINOR) {
        return "it requires ABI 1." + std::to_string(descriptor->abi_minor_required) +
               " and this host speaks ABI 1." + std::to_string(TANDEM_ABI_MINOR) +
               ": upgrade Tandem";
    }
    return {};
}

/// What is wrong with one option; empty: nothing.
inline std::string option_fault(const tandem_option* raw) {
    if (!raw) return "an option is null";
    const tandem_option option = known_part<tandem_option>(raw);
    const std::string name = text(option.name, 100);
    if (raw->size < sizeof(tandem_option)) return "option '" + name + "' is too small";
    if (!is_option_name(bytes(option.name))) {
        return "option name '" + name + "' is not of the form [a-z0-9_]+";
    }
    if (option.type < TANDEM_OPTION_TEXT || option.type > TANDEM_OPTION_TEXT_LIST) {
        return "option '" + name + "' has the unknown type " + std::to_string(option.type);
    }
    const bool required = option.flags & TANDEM_OPTION_REQUIRED;
    if (required && option.default_value.data) {
        return "option '" + name + "' is required and has a default: only one can be true";
    }
    if ((option.flags & TANDEM_OPTION_SECRET) && option.default_value.size > 0) {
        return "option '" + name + "' is secret and has a default, which is no secret";
    }
    if (option.default_value.data) {
        const std::string_view value = bytes(option.default_value);
        if ((option.type == TANDEM_OPTION_INTEGER && !is_integer(value)) ||
            (option.type == TANDEM_OPTION_YES_NO && !is_yes_no(value))) {
            return "option '" + name + "' has the default '" + text(option.default_value, 100) +
                   "', which is not of its type";
        }
    }
    if (!option.description.data || option.description.size == 0 ||
        bytes(option.description).find('\n') != std::string_view::npos) {
        return "option '" + name + "' needs a description of one line";
    }
    return {};
}

/// All that is wrong with a descriptor; empty: it may be used.
inline std::vector<std::string> descriptor_faults(const tandem_descriptor* descriptor) {
    if (std::string fault = abi_fault(descriptor); !fault.empty()) return {fault};
    std::vector<std::string> faults;
    if (!is_plugin_id(bytes(descriptor->id))) {
        faults.push_back("its id '" + text(descriptor->id, 200) +
                         "' is not reverse DNS in lower case (com.example.channel)");
    }
    if (descriptor->name.size == 0) faults.push_back("it has no name");
    if (descriptor->version.size == 0) faults.push_back("it has no version");
    if (!descriptor->create || !descriptor->destroy) {
        faults.push_back("its descriptor lacks create or destroy");
    }
    if (descriptor->kind_count > max_listed || descriptor->option_count > max_listed) {
        faults.push_back("its descriptor counts " + std::to_string(descriptor->kind_count) +
                         " kinds and " + std::to_string(descriptor->option_count) +
                         " options: that is garbage");
        return faults;
    }
    if (descriptor->kind_count == 0) faults.push_back("it offers no kind");
    std::set<std::string_view> seen;
    for (size_t i = 0; descriptor->kinds && i < descriptor->kind_count; ++i) {
        const std::string_view kind = bytes(descriptor->kinds[i]);
        if (!is_kind(kind)) {
            faults.push_back("kind '" + text(descriptor->kinds[i], 200) +
                             "' is not of the form name/revision");
        }
        if (!seen.insert(kind).second) {
            faults.push_back("it names the kind " + std::string(kind) + " twice");
        }
    }
    seen.clear();
    for (size_t i = 0; descriptor->options && i < descriptor->option_count; ++i) {
        const tandem_option* option = descriptor->options[i];
        if (std::string fault = option_fault(option); !fault.empty()) {
            faults.push_back(std::move(fault));
        } else if (!seen.insert(bytes(option->name)).second) {
            faults.push_back("it names the option '" + text(option->name) + "' twice");
        }
    }
    return faults;
}

/// A copy of a descriptor without faults.
inline PluginDescription describe(const tandem_descriptor& from) {
    PluginDescription made;
    made.id = text(from.id);
    made.name = text(from.name, 200);
    made.version = text(from.version, 200);
    made.vendor = text(from.vendor, 200);
    made.licence = text(from.licence, 200);
    made.homepage = text(from.homepage, 400);
    made.abi_minor_built = from.abi_minor_built;
    made.abi_minor_required = from.abi_minor_required;
    made.serial = from.flags & TANDEM_PLUGIN_SERIAL;
    for (size_t i = 0; i < from.kind_count; ++i) made.kinds.push_back(text(from.kinds[i]));
    for (size_t i = 0; i < from.option_count; ++i) {
        const tandem_option& option = *from.options[i];
        OptionDescription described;
        described.name = text(option.name);
        described.default_value = text(option.default_value);
        described.description = text(option.description, 400);
        described.type = option.type;
        described.required = option.flags & TANDEM_OPTION_REQUIRED;
        described.secret = option.flags & TANDEM_OPTION_SECRET;
        described.has_default = option.default_value.data != nullptr;
        made.options.push_back(std::move(described));
    }
    return made;
}

}  // namespace tandem::host
