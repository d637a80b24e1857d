#include "load/options.h"

#include <algorithm>
#include <optional>

#include "base/nearest.h"

namespace tandem::load {
namespace {

using Values = std::vector<std::string>;

bool is_unwritten(const settings::OptionValue& value) {
    const auto* scalar = std::get_if<std::string>(&value.value);
    return scalar && scalar->empty();
}

// What the operator should have written; empty: `to` is filled.
std::string read(uint32_t type, const std::variant<std::string, Values>& value, TypedOption& to) {
    to.type = type;
    const auto* scalar = std::get_if<std::string>(&value);
    if (type == TANDEM_OPTION_TEXT_LIST) {
        if (!scalar) to.list = std::get<Values>(value);
        if (scalar && !scalar->empty()) to.list = {*scalar};
        return {};
    }
    if (!scalar) return "one value, not a list";
    to.text = *scalar;
    if (type == TANDEM_OPTION_INTEGER) {
        if (!host::is_integer(*scalar)) return "an integer";
        to.integer = std::stoll(*scalar);
    }
    if (type == TANDEM_OPTION_YES_NO) {
        if (!host::is_yes_no(*scalar)) return "true or false";
        to.yes = *scalar == "true";
    }
    return {};
}

std::string unknown_option(const Description& description, const std::string& name) {
    Values known;
    for (const auto& option : description.options) known.push_back(option.name);
    std::string expected = "unknown option of plugin " + description.id;
    if (const std::string near = nearest(name, known); !near.empty()) {
        return expected + "; did you mean " + near + "?";
    }
    if (known.empty()) return expected + ", which has none";
    expected += "; it has ";
    for (size_t i = 0; i < known.size(); ++i) expected += (i ? ", " : "") + known[i];
    return expected;
}

}  // namespace

CheckedOptions check_options(const Description& description, const settings::PluginUse& use) {
    CheckedOptions checked;
    const auto key = [&](const std::string& name) { return use.id + ".options." + name; };
    for (const auto& written : use.options) {
        const std::string& name = written.first;
        const auto known = std::find_if(description.options.begin(), description.options.end(),
                                        [&](const auto& option) { return option.name == name; });
        if (known == description.options.end()) {
            checked.findings.push_back(
                {written.second.where, key(name), unknown_option(description, name)});
        }
    }
    for (const auto& option : description.options) {
        const auto written = use.options.find(option.name);
        const bool given = written != use.options.end() && !is_unwritten(written->second);
        if (!given) {
            if (option.required) {
                checked.findings.push_back(
                    {written == use.options.end() ? use.where : written->second.where,
                     key(option.name), "required: " + option.description});
            }
            TypedOption typed;
            if (option.has_default && read(option.type, option.default_value, typed).empty()) {
                checked.values.emplace(option.name, std::move(typed));
            }
            continue;
        }
        TypedOption typed;
        typed.written = true;
        const std::string expected = read(option.type, written->second.value, typed);
        if (!expected.empty()) {
            checked.findings.push_back(
                {written->second.where, key(option.name), "expected " + expected});
        } else {
            checked.values.emplace(option.name, std::move(typed));
        }
    }
    return checked;
}

}  // namespace tandem::load
