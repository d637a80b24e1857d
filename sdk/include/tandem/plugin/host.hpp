// tandem/plugin/host.hpp: the host, as a plugin sees it.
#pragma once

#include <string>
#include <string_view>

#include "tandem/abi/host.h"
#include "tandem/plugin/clock.hpp"
#include "tandem/plugin/config.hpp"
#include "tandem/plugin/events.hpp"
#include "tandem/plugin/http.hpp"
#include "tandem/plugin/log.hpp"
#include "tandem/plugin/websocket.hpp"

namespace tandem::plugin {

/// A handle to the host and its services: cheap to copy, safe from any thread, good until the
/// instance is destroyed. `http`, `websocket` and `events` may be used between start and stop
/// only. After stop no thread of the plugin may use any of it.
class Host {
public:
    Host(const tandem_host* host, std::string_view instance_name)
        : host_(host),
          instance_name_(instance_name),
          log_(host),
          config_(host),
          clock_(host),
          http_(host),
          websocket_(host),
          events_(host) {}

    /// The name the operator gave this instance; part of its webhook paths.
    const std::string& instance_name() const noexcept { return instance_name_; }

    const Log& log() const noexcept { return log_; }
    const Config& config() const noexcept { return config_; }
    const Clock& clock() const noexcept { return clock_; }
    const Http& http() const noexcept { return http_; }
    const Websocket& websocket() const noexcept { return websocket_; }
    const Events& events() const noexcept { return events_; }

    /// The waist's own struct, for services that have no class here.
    const tandem_host* raw() const noexcept { return host_; }

private:
    const tandem_host* host_;
    std::string instance_name_;
    Log log_;
    Config config_;
    Clock clock_;
    Http http_;
    Websocket websocket_;
    Events events_;
};

}  // namespace tandem::plugin
