#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "load/library.h"
#include "load/load.h"
#include "load/options.h"
#include "load/probe.h"
#include "load/proxies.h"
#include "load/standing.h"
#include "load/store_proxy.h"
#include "load/trust.h"
#include "tandem/abi/draft/store.h"
#include "tandem/host/description.hpp"
#include "tandem/host/elf.hpp"

namespace tandem::load {
namespace {

struct Loaded {
    std::string file;
    const tandem_descriptor* descriptor = nullptr;
    Description description;
};

constexpr std::string_view file_begin = "tandem-", file_end = ".so";

// Calls in hand get this long before an instance is left as it is.
constexpr std::chrono::seconds patience_at_end{10};

Description description_of(const std::string& file, const host::PluginDescription& from) {
    Description made;
    made.file = file;
    made.id = from.id;
    made.name = from.name;
    made.version = from.version;
    made.vendor = from.vendor;
    made.licence = from.licence;
    made.abi_minor = from.abi_minor_built;
    made.kinds = from.kinds;
    for (const host::OptionDescription& option : from.options) {
        made.options.push_back({option.name, option.default_value, option.description, option.type,
                                option.required, option.secret, option.has_default});
    }
    return made;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
}

bool is_plugin_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
}

class PluginRegistry : public Registry {
public:
    PluginRegistry(Places places, Services services)
        : places_(std::move(places)), services_(std::make_shared<Services>(services)) {}

    ~PluginRegistry() override {
        PluginRegistry::stop();
        for (const auto& services : lent_) services->abandon();
    }

    void use_events(receive::EventIntake& events) override { services_->events = &events; }

    Result<std::string> find(const std::string& plugin) override {
        // A slash in the name would lead out of the directories.
        if (!is_plugin_name(plugin)) {
            return Error{Code::Invalid,
                         "plugin '" + plugin + "': not a plugin's name ([a-z0-9_-])"};
        }
        const std::string name = std::string(file_begin) + plugin + std::string(file_end);
        std::string looked;
        for (const std::string& directory : places_.directories) {
            const std::string file = directory + "/" + name;
            Result<std::string> trusted =
                trusted_file(file, places_.directories, places_.trusted_uid);
            if (trusted) return trusted;
            if (trusted.error().code != Code::NotFound) {
                return named(plugin, file, trusted.error());
            }
            looked += (looked.empty() ? "" : ", ") + directory;
        }
        return Error{Code::NotFound, "plugin " + plugin + ": no readable file " + name + " in " +
                                         (looked.empty() ? "no directory" : looked)};
    }

    Result<Description> describe(const std::string& plugin) override {
        Result<const Loaded*> loaded = load(plugin);
        if (!loaded) return loaded.error();
        return (*loaded)->description;
    }

    std::vector<settings::Finding> check(const settings::PluginUse& use) override {
        Result<const Loaded*> loaded = load(use.plugin);
        if (!loaded) return {{use.where, use.id + ".plugin", loaded.error().text}};
        CheckedOptions options = check_options((*loaded)->description, use);
        const auto& kinds = (*loaded)->description.kinds;
        const bool stores = std::find(kinds.begin(), kinds.end(), TANDEM_STORE) != kinds.end();
        if (!options.findings.empty() || stores) return std::move(options.findings);
        // Making one opens nothing, and a weak key is as wrong as a missing one.
        const auto living = make_living(**loaded, use, std::move(options.values));
        const host::Outcome made = make(*living, **loaded, use);
        living->end(patience_at_end);
        if (!made.ok()) return {refusal(use, made.text)};
        return {};
    }

    Result<Instance> create(const settings::PluginUse& use) override;
    Result<std::unique_ptr<Renewal>> renew(const std::vector<settings::PluginUse>& uses) override;
    Result<void> start() override;
    void stop() override;

private:
    static Error named(const std::string& plugin, const std::string& file, Error error) {
        const std::string place =
            error.text.find(file) == std::string::npos ? " (" + file + ")" : "";
        error.text = "plugin " + plugin + place + ": " + error.text;
        return error;
    }

