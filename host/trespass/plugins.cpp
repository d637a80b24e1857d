#include "trespass/plugins.h"

#include <unistd.h>

#include "base/clock.h"
#include "load/load.h"
#include "observe/logger.h"
#include "trespass/dialects.h"

namespace tandem::trespass {

Plugins look_at_plugins(const std::string& folder, const std::string& probe_program) {
    Plugins found;
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error}, clock);
    const auto registry =
        load::make_registry({{folder}, getuid(), probe_program}, {.log = &log, .clock = &clock});
    const auto names = load::plugin_names({folder});
    for (const std::string& name : names) {
        if (name == "sandbox" || dialect_of(name)) continue;
        const auto described = registry->describe(name);
        if (!described)
            found.unreached.push_back("webhooks: " + described.error().text);
        else if (load::gives(*described, "tandem.webhook"))
            found.unreached.push_back("webhooks of the plugin " + name +
                                      ": the audit does not know what its provider says, and how "
                                      "it signs that");
    }
    for (const Dialect& dialect : dialects())
        if (names.count(dialect.plugin) == 0)
            found.not_walked.push_back("webhooks of " + dialect.plugin +
                                       ": there is no such plugin in " + folder);
    return found;
}

}  // namespace tandem::trespass
