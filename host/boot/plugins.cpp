#include "boot/plugins.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

namespace tandem::boot {

namespace {

using settings::Finding;
using settings::PluginUse;

/// Looks whether plugins give what they are used for. Each is told of once for a capability.
class Roles {
public:
    Roles(load::Registry& registry, std::vector<Finding>& findings)
        : registry_(registry), findings_(findings) {}

    /// `kind` without its version. What cannot be loaded was told already.
    void need(const PluginUse& use, const std::string& kind, const std::string& for_what) {
        const auto described = registry_.describe(use.plugin);
        if (!described || !told_.insert(use.id + ' ' + kind).second) return;
        if (load::gives(*described, kind)) return;
        findings_.push_back({use.where, use.id + ".plugin",
                             "a plugin that gives " + kind + ", for " + for_what + "; " +
                                 use.plugin + " does not"});
    }

private:
    load::Registry& registry_;
    std::vector<Finding>& findings_;
    std::set<std::string> told_;
};

}  // namespace

std::vector<PluginUse> plugin_uses(const settings::Settings& settings) {
    std::vector<PluginUse> all{settings.storage};
    // The local bus is the host's own; another one must be there, or the settings are wrong.
    if (settings.bus.plugin != "local") all.push_back(settings.bus);
    all.insert(all.end(), settings.auth.begin(), settings.auth.end());
    all.insert(all.end(), settings.providers.begin(), settings.providers.end());
    return all;
}

std::vector<Finding> check_plugins(load::Registry& registry, const settings::Settings& settings) {
    std::vector<Finding> all;
    for (const PluginUse& use : plugin_uses(settings)) {
        auto found = registry.check(use);
        std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    Roles roles(registry, all);
    roles.need(settings.storage, "tandem.store", "storage");
    if (settings.bus.plugin != "local") roles.need(settings.bus, "tandem.bus", "bus");
    for (const PluginUse& use : settings.auth) roles.need(use, "tandem.auth", "auth");
    for (const auto& organization : settings.organizations)
        for (const PluginUse& use : settings.providers) {
            const std::string whose = " of " + organization.id.text();
            if (use.id == organization.channel)
                roles.need(use, "tandem.channel", "channel" + whose);
            if (use.id == organization.voice) roles.need(use, "tandem.voice", "voice" + whose);
            if (use.id == organization.responder)
                roles.need(use, "tandem.responder", "responder" + whose);
        }
    return all;
}

}  // namespace tandem::boot
