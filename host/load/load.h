#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admit/admit.h"
#include "base/clock.h"
#include "base/result.h"
#include "call/call.h"
#include "deliver/deliver.h"
#include "observe/observe.h"
#include "receive/receive.h"
#include "reconcile/reconcile.h"
#include "reply/reply.h"
#include "settings/settings.h"
#include "store/store.h"

/// Plugins: found, checked for trust, probed in a child process, loaded, and shown to the
/// rooms through their own ports.
namespace tandem::load {

/// What a plugin says of itself.
struct Description {
    std::string file, id, name, version, vendor, licence;
    unsigned abi_minor = 0;
    std::vector<std::string> kinds;
    struct Option {
        std::string name, default_value, description;
        unsigned type = 0;
        bool required = false, secret = false, has_default = false;
    };
    std::vector<Option> options;
};
/// Whether it gives a capability, such as `tandem.webhook`, in any version.
bool gives(const Description& plugin, std::string_view capability);

/// A living instance and the capabilities it gives; null where it has none. Lives until
/// the registry stopped it.
struct Instance {
    std::string id;
    Description description;
    std::shared_ptr<store::Store> store;
    std::shared_ptr<receive::WebhookSource> webhook;
    std::shared_ptr<deliver::Channel> channel;
    std::shared_ptr<call::Voice> voice;
    std::shared_ptr<reply::TurnResponder> responder;
    std::shared_ptr<reconcile::Source> reconcile;
    std::shared_ptr<admit::Authenticator> authenticator;
};

/// What the host lends to plugins.
struct Services {
    observe::Log* log = nullptr;
    const Clock* clock = nullptr;
    receive::EventIntake* events = nullptr;  // or later, by Registry::use_events
};

struct Places {
    std::vector<std::string> directories;
    unsigned trusted_uid = 0;
    std::string probe_program;  // run as `PROGRAM --probe-plugin FILE`; empty: no probe
};

/// Started instances that wait to stand in the places of those of their ids. Gone without
/// `replace` it ends them, and the former ones stay. Goes before its registry stops.
class Renewal {
public:
    virtual ~Renewal() = default;
    /// The ports that were given lead to them from here on, and the former ones are ended
    /// once their calls are done. At most once.
    virtual void replace() = 0;
};

/// All plugins of this process. Confined to the lifecycle thread; the ports that it gives
/// are safe from any thread. Destroyed never before `stop`.
class Registry {
public:
    virtual ~Registry() = default;
    /// The file of a plugin's name, tandem-<name>.so, if it is trusted.
    virtual Result<std::string> find(const std::string& plugin) = 0;
    /// Loads (once) and describes a plugin.
    virtual Result<Description> describe(const std::string& plugin) = 0;
    /// What is wrong with these options, also in the plugin's own eyes; empty: nothing. Of a
    /// store only what it declares is looked at.
    virtual std::vector<settings::Finding> check(const settings::PluginUse& use) = 0;
    /// Makes an instance from checked options; not started yet.
    virtual Result<Instance> create(const settings::PluginUse& use) = 0;
    /// Makes and starts an instance with these options for each, all of them or none.
    /// Invalid: wrong options; Conflict: it is another plugin, or offers something else than
    /// the one of this id; Unsupported: that one is a store, or there is none; Unavailable:
    /// it has not what it needs, such as a way to sign in whose issuer is away.
    virtual Result<std::unique_ptr<Renewal>> renew(
        const std::vector<settings::PluginUse>& uses) = 0;
    /// Where events of plugins go, from the next start on; must outlive `stop`.
    virtual void use_events(receive::EventIntake& events) = 0;
    /// Starts all instances that were not started yet, in the order of their making; the
    /// first failure ends it. May be called again after more were made: the store first,
    /// then the rest.
    virtual Result<void> start() = 0;
    /// Waits for calls in hand, then stops and destroys all, in reverse order. From then on
    /// the ports answer that their instance has ended. An instance with a call that does
    /// not come back within 10 s is left as it is and named in the log.
    virtual void stop() = 0;
};

/// What `services` points to must outlive `stop`.
std::unique_ptr<Registry> make_registry(Places places, Services services);

/// The names of the plugins that lie in the folders, trusted or not.
std::set<std::string> plugin_names(const std::vector<std::string>& folders);

/// The body of `tandemd --probe-plugin FILE`, to be called before anything else in the
/// process: loads the file, makes and destroys an instance with placeholders for required
/// options, compares the process's state before and after. Says over standard output what
/// the registry waits for, and returns the exit code.
int probe_plugin(const std::string& file);

}  // namespace tandem::load
