#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "load/load.h"
#include "load/services.h"
#include "tandem/host/events.hpp"
#include "tandem/host/instance.hpp"

/// The rooms' ports on top of a plugin's tables. A proxy copies what it passes and what it
/// gets, repairs the text, and turns values that it does not know into "other".
namespace tandem::load {

/// One instance as its proxies share it; `plugin` is the plugin's id. Safe from any thread but for
/// create, start and end, which belong to the lifecycle thread.
class Living {
public:
    Living(std::string id, std::string plugin, bool serial,
           std::shared_ptr<InstanceServices> services)
        : id_(std::move(id)),
          plugin_(std::move(plugin)),
          serial_(serial),
          services_(std::move(services)) {}
    // Nobody else ends one that could not be made.
    ~Living() { end({}); }
    Living(const Living&) = delete;
    Living& operator=(const Living&) = delete;

    /// The right to call the plugin; holds off `end` while it exists, and other calls too
    /// if the plugin is serial.
    class Call {
    public:
        explicit Call(Living& living) : gate_(living.gate_) {
            if (living.ended_) return;
            if (living.serial_) turn_ = std::unique_lock(living.turn_);
            may_call_ = true;
        }
        /// False: the instance has ended, its tables must not be touched.
        explicit operator bool() const { return may_call_; }

    private:
        std::shared_lock<std::shared_timed_mutex> gate_;
        std::unique_lock<std::mutex> turn_;
        bool may_call_ = false;
    };

    const std::string& id() const { return id_; }
    const std::string& plugin() const { return plugin_; }
    host::Instance& instance() { return instance_; }
    InstanceServices& services() { return *services_; }
    bool started() const { return instance_.started(); }

    Error ended_error() const {
        return {Code::Unavailable, "plugin instance " + id_ + " has ended"};
    }

    /// Waits for the calls in hand, then stops and destroys. False: a call did not come
    /// back in time, and the instance is left as it is, since ending it would crash that
    /// call.
    bool end(std::chrono::milliseconds patience) {
        const std::unique_lock gate(gate_, patience);
        if (!gate) return false;
        if (ended_) return true;
        ended_ = true;
        instance_.stop();
        services_->close();
        instance_.destroy();
        services_->forget();
        return true;
    }

private:
    const std::string id_, plugin_;
    const bool serial_;
    const std::shared_ptr<InstanceServices> services_;
    host::Instance instance_;
    std::shared_timed_mutex gate_;
    std::mutex turn_;
    bool ended_ = false;  // guarded by gate_
};

using LivingPointer = std::shared_ptr<Living>;

/// A plugin's failure in the rooms' words, with the instance in front.
Error error_of(const Living& living, const host::Outcome& outcome);

receive::ProviderEvent provider_event(host::Event event);
/// Nothing for zero, and for what lies outside of the years that arithmetic bears.
Time time_of(tandem_time milliseconds);
/// As the waist has a deadline; never zero, and ten minutes at most.
uint32_t deadline_of(Milliseconds deadline);
/// Nothing for a word that this host does not know.
std::optional<domain::Delivery> delivery_of(uint32_t delivery);

// Each answers null if the instance does not offer the capability; Invalid if the table
// that it gives lacks functions. `webhook` asks the plugin for its routes.

Result<std::shared_ptr<receive::WebhookSource>> make_webhook_proxy(LivingPointer living);
Result<std::shared_ptr<deliver::Channel>> make_channel_proxy(LivingPointer living);
Result<std::shared_ptr<call::Voice>> make_voice_proxy(LivingPointer living);
Result<std::shared_ptr<reply::TurnResponder>> make_responder_proxy(LivingPointer living);
Result<std::shared_ptr<reconcile::Source>> make_reconcile_proxy(LivingPointer living);
Result<std::shared_ptr<admit::Authenticator>> make_auth_proxy(LivingPointer living);

}  // namespace tandem::load
