#include "operate/opened.h"

#include <filesystem>
#include <iostream>

#include "base/text.h"
#include "boot/places.h"

namespace tandem::operate {

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
    return std::filesystem::path(boot::program()).parent_path() / name;
}

load::Places plugin_places(const settings::Settings& settings) {
    load::Places places = boot::plugin_places(settings.plugins);
    places.probe_program = program_beside("tandemd");
    return places;
}

int exit_of(Code code) {
    switch (code) {
        case Code::Conflict:
        case Code::Limited:
        case Code::Timeout: return try_again;
        case Code::Unavailable: return unavailable;
        case Code::Forbidden:
        case Code::Unauthorized: return no_permission;
        case Code::Invalid:
        case Code::NotFound:
        case Code::Unsupported: return wrong_settings;
        default: return internal;
    }
}

std::string json(std::string_view text) {
    std::string out = "\"";
    append_json_text(out, text);
    return out + '"';
}

}  // namespace tandem::operate