    /// What a plugin says of its options, with the place of the option that it begins with.
    static settings::Finding refusal(const settings::PluginUse& use, const std::string& text) {
        constexpr std::string_view begin = "option ";
        settings::Finding finding{use.where, use.id + ".options", text};
        const size_t end = text.find(": ");
        if (text.compare(0, begin.size(), begin) != 0 || end == std::string::npos) return finding;
        const std::string name = text.substr(begin.size(), end - begin.size());
        finding.key += "." + name;
        finding.expected = text.substr(end + 2);
        if (const auto written = use.options.find(name); written != use.options.end()) {
            finding.where = written->second.where;
        }
        return finding;
    }

    LivingPointer make_living(const Loaded& plugin, const settings::PluginUse& use,
                              TypedOptions options);
    static host::Outcome make(Living& living, const Loaded& plugin,
                              const settings::PluginUse& use) {
        return living.instance().create(*plugin.descriptor, living.services().table(), use.id);
    }
    Result<const Loaded*> load(const std::string& plugin);
    Result<Loaded> load_file(const std::string& file);
    struct Made {
        LivingPointer living;
        Instance instance;
    };
    class Waiting;

    Result<Made> make(const settings::PluginUse& use);
    /// Fits in the place of the one of its id.
    Result<Made> make_successor(const settings::PluginUse& use);
    /// Of a way to sign in whether it has what it needs: the one before it let people in.
    Result<void> can_judge(const Instance& instance) const;
    void replace(const Made& made);
    /// Null: there is none of this id.
    LivingPointer* find_living(const std::string& id);
    Result<Instance> with_proxies(const LivingPointer& living, const Description& description);
    Result<void> start(Living& living) const;
    void end(const LivingPointer& living) const;

