#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "settings/settings.h"

/// Puts the furniture of all rooms together, and takes it apart in reverse.
namespace tandem::boot {

struct Furniture;

/// One running gateway. Confined to the lifecycle thread, but for `failed`.
class Gateway {
public:
    explicit Gateway(settings::Settings settings);
    ~Gateway();
    Gateway(const Gateway&) = delete;

    /// Loads plugins, opens the store and starts all rooms.
    Result<void> start();
    /// After `start`. Unavailable: an address cannot be listened on; Invalid: the
    /// certificate or its key is no good.
    Result<void> listen();
    /// Drains: no new connections, requests in hand are finished, streams are ended, owed
    /// work in hand is settled, plugins are stopped. Within 15 s. False: a provider's call
    /// did not come back in time, and the process must end without waiting for it; all
    /// that was promised is on disk.
    bool stop();
    /// The store broke: what it holds is not known any more, so the process must end.
    bool failed() const;
    /// After HUP: applies what can be applied live (the log level; the certificate and its key;
    /// options of auth schemes and providers, with their secrets and the files that they name) and
    /// names what cannot. With a mistake anywhere nothing is applied.
    void settings_changed(const settings::Loaded& loaded);

    /// What the plugins find wrong with their own options; nothing is started.
    static std::vector<settings::Finding> check_plugins(const settings::Settings& settings);

private:
    /// Whether all that had changed is in force now.
    bool apply(const settings::Loaded& loaded);
    /// Reads the certificate and its key again, whether or not their paths differ: who renews one
    /// writes it in the same place. False: they are not usable, which was logged.
    bool renew_certificate(const settings::Settings& wanted, std::vector<std::string>& applied);
    /// The uses whose options differ; false: one of them is wrong, which was logged.
    bool find_renewed(const settings::Settings& wanted, const std::vector<std::string>& changed,
                      std::vector<settings::PluginUse>& renewed) const;

    const settings::Settings settings_;
    settings::Settings in_force_;               // settings_ with what was applied since
    std::map<std::string, std::string> files_;  // the option_files of what is in force
    std::unique_ptr<Furniture> furniture_;
};

}  // namespace tandem::boot
