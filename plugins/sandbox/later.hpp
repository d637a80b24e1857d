// Events that come a little after what caused them, from a thread of the plugin's own, as a
// provider's callbacks do.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tandem/plugin/events.hpp"
#include "tandem/plugin/host.hpp"

namespace tandem::sandbox {

/// Guards itself. Nothing is emitted after `stop` has returned.
class Later {
public:
    explicit Later(plugin::Host host);
    ~Later();

    void start();
    void stop();
    /// Keeps at most 10,000 events; false: there are as many.
    bool emit_after(std::chrono::milliseconds delay, plugin::AnyEvent event);
    /// Waits; false if `stop` came before the time was over.
    bool wait(std::chrono::milliseconds time);

private:
    using Instant = std::chrono::steady_clock::time_point;

    void run();
    bool emit(const plugin::AnyEvent& event) const;

    const plugin::Host host_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Instant, plugin::AnyEvent> waiting_;  // guarded by mutex_
    bool stopping_ = false;                             // guarded by mutex_
    std::thread thread_;
};

}  // namespace tandem::sandbox