    const Places places_;
    const std::shared_ptr<Services> services_;
    std::vector<std::shared_ptr<InstanceServices>> lent_;  // of all instances ever made
    std::map<std::string, Loaded> loaded_;
    std::map<std::string, Error> refused_;      // each file is probed once
    std::vector<LivingPointer> living_;         // in the order of their making
    std::map<std::string, Standing> standing_;  // by instance; not of stores
};

Result<const Loaded*> PluginRegistry::load(const std::string& plugin) {
    if (const auto known = loaded_.find(plugin); known != loaded_.end()) return &known->second;
    if (const auto known = refused_.find(plugin); known != refused_.end()) return known->second;
    Result<std::string> file = find(plugin);
    if (!file) return refused_.emplace(plugin, file.error()).first->second;
    Result<Loaded> loaded = load_file(*file);
    if (!loaded) {
        return refused_.emplace(plugin, named(plugin, *file, loaded.error())).first->second;
    }
    for (const auto& [name, other] : loaded_) {
        if (other.file != loaded->file && other.description.id == loaded->description.id) {
            const Error twice{Code::Conflict, "it has the id " + other.description.id +
                                                  ", and so has " + other.file +
                                                  ": remove one of them"};
            return refused_.emplace(plugin, named(plugin, *file, twice)).first->second;
        }
    }
    return &loaded_.emplace(plugin, *std::move(loaded)).first->second;
}

Result<Loaded> PluginRegistry::load_file(const std::string& file) {
    if (const host::ElfFile elf(file); !elf.fault().empty()) {
        return Error{Code::Invalid, "not a plugin for this machine: " + elf.fault()};
    }
    if (!places_.probe_program.empty()) {
        if (Result<void> probed = run_probe(places_.probe_program, file); !probed) {
            return probed.error();
        }
    }
    Result<tandem_entry> entry = open_library(file);
    if (!entry) return entry.error();
    Loaded loaded{file, (*entry)(), {}};
    if (const auto faults = host::descriptor_faults(loaded.descriptor); !faults.empty()) {
        return Error{Code::Invalid, joined(faults)};
    }
    loaded.description = description_of(file, host::describe(*loaded.descriptor));
    return loaded;
}

LivingPointer PluginRegistry::make_living(const Loaded& plugin, const settings::PluginUse& use,
                                          TypedOptions options) {
    // Kept for ever: see InstanceServices.
    static auto& kept = *new std::vector<std::shared_ptr<InstanceServices>>;
    kept.push_back(std::make_shared<InstanceServices>(services_, use.id, plugin.description,
                                                      std::move(options)));
    lent_.push_back(kept.back());
    const bool serial = plugin.descriptor->flags & TANDEM_PLUGIN_SERIAL;
    return std::make_shared<Living>(use.id, plugin.description.id, serial, kept.back());
}

Result<Instance> PluginRegistry::create(const settings::PluginUse& use) {
    if (find_living(use.id)) {
        return Error{Code::Conflict, "there is a plugin instance " + use.id + " already"};
    }
    Result<Made> made = make(use);
    if (!made) return made.error();
    living_.push_back(made->living);
    if (made->instance.store) return std::move(made->instance);
    return standing_.emplace(use.id, Standing(std::move(made->instance))).first->second.ports();
}

Result<PluginRegistry::Made> PluginRegistry::make(const settings::PluginUse& use) {
    Result<const Loaded*> loaded = load(use.plugin);
    if (!loaded) return loaded.error();
    const Loaded& plugin = **loaded;
    CheckedOptions options = check_options(plugin.description, use);
    if (!options.findings.empty()) {
        return Error{Code::Invalid, settings::to_text(options.findings.front())};
    }
    LivingPointer living = make_living(plugin, use, std::move(options.values));
    const host::Outcome made = make(*living, plugin, use);
    if (!made.ok()) {
        Error error = error_of(*living, made);
        error.text = use.where + ": plugin " + use.plugin + " cannot be made: " + error.text;
        return error;
    }
    Result<Instance> instance = with_proxies(living, plugin.description);
    if (!instance) {
        const Error error = instance.error();
        living->end(patience_at_end);
        return named(use.plugin, plugin.file, error);
    }
    return Made{std::move(living), *std::move(instance)};
}

class PluginRegistry::Waiting : public Renewal {
public:
    explicit Waiting(PluginRegistry& registry) : registry_(registry) {}
    ~Waiting() override {
        for (const Made& one : made_) registry_.end(one.living);
    }

    Result<void> add(const settings::PluginUse& use) {
        Result<Made> made = registry_.make_successor(use);
        if (!made) return made.error();
        made_.push_back(*std::move(made));
        if (Result<void> started = registry_.start(*made_.back().living); !started) return started;
        return registry_.can_judge(made_.back().instance);
    }

