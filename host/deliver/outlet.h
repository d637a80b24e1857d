#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "deliver/breaker.h"
#include "deliver/pace.h"

namespace tandem::deliver {

struct OutletOptions {
    unsigned sends_per_second = 100;
    unsigned burst = 100;  // at once, after a rest
};

/// What a send said of the instance, not of the text.
enum class Health { Works, Fails, AccountRefused };

/// The way out through one provider instance: its pace and its breaker. Whoever has to wait
/// is told for how long and comes again; nobody waits here. Safe from any thread.
class Outlet {
public:
    explicit Outlet(OutletOptions options);

    /// One send on its way. Let go of without a word, it did not take place. Confined to one
    /// thread; must not outlive the outlet.
    class Pass {
    public:
        Pass(Outlet& outlet, bool probe) : outlet_(outlet), probe_(probe) {}
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

        /// How it went; true where that opened or closed the outlet.
        bool tell(Health health, Breaker::Instant now);

    private:
        Outlet& outlet_;
        const bool probe_;
        bool told_ = false;
    };

    struct Entry {
        std::unique_ptr<Pass> pass;  // null: `wait`, and ask again
        Milliseconds wait{0};
        bool closed = false;  // it waits for the provider to work, not for its turn
    };
    /// `owed_id` keeps its place while it waits.
    Entry enter(const std::string& owed_id, Breaker::Instant now);

    /// Nothing is sent but probes.
    bool closed() const;
    /// … because the provider refuses the account.
    bool held() const;

private:
    // Those who wait for a closed outlet come back one after the other: 10,000 at once
    // would keep the store busy for nothing.
    static constexpr Milliseconds between_returns{10};

    mutable std::mutex mutex_;
    Pace pace_;                       // guarded by mutex_
    Breaker breaker_;                 // guarded by mutex_
    Breaker::Instant last_return_{};  // guarded by mutex_
};

}  // namespace tandem::deliver
