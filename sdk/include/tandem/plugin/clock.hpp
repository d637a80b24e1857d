// tandem/plugin/clock.hpp: the time as the host tells it, so that tests can hold it still.
#pragma once

#include <cstdint>

#include "tandem/abi/clock.h"
#include "tandem/plugin/service.hpp"

namespace tandem::plugin {

/// From any thread. Throws UNSUPPORTED where the host has no clock.
class Clock {
public:
    explicit Clock(const tandem_host* host) noexcept
        : self_(host->self), table_(find_service<tandem_host_clock>(host, TANDEM_HOST_CLOCK)) {}

    /// The wall clock in milliseconds since 1970, UTC; may jump.
    tandem_time now() const {
        return service_function(table_, &tandem_host_clock::now, TANDEM_HOST_CLOCK)(self_);
    }

    /// Milliseconds of a clock that never goes back; for waits.
    std::int64_t monotonic_ms() const {
        return service_function(table_, &tandem_host_clock::monotonic_ms, TANDEM_HOST_CLOCK)(self_);
    }

private:
    void* self_;
    const tandem_host_clock* table_;
};

}  // namespace tandem::plugin