    void replace() override {
        for (const Made& one : made_) registry_.replace(one);
        made_.clear();
    }

private:
    PluginRegistry& registry_;
    std::vector<Made> made_;
};

Result<std::unique_ptr<Renewal>> PluginRegistry::renew(
    const std::vector<settings::PluginUse>& uses) {
    auto waiting = std::make_unique<Waiting>(*this);
    for (const settings::PluginUse& use : uses) {
        if (const Result<void> added = waiting->add(use); !added) return added.error();
    }
    return std::unique_ptr<Renewal>(std::move(waiting));
}

LivingPointer* PluginRegistry::find_living(const std::string& id) {
    const auto place = std::find_if(living_.begin(), living_.end(),
                                    [&](const LivingPointer& one) { return one->id() == id; });
    return place == living_.end() ? nullptr : &*place;
}

Result<PluginRegistry::Made> PluginRegistry::make_successor(const settings::PluginUse& use) {
    const LivingPointer* former = find_living(use.id);
    const auto standing = standing_.find(use.id);
    if (!former || standing == standing_.end()) {
        return Error{Code::Unsupported, use.id + " cannot be changed while the gateway runs"};
    }
    Result<Made> made = make(use);
    if (!made) return made.error();
    if (made->living->plugin() != (*former)->plugin() || !standing->second.fits(made->instance)) {
        end(made->living);
        return Error{Code::Conflict,
                     use.id + " would offer something else than before; that takes a restart"};
    }
    return made;
}

Result<void> PluginRegistry::can_judge(const Instance& instance) const {
    if (!instance.authenticator) return {};
    const Time now = services_->clock ? services_->clock->now() : Time{};
    const auto answer = instance.authenticator->authenticate("", now);
    if (answer || answer.error().code != Code::Unavailable) return {};
    return Error{Code::Unavailable,
                 instance.id + " could not tell who is calling: " + answer.error().text};
}

void PluginRegistry::replace(const Made& made) {
    const LivingPointer former = std::exchange(*find_living(made.living->id()), made.living);
    standing_.at(made.living->id()).replace(made.instance, patience_at_end);
    end(former);
}

Result<Instance> PluginRegistry::with_proxies(const LivingPointer& living,
                                              const Description& description) {
    Instance instance;
    instance.id = living->id();
    instance.description = description;
    instance.store = make_store_proxy(*living->instance().raw());
    auto webhook = make_webhook_proxy(living);
    if (!webhook) return webhook.error();
    instance.webhook = *std::move(webhook);
    auto channel = make_channel_proxy(living);
    if (!channel) return channel.error();
    instance.channel = *std::move(channel);
    auto voice = make_voice_proxy(living);
    if (!voice) return voice.error();
    instance.voice = *std::move(voice);
    auto responder = make_responder_proxy(living);
    if (!responder) return responder.error();
    instance.responder = *std::move(responder);
    auto reconcile = make_reconcile_proxy(living);
    if (!reconcile) return reconcile.error();
    instance.reconcile = *std::move(reconcile);
    auto authenticator = make_auth_proxy(living);
    if (!authenticator) return authenticator.error();
    instance.authenticator = *std::move(authenticator);
    return instance;
}

Result<void> PluginRegistry::start() {
    for (const LivingPointer& living : living_) {
        if (living->started()) continue;
        if (Result<void> started = start(*living); !started) return started;
    }
    return {};
}

Result<void> PluginRegistry::start(Living& living) const {
    living.services().open();
    const host::Outcome outcome = living.instance().start();
    if (outcome.ok()) return {};
    Error error = error_of(living, outcome);
    error.text = "plugin instance does not start: " + error.text;
    return error;
}

void PluginRegistry::stop() {
    while (!living_.empty()) {
        const LivingPointer living = std::move(living_.back());
        living_.pop_back();
        end(living);
    }
}

void PluginRegistry::end(const LivingPointer& living) const {
    if (living->end(patience_at_end)) return;
    // Whoever is inside will find its instance; nobody will end it.
    static auto& stuck = *new std::vector<LivingPointer>;
    stuck.push_back(living);
    if (services_->log) {
        services_->log->error("load", "a call into a plugin does not come back; left as it is",
                              {{"instance", living->id()}});
    }
}

}  // namespace

std::unique_ptr<Registry> make_registry(Places places, Services services) {
    return std::make_unique<PluginRegistry>(std::move(places), services);
}

bool gives(const Description& plugin, std::string_view capability) {
    return std::any_of(plugin.kinds.begin(), plugin.kinds.end(), [&](std::string_view kind) {
        return kind.substr(0, kind.find('/')) == capability;
    });
}

std::set<std::string> plugin_names(const std::vector<std::string>& folders) {
    std::set<std::string> names;
    for (const std::string& folder : folders) {
        std::error_code failed;
        for (std::filesystem::directory_iterator entry(folder, failed), end;
             !failed && entry != end; entry.increment(failed)) {
            const std::string stem = entry->path().stem().string();
            if (entry->path().extension() == file_end && stem.rfind(file_begin, 0) == 0)
                names.insert(stem.substr(file_begin.size()));
        }
    }
    return names;
}

}  // namespace tandem::load
