#pragma once

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
#include "deliver/deliver.h"
#include "deliver/outlet.h"
#include "dispatch/dispatch.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "publish/payload.h"
#include "store/store.h"

namespace tandem::deliver {

/// What a sender stands on.
struct Ground : dispatch::Ground {
    FenceGate* gate = nullptr;
    limit::Limits* limits = nullptr;  // null: nothing waits for a rate
};

struct SenderOptions {
    /// Names this process's claims; another one after each start.
    std::string worker;
    Milliseconds deadline{15000};  // of one request to a provider
    /// Four times the deadline: a claim that lapses was lost with its process.
    Milliseconds lease{60000};
    /// Between two tries to record what became of a send, while the store is away.
    Milliseconds record_pause{500};
    unsigned record_tries = 60;
    unsigned seed = 0;  // of the jitter; 0: the machine's
    /// Pace of each instance; the usual one where it is not named.
    std::map<std::string, OutletOptions> outlets;
    /// Told after a provider's id of a message became durable: a status that came before it
    /// may be waiting. Any thread.
    std::function<void(const domain::OrganizationId& organization, const std::string& instance,
                       const std::string& provider_id)>
        on_accepted;
    /// Where a provider instance reports what became of a message; empty: nowhere.
    std::function<std::string(const std::string& instance)> status_url;
};

/// Hands owed texts to their providers. The claim and the message's `sending` are one
/// commit, so that a row whose claim lapsed with its message in `sending` tells that nobody
/// knows what became of it: such a one becomes `unknown`, and its provider is asked. Safe
/// from any thread.
class Sender : public dispatch::Desk {
public:
    using Channels = std::map<std::string, std::shared_ptr<Channel>>;  // by instance

    Sender(Ground ground, Channels channels, SenderOptions options);

    store::OwedKind kind() const override { return store::OwedKind::Send; }
    void work(const store::Owed& owed) override;
    void stop() override { stopping_ = true; }

    /// The instances that nothing is sent through for now, as words for strangers; empty:
    /// all work. They are probed, and what is owed waits.
    std::string trouble() const;

private:
    /// The row, its message, and the conversation as they were at one instant.
    struct Scene;
    /// How a message ends here without its provider.
    struct End;
    /// What a provider said, and how far it is recorded.
    struct Told;
    using Commit = dispatch::Commit;

    // From a due row to the wire (sender.cpp).
    void add_outlet(const std::string& instance);
    Commit step(const Scene& scene);
    Result<Scene> look(const store::Owed& owed) const;
    void drop(const store::Owed& owed);
    Commit wait(const Scene& scene, Milliseconds pause, std::string_view reason);
    std::optional<End> last_gate(const Scene& scene) const;
    Commit finish(const Scene& scene, const End& end, bool claimed);
    Commit send_in_turn(const Scene& scene);
    Milliseconds pause_behind(const Scene& scene) const;
    Milliseconds turn_of(const Scene& scene) const;
    void give_turn_back(const Scene& scene) const;
    void owe_turn(const Scene& scene, store::ChangeSet& set) const;
    Commit claim(const Scene& scene);
    void send(const Scene& scene, FenceGate::Pass* fence, Outlet::Pass& pass);
    OutboundMessage outbound(const Scene& scene) const;
    void tell(const Scene& scene, const domain::Message& message, store::ChangeSet& set);
    publish::Scene screen(const Scene& scene) const;
    Commit commit(store::ChangeSet set, const store::Owed& owed);
    void count(std::string_view instance, std::string_view result);

    // What became of it (record.cpp).
    void judge(const store::Owed& owed, Receipt& receipt, Outlet::Pass& pass);
    void record(const store::Owed& owed, Told told);
    Commit record_once(const store::Owed& owed, Told& told);
    void recorded(const Scene& scene, const Told& told);
    store::ChangeSet outcome_of(const Scene& scene, const Told& told);
    void settle(const Scene& scene, const Told& told, const domain::Message& after,
                store::ChangeSet& set);
    void retry(const Scene& scene, const Receipt& receipt, store::ChangeSet& set);

    // What nobody knows (unknown.cpp).
    Commit own_up(const Scene& scene);
    Commit ask(const Scene& scene);
    void settle_unknown(const Scene& scene, const Told& told, store::ChangeSet& set);
    void count_unknown();

    const Ground ground_;
    const Channels channels_;
    const SenderOptions options_;
    std::map<std::string, std::shared_ptr<Outlet>> outlets_;  // constant; one for each channel
    std::atomic<bool> stopping_{false};
    std::mutex random_mutex_;
    std::mt19937_64 random_;  // guarded by random_mutex_
};

}  // namespace tandem::deliver
