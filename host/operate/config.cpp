#include <iostream>

#include "base/clock.h"
#include "boot/plugins.h"
#include "observe/logger.h"
#include "operate/opened.h"

namespace tandem::operate {

int check_settings(const Call& call) {
    const settings::Loaded loaded = settings::load(settings_file(call), call.environment);
    std::vector<settings::Finding> findings = loaded.findings;
    if (loaded.usable()) {
        const SystemClock clock;
        observe::Logger log({.level = observe::Level::Error}, clock);
        const auto registry =
            load::make_registry(plugin_places(loaded.settings), {.log = &log, .clock = &clock});
        for (settings::Finding& finding : boot::check_plugins(*registry, loaded.settings))
            findings.push_back(std::move(finding));
    }
    bool failed = false;
    for (const settings::Finding& finding : findings) {
        call.err << settings::to_text(finding) << "\n";
        failed = failed || !finding.warning;
    }
    if (failed) return wrong_settings;
    call.out << settings_file(call) << ": ok\n";
    return success;
}

int show_settings(const Call& call) {
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error}, clock);
    const auto registry =
        load::make_registry(plugin_places(*settings), {.log = &log, .clock = &clock});
    std::map<std::string, std::vector<std::string>> public_options;
    for (const auto& use : boot::plugin_uses(*settings)) {
        // Of a plugin that cannot be asked every option stays hidden.
        const auto description = registry->describe(use.plugin);
        if (!description) continue;
        auto& names = public_options[use.plugin];
        for (const auto& option : description->options)
            if (!option.secret) names.push_back(option.name);
    }
    call.out << settings::show(*settings, public_options);
    return success;
}

int write_reference(const Call& call) {
    call.out << settings::manual();
    return success;
}

}  // namespace tandem::operate
