#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "load/load.h"

/// Ports that stay while the instance behind them changes: rooms keep what they were given at
/// start, and after a reload their calls reach the new instance.
namespace tandem::load {

/// Who stands behind one port now. Safe from any thread.
template <typename Port>
class Behind {
public:
    explicit Behind(std::shared_ptr<Port> first) : port_(std::move(first)) {}

    /// To be held while it is called: whoever ends an instance waits for its holders.
    std::shared_ptr<Port> now() const {
        const std::lock_guard lock(mutex_);
        return port_;
    }
    std::shared_ptr<Port> replace(std::shared_ptr<Port> port) {
        const std::lock_guard lock(mutex_);
        return std::exchange(port_, std::move(port));
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<Port> port_;  // guarded by mutex_
};

/// The standing ports of one instance. Confined to the lifecycle thread; the ports are not.
class Standing {
public:
    /// `first` has no store: a store does not change while the gateway runs.
    explicit Standing(Instance first);

    /// What the rooms get; has the same capabilities as the first.
    const Instance& ports() const { return ports_; }
    /// Whether this one can stand in the place of the first: the same capabilities, the same
    /// webhooks, the same length of texts.
    bool fits(const Instance& other) const;
    /// From here on all calls go to `next`, which must fit. Waits until nobody is on the way
    /// to the former one any more; false when that took longer.
    bool replace(const Instance& next, std::chrono::milliseconds patience);

private:
    Instance ports_;
    std::shared_ptr<Behind<receive::WebhookSource>> webhook_;
    std::shared_ptr<Behind<deliver::Channel>> channel_;
    std::shared_ptr<Behind<call::Voice>> voice_;
    std::shared_ptr<Behind<reply::TurnResponder>> responder_;
    std::shared_ptr<Behind<reconcile::Source>> reconcile_;
    std::shared_ptr<Behind<admit::Authenticator>> authenticator_;
};

}  // namespace tandem::load
