// tandem/plugin/plugin.hpp: a plugin is one class and one line.
//
//     class Acme : public plugin::Plugin, public plugin::Channel {
//     public:
//         explicit Acme(plugin::Host host);
//         static plugin::Description describe();
//         ...
//     };
//     TANDEM_PLUGIN(Acme)
//
// The capabilities follow from the base classes. The constructor reads and checks options; it
// uses neither network nor threads, which begin with `start`. A Failure whose text begins with
// `option NAME: ` is shown to the operator with the place of that option in the settings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tandem/abi/entry.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/host.hpp"

namespace tandem::plugin {

/// The base of every plugin. The host's lifecycle thread calls these, and nothing else runs
/// on the instance meanwhile.
class Plugin {
public:
    virtual ~Plugin() = default;

    /// Begins work: connections, threads.
    virtual void start() {}
    /// Ends all work: when it returns, no thread of the plugin calls the host any more.
    virtual void stop() {}
};

/// One option. The host checks all of them before the constructor runs: unknown keys, wrong
/// types and missing values never reach the plugin.
struct Option {
    std::string name;                          ///< [a-z0-9_]+
    std::uint32_t type = TANDEM_OPTION_TEXT;   ///< TANDEM_OPTION_TEXT, INTEGER, YES_NO, TEXT_LIST
    std::uint32_t flags = 0;                   ///< TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET
    std::optional<std::string> default_value;  ///< As text.
    std::string description;                   ///< One line.
};

/// What a plugin says of itself.
struct Description {
    std::string id;  ///< Reverse DNS, lower case, fixed for life: com.example.channel
    std::string name;
    std::string version;
    std::string vendor;
    std::string licence;  ///< SPDX
    std::string homepage;
    std::vector<Option> options;
    bool serial = false;  ///< The host must not call one instance from two threads at once.
    /// The lowest minor of a host that suffices. Before SDK 1.0 it is the one built with.
    std::uint32_t abi_minor_required = TANDEM_ABI_MINOR;
};

/// The entry of a plugin class: its constant descriptor, and how instances are made and end.
template <typename Owner>
class Entry {
    static_assert(std::is_base_of_v<Plugin, Owner>, "a plugin derives from tandem::plugin::Plugin");
    static_assert(std::is_constructible_v<Owner, Host>,
                  "a plugin has a constructor that takes a tandem::plugin::Host");

public:
    /// The same for every call; null only if describing the plugin failed.
    static const tandem_descriptor* descriptor() noexcept {
        try {
            // Never destroyed: the host may read it until the process is gone.
            static const Entry& entry = *new Entry();
            return &entry.descriptor_;
        } catch (...) {
            return nullptr;
        }
    }

    /// The table of a capability of Owner, or null. The id must match exactly.
    static const void* extension(void*, tandem_view id) noexcept {
        return find(text(id), AllCapabilities{});
    }

private:
    struct Instance : tandem_instance {
        Instance(const tandem_host* host, std::string_view name)
            : tandem_instance(sized<tandem_instance>()), services(host, name), owner(services) {
            self = &owner;
            extension = &Entry::extension;
            start = &Entry::start;
            stop = &Entry::stop;
        }

        Host services;
        Owner owner;
    };

    Entry() : description_(Owner::describe()) {
        collect_kinds(AllCapabilities{});
        for (const Option& option : description_.options) {
            auto raw = sized<tandem_option>();
            raw.type = option.type;
            raw.flags = option.flags;
            raw.name = view(option.name);
            raw.default_value =
                option.default_value ? view(*option.default_value) : tandem_view{nullptr, 0};
            raw.description = view(option.description);
            options_.push_back(raw);
        }
        for (const tandem_option& option : options_) option_pointers_.push_back(&option);

        descriptor_.abi_minor_built = TANDEM_ABI_MINOR;
        descriptor_.abi_minor_required = description_.abi_minor_required;
        descriptor_.flags = description_.serial ? TANDEM_PLUGIN_SERIAL : 0u;
        descriptor_.id = view(description_.id);
        descriptor_.name = view(description_.name);
        descriptor_.version = view(description_.version);
        descriptor_.vendor = view(description_.vendor);
        descriptor_.licence = view(description_.licence);
        descriptor_.homepage = view(description_.homepage);
        descriptor_.kinds = kinds_.data();
        descriptor_.kind_count = kinds_.size();
        descriptor_.options = option_pointers_.data();
        descriptor_.option_count = option_pointers_.size();
        descriptor_.create = &create;
        descriptor_.destroy = &destroy;
    }

    template <typename... Bases>
    void collect_kinds(CapabilityList<Bases...>) {
        (collect_kind<Bases>(), ...);
    }

    template <typename Base>
    void collect_kind() {
        if constexpr (std::is_base_of_v<Base, Owner>) kinds_.push_back(view(Capability<Base>::id));
    }

    template <typename... Bases>
    static const void* find(std::string_view id, CapabilityList<Bases...>) noexcept {
        const void* found = nullptr;
        static_cast<void>((((found = table_if<Bases>(id)) != nullptr) || ...));
        return found;
    }

    template <typename Base>
    static const void* table_if(std::string_view id) noexcept {
        if constexpr (std::is_base_of_v<Base, Owner>) {
            if (id == Capability<Base>::id) return Capability<Base>::template table<Owner>();
        }
        return nullptr;
    }

    static tandem_status create(const tandem_host* host, tandem_view instance_name,
                                const tandem_instance** instance, tandem_error* error) noexcept {
        return guard(error, [&] {
            auto made = std::make_unique<Instance>(host, text(instance_name));
            *instance = made.release();
        });
    }

    static void destroy(const tandem_instance* instance) noexcept {
        delete static_cast<const Instance*>(instance);
    }

    static tandem_status start(void* self, tandem_error* error) noexcept {
        return guard(error, [self] { static_cast<Plugin*>(static_cast<Owner*>(self))->start(); });
    }

    // A stop that throws has nobody to tell; the host goes on with its shutdown.
    static void stop(void* self) noexcept {
        guard(nullptr, [self] { static_cast<Plugin*>(static_cast<Owner*>(self))->stop(); });
    }

    Description description_;
    std::vector<tandem_view> kinds_;
    std::vector<tandem_option> options_;
    std::vector<const tandem_option*> option_pointers_;
    tandem_descriptor descriptor_ = sized<tandem_descriptor>();
};

}  // namespace tandem::plugin

/// Defines the one symbol that a plugin exports. Once per library, outside of any namespace.
#define TANDEM_PLUGIN(Class)                                                                     \
    extern "C" __attribute__((visibility("default"))) const tandem_descriptor* tandem_plugin_v1( \
        void) {                                                                                  \
        return ::tandem::plugin::Entry<Class>::descriptor();                                     \
    }
