#include <iostream>

#include "observe/logger.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

Result<void> migrate_storage(load::Registry& registry, const settings::PluginUse& use) {
    const auto instance = registry.create(use);
    if (!instance) return instance.error();
    if (instance->store == nullptr)
        return Error{Code::Invalid, "the plugin " + use.plugin + " is no store"};
    if (const auto started = registry.start(); !started) return started.error();
    return instance->store->migrate();
}

}  // namespace

int migrate(const Call& call) {
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Info, .format = observe::Format::Text}, clock);
    const auto registry =
        load::make_registry(plugin_places(*settings), {.log = &log, .clock = &clock});
    const auto done = migrate_storage(*registry, settings->storage);
    registry->stop();
    if (!done) {
        call.err << "tandemctl migrate: " << done.error().text << "\n";
        return exit_of(done.error().code);
    }
    call.out << "the storage is of this version\n";
    return success;
}

}  // namespace tandem::operate
