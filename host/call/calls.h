#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "call/call.h"
#include "call/callers.h"
#include "deliver/deliver.h"
#include "deliver/outlet.h"
#include "dispatch/dispatch.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "publish/payload.h"
#include "store/store.h"

namespace tandem::call {

/// What this room stands on.
struct Ground : dispatch::Ground {
    deliver::FenceGate* gate = nullptr;
    limit::Limits* limits = nullptr;      // null: nothing is limited
    limit::Spending* spending = nullptr;  // null: no caps
};

struct CallOptions {
    /// Names this process's claims; another one after each start.
    std::string worker;
    /// Of one request to a provider. Below what a caller waits, so that its answer is the
    /// provider's.
    Milliseconds deadline{20000};
    /// Three times the deadline: a claim that lapses was lost with its process.
    Milliseconds lease{60000};
    /// Between two tries to record what became of a call, while the store is away.
    Milliseconds record_pause{500};
    unsigned record_tries = 60;
    /// When the provider is asked what became of a call: for more than the two minutes within
    /// which one may not show it yet.
    std::array<Milliseconds, 6> asking{{Milliseconds{2000}, Milliseconds{5000}, Milliseconds{10000},
                                        Milliseconds{15000}, Milliseconds{25000},
                                        Milliseconds{75000}}};
    unsigned ring_s = 0;  // 0: the provider's own
    /// Told after the commit that a call has this line, for what was said of the line before;
    /// must not block. Empty: nobody wants to know.
    std::function<void(const domain::OrganizationId& organization, const std::string& line_id)>
        line_known;
    unsigned seed = 0;  // of the jitter; 0: the machine's
};

/// Starts owed calls. As with texts, the claim and the call's state `starting` are one commit
/// under the control epoch, and the fence stands between the claim and the provider. A call
/// of which nobody knows whether it was made is asked for, and never started again before the
/// provider said that it certainly was not. Where a provider refuses the account, one call a
/// minute asks whether somebody mended it; the others end at once or, for later, wait.
/// Safe from any thread.
class Calls : public dispatch::Desk {
public:
    using Voices = std::map<std::string, std::shared_ptr<Voice>>;  // by instance

    Calls(Ground ground, Voices voices, Callers& callers, CallOptions options);

    store::OwedKind kind() const override { return store::OwedKind::Call; }
    void work(const store::Owed& owed) override;
    void stop() override { stopping_ = true; }

    bool has_voice(const std::string& instance) const { return voices_.count(instance) != 0; }
    const Voices& voices() const { return voices_; }
    /// Which providers refuse the account, for who asks how we are; empty: none.
    std::string trouble() const;

    /// Whoever asked for it waits no longer: a call that certainly was not made is ended. The
    /// row is as it was committed. Blocks.
    Fate give_up(const store::Owed& owed);
    /// An operator drops the row: in this change the call ends as not made, or as unknown where
    /// nobody knows; one that its provider has goes on. Gives what is to be done once the
    /// change is committed.
    Result<std::function<void()>> dropped(const store::Owed& owed, store::ChangeSet& set);

private:
    /// The row, its call, and the conversation as they were at one instant.
    struct Scene;
    /// How a call ends here.
    struct End;
    using Commit = dispatch::Commit;

    Result<Scene> look(const store::Owed& owed) const;
    void drop(const store::Owed& owed);
    std::optional<End> last_gate(const Scene& scene) const;
    Commit settle(const Scene& scene);
    Commit finish(const Scene& scene, const End& end, bool claimed);
    Commit start(const Scene& scene, limit::Charge charge = {});
    Commit start_scheduled(const Scene& scene);
    void give_turn_back(const Scene& scene) const;
    Commit postpone(const Scene& scene, Milliseconds pause, std::string_view why);
    /// `charge`: what a cap counts of it, if anything.
    Commit claim(const Scene& scene, const limit::Charge& charge);
    Commit hold(const Scene& scene, Milliseconds wait);
    void to_provider(const Scene& scene, deliver::FenceGate::Pass& fence,
                     deliver::Outlet::Pass& pass);
    void judge(const Scene& scene, deliver::Receipt& receipt, deliver::Outlet::Pass& pass);
    void fenced(const store::Owed& owed);
    Commit ask(const Scene& scene);
    OutboundCall outbound(const Scene& scene) const;

    void record(const store::Owed& owed, const deliver::Receipt& receipt);
    Commit record_once(const store::Owed& owed, const deliver::Receipt& receipt, bool& claimed,
                       Fate& fate);
    void started(Scene& scene, const deliver::Receipt& receipt, store::ChangeSet& set);
    Milliseconds retry_delay(const store::Owed& owed, Milliseconds wish);
    void later(const Scene& scene, Time due, const std::string& why, store::ChangeSet& set) const;

    store::ChangeSet change_of(const Scene& scene, bool claimed) const;
    void close(Scene& scene, const End& end, store::ChangeSet& set) const;
    void end_call(Scene& scene, const End& end, store::ChangeSet& set);
    Result<limit::Charge> settle_charge(const Scene& scene) const;
    publish::Scene screen(const Scene& scene) const;
    Commit commit(store::ChangeSet set, const store::Owed& owed);
    void count(std::string_view instance, std::string_view result);

    const Ground ground_;
    const Voices voices_;
    Callers& callers_;
    const CallOptions options_;
    /// By instance. They close for an account alone: of what else fails a caller is told.
    std::map<std::string, std::shared_ptr<deliver::Outlet>> outlets_;  // constant once built
    std::atomic<bool> stopping_{false};
    std::mutex random_mutex_;
    std::mt19937_64 random_;  // guarded by random_mutex_
};

}  // namespace tandem::call
