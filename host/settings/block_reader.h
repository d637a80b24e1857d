#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "settings/document.h"
#include "settings/keys.h"

namespace tandem::settings {

/// A key's rule without its owner, so that one function reads every type.
struct Rule {
    std::string_view expected;
    bool (*fits)(std::string&);
    uint64_t least, most;
    const std::vector<std::string_view>& choices;
};

/// Puts the node's value into the slot, or reports what was expected. Absent changes
/// nothing.
void read_value(const Node& node, const std::string& path, const Rule& rule, Slot slot,
                Report& report);

/// Tells of a key that no table has, with the nearest of the names that stand there.
void report_unknown(const Node::Entry& entry, const std::string& path,
                    const std::vector<std::string>& names, Report& report);

/// "1 to 60" in words for the operator.
std::string expected_number(uint64_t least, uint64_t most);
std::string expected_money(uint64_t most);

/// Reads a block by its table. `path` names it in findings; `below` is the part of the
/// table's paths that was walked already. Returns whether it was a block at all.
template <typename Owner>
bool read_block(const Node& node, const std::string& path, const std::vector<Key<Owner>>& keys,
                const std::string& below, Owner& owner, Report& report) {
    if (node.kind == Node::Kind::Absent || node.kind == Node::Kind::Broken) return true;
    if (node.kind != Node::Kind::Block) {
        report.error(node.place, path, "a block of keys");
        return false;
    }
    for (const Node::Entry& entry : node.entries) {
        const std::string full = path.empty() ? entry.key : path + "." + entry.key;
        const std::string wanted = below + entry.key;
        std::vector<std::string> siblings;
        bool known = false;
        for (const Key<Owner>& key : keys) {
            if (key.path.substr(0, below.size()) != below) continue;
            const std::string_view rest = key.path.substr(below.size());
            const std::string_view first = rest.substr(0, rest.find('.'));
            siblings.emplace_back(first);
            if (first != entry.key || known) continue;
            known = true;
            if (key.path == wanted)
                read_value(entry.value, full,
                           {key.expected, key.fits, key.least, key.most, key.choices},
                           key.slot(owner), report);
            else
                read_block(entry.value, full, keys, wanted + ".", owner, report);
        }
        if (!known) report_unknown(entry, full, siblings, report);
    }
    return true;
}

/// Reports the required keys that an item of a list does not have.
template <typename Owner>
void check_required(const Node& node, const std::string& path, const std::vector<Key<Owner>>& keys,
                    Report& report) {
    if (node.kind != Node::Kind::Block) return;
    for (const Key<Owner>& key : keys) {
        if (!key.required) continue;
        const Node::Entry* entry = node.find(key.path);
        if (entry == nullptr || entry->value.kind == Node::Kind::Absent)
            report.error(entry == nullptr ? node.place : entry->place,
                         path + "." + std::string(key.path), std::string(key.expected));
    }
}

}  // namespace tandem::settings
