#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "observe/logger.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

void tell(const Call& call, const std::string& name, const Result<load::Description>& found) {
    if (!call.has("--json")) {
        if (found)
            call.out << name << " " << found->version << " (" << joined(found->kinds) << ") "
                     << found->file << "\n";
        else
            call.out << name << " refused: " << found.error().text << "\n";
        return;
    }
    call.out << "{\"plugin\":" << json(name);
    if (found) {
        std::string kinds;
        for (const std::string& kind : found->kinds)
            kinds += (kinds.empty() ? "" : ",") + json(kind);
        call.out << ",\"state\":\"usable\",\"id\":" << json(found->id)
                 << ",\"version\":" << json(found->version) << ",\"vendor\":" << json(found->vendor)
                 << ",\"licence\":" << json(found->licence) << ",\"abiMinor\":" << found->abi_minor
                 << ",\"kinds\":[" << kinds << "],\"file\":" << json(found->file);
    } else {
        call.out << ",\"state\":\"refused\",\"reason\":" << json(found.error().text);
    }
    call.out << "}\n";
}

}  // namespace

int list_plugins(const Call& call) {
    settings::Settings settings;
    // Without --config and without an installed file the default folder is listed.
    if (call.has("--config") || std::filesystem::exists(settings_file(call))) {
        auto loaded = usable_settings(call);
        if (!loaded) return wrong_settings;
        settings = std::move(*loaded);
    }
    const load::Places places = plugin_places(settings);
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error}, clock);
    const auto registry = load::make_registry(places, {.log = &log, .clock = &clock});
    const auto names = load::plugin_names(places.directories);
    for (const std::string& name : names) tell(call, name, registry->describe(name));
    if (names.empty()) call.err << "no plugins in " << joined(places.directories) << "\n";
    return success;
}

int check_plugin(const Call& call) {
    const std::string program = program_beside("tandem-plugin-check");
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& word : call.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    call.out.flush();
    ::execv(program.c_str(), words.data());
    call.err << "tandemctl plugins check: " << program << ": " << std::strerror(errno) << "\n";
    return unavailable;
}

}  // namespace tandem::operate
