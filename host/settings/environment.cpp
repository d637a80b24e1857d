#include "settings/environment.h"

#include <algorithm>

#include "base/nearest.h"
#include "settings/forms.h"
#include "settings/keys.h"

namespace tandem::settings {

namespace {

constexpr std::string_view prefix = "TANDEM_";

std::string upper(std::string_view path) {
    std::string text(path);
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (c == '.') c = '_';
    }
    return text;
}

std::string lower(std::string_view path) {
    std::string text(path);
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool names_a_section(std::string_view name) {
    const auto& sections = section_names();
    return std::any_of(sections.begin(), sections.end(), [name](const std::string& section) {
        const std::string begin = upper(section) + "_";
        return name.substr(0, begin.size()) == begin;
    });
}

bool is_options(const Key<Settings>& key) {
    Settings nowhere;
    return std::holds_alternative<Options*>(key.slot(nowhere));
}

/// The path that a variable's name means; empty: none.
std::string path_of(std::string_view name) {
    for (const auto& key : section_keys()) {
        const std::string known = upper(key.path);
        if (!is_options(key) && name == known) return std::string(key.path);
        // STORAGE_OPTIONS_PATH: the names of options are the plugin's own.
        if (is_options(key) && name.size() > known.size() + 1 &&
            name.substr(0, known.size() + 1) == known + "_")
            return std::string(key.path) + "." + lower(name.substr(known.size() + 1));
    }
    return "";
}

std::string suggestion(std::string_view name) {
    std::vector<std::string> names;
    for (const auto& key : section_keys())
        if (!is_options(key)) names.push_back(upper(key.path));
    const std::string near = nearest(name, names);
    return near.empty() ? "" : "; did you mean " + std::string(prefix) + near + "?";
}

void set(Node& root, std::string_view path, const Place& place, const std::string& value,
         Report& report) {
    Node* at = &root;
    for (std::string_view rest = path; !rest.empty();) {
        const size_t dot = rest.find('.');
        const std::string key(rest.substr(0, dot));
        rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
        Node::Entry* entry = at->find(key);
        if (entry == nullptr) {
            at->entries.push_back({key, place, Node{}});
            entry = &at->entries.back();
            entry->value.place = place;
        }
        at = &entry->value;
        if (rest.empty()) break;
        if (at->kind == Node::Kind::Absent) at->kind = Node::Kind::Block;
        if (at->kind != Node::Kind::Block) {
            report.error(at->place, std::string(path.substr(0, path.size() - rest.size() - 1)),
                         "a block");
            return;
        }
    }
    *at = Node{};
    at->kind = Node::Kind::Text;
    at->text = value;
    at->plain = at->literal = at->resolved = true;
    at->place = place;
}

}  // namespace

void apply_overrides(Node& root, const Environment& environment, Report& report) {
    if (root.kind != Node::Kind::Block) return;
    for (const auto& [variable, value] : environment) {
        if (variable.compare(0, prefix.size(), prefix) != 0) continue;
        const std::string_view name = std::string_view(variable).substr(prefix.size());
        if (!names_a_section(name)) continue;
        // Environment findings come last: no line of a file made them.
        const Place place{~0u, variable};
        const std::string path = path_of(name);
        if (path.empty())
            report.error(place, lower(name),
                         "a key of this section, there is none of this name" + suggestion(name));
        else if (!value.empty())
            set(root, path, place, value, report);
    }
}

}  // namespace tandem::settings
