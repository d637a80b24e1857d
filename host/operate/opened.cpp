#include "operate/opened.h"

#include <filesystem>
#include <iostream>

#include "base/text.h"

namespace tandem::operate {

namespace {

namespace files = std::filesystem;

files::path own_folder() {
    return files::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace

std::string settings_file(const Call& call) {
    return call.option("--config", "/etc/tandem/tandem.yaml");
}

std::optional<settings::Settings> usable_settings(const Call& call) {
    settings::Loaded loaded = settings::load(settings_file(call), call.environment);
    if (loaded.usable()) return std::move(loaded.settings);
    for (const settings::Finding& finding : loaded.findings)
        call.err << settings::to_text(finding) << "\n";
    return std::nullopt;
}

std::string program_beside(const std::string& name) {
    return own_folder() / name;
}

load::Places plugin_places(const settings::Settings& settings) {
    load::Places places;
    places.directories = settings.plugins.directories;
    if (places.directories.empty())
        places.directories.push_back(own_folder().parent_path() / "lib/tandem/plugins");
    places.trusted_uid = settings.plugins.trusted_uid;
    places.probe_program = program_beside("tandemd");
    return places;
}

std::vector<settings::PluginUse> plugin_uses(const settings::Settings& settings) {
    std::vector<settings::PluginUse> uses{settings.storage};
    if (settings.bus.plugin != "local") uses.push_back(settings.bus);
    uses.insert(uses.end(), settings.auth.begin(), settings.auth.end());
    uses.insert(uses.end(), settings.providers.begin(), settings.providers.end());
    return uses;
}

std::string json(std::string_view text) {
    std::string out = "\"";
    append_json_text(out, text);
    return out + '"';
}

}  // namespace tandem::operate
