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
#include "base/id.h"
#include "deliver/deliver.h"
#include "dispatch/dispatch.h"
#include "domain/organization.h"
#include "observe/observe.h"
#include "publish/payload.h"
#include "store/store.h"

namespace tandem::deliver {

/// What a sender stands on; everything outlives it.
struct Ground {
    store::Store* store = nullptr;
    store::Committer* committer = nullptr;
    const Clock* clock = nullptr;
    IdSource* ids = nullptr;
    const domain::Organizations* organizations = nullptr;
    observe::Log* log = nullptr;
    observe::Metrics* metrics = nullptr;
    FenceGate* gate = nullptr;
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
    /// Where a provider instance reports what became of a message; empty: nowhere.
    std::function<std::string(const std::string& instance)> status_url;
};

/// Hands owed texts to their providers. The claim and the message's `sending` are one
/// commit, so that a row whose claim lapsed with its message in `sending` tells that nobody
/// knows what became of it: such a one ends as `unknown` and is never sent again. Safe from
/// any thread.
class Sender : public dispatch::Desk {
public:
    using Channels = std::map<std::string, std::shared_ptr<Channel>>;  // by instance

    Sender(Ground ground, Channels channels, SenderOptions options);

    store::OwedKind kind() const override { return store::OwedKind::Send; }
    void work(const store::Owed& owed) override;
    void stop() override { stopping_ = true; }

private:
    /// The row, its message, and the conversation as they were at one instant.
    struct Scene;
    /// How a message ends here without its provider.
    struct End;
    enum class Commit { Done, Again, Lost, Failed };

    Result<Scene> look(const store::Owed& owed) const;
    void drop(const store::Owed& owed);
    void wait(const store::Owed& owed);
    std::optional<End> last_gate(const Scene& scene) const;
    Commit finish(const Scene& scene, const End& end, bool claimed);
    Commit claim(const Scene& scene);
    void send(const Scene& scene, FenceGate::Pass* pass);
    void record(const store::Owed& owed, const Receipt& receipt);
    Commit record_once(const store::Owed& owed, const Receipt& receipt, bool& claimed,
                       bool& with_id);
    store::ChangeSet outcome_of(const Scene& scene, const Receipt& receipt, bool claimed,
                                bool with_id);
    void retry(const Scene& scene, const Receipt& receipt, store::ChangeSet& set);
    void tell(const Scene& scene, const domain::Message& message, store::ChangeSet& set);
    publish::Scene screen(const Scene& scene) const;
    Commit commit(store::ChangeSet set, const store::Owed& owed);
    void count(std::string_view instance, std::string_view result);

    const Ground ground_;
    const Channels channels_;
    const SenderOptions options_;
    std::atomic<bool> stopping_{false};
    std::mutex random_mutex_;
    std::mt19937_64 random_;  // guarded by random_mutex_
};

}  // namespace tandem::deliver
