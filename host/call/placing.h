#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admit/idempotency.h"
#include "call/callers.h"
#include "call/calls.h"
#include "call/plan.h"
#include "limit/limit.h"

namespace tandem::call {

/// A call that somebody asks for; checked, of the organisation's own.
struct Order {
    const domain::Organization* organization = nullptr;
    std::string call_id;  // ours, new
    std::string address;  // the customer's, in its normal form
    Plan plan;            // what it is for, by whom, and when
    admit::Once once;
};

/// What became of the order.
struct Placed {
    enum class Kind {
        Scheduled,     // for later
        Settled,       // `fate` is known, or as much of it as there is
        UnderControl,  // a human has the conversation: nothing was done
        OptedOut,      // the customer did: nothing was done
        Limited,       // over a rate or at a cap, as `refusal` says: nothing was done
        KeyTaken,      // somebody was faster with the same Idempotency-Key: look it up again
        Unavailable,   // the store is away: nothing was done
    };
    Kind kind = Kind::Unavailable;
    Fate fate;
    std::string lead_id;
    Time at{};
    serve::Problem refusal = {};
};

struct PlacingOptions {
    /// What an immediate call's caller waits for the provider.
    Milliseconds patience{25000};
    /// How long after it was due a call may still begin: later the customer does not expect it.
    Milliseconds validity{120000};
};

/// Takes orders: one ChangeSet of the lead and the conversation where they are new, the call,
/// its announcement and the work that is owed. Safe from any thread.
class Placing {
public:
    using Done = std::function<void(const Placed& placed)>;

    /// All of them outlive it.
    Placing(Ground ground, store::Lanes& lanes, Calls& calls, Callers& callers,
            PlacingOptions options = {})
        : ground_(ground), lanes_(lanes), calls_(calls), callers_(callers), options_(options) {}

    /// `done` is called once, on whichever thread knows.
    void place(Order order, Done done);

private:
    struct Task;
    using TaskPtr = std::shared_ptr<Task>;

    void attempt(const TaskPtr& task, const store::Lanes::Release& release);
    /// What a call at once takes of the rate and the caps; once for an order. A call for later
    /// takes it when it begins.
    std::optional<serve::Problem> count(Task& task) const;
    void build(Task& task, const store::Snapshot& snapshot) const;
    void settle(const TaskPtr& task, const Result<store::Outcome>& outcome);
    void finish(const TaskPtr& task, Placed::Kind kind, Fate fate = {});

    const Ground ground_;
    store::Lanes& lanes_;
    Calls& calls_;
    Callers& callers_;
    const PlacingOptions options_;
};

}  // namespace tandem::call
