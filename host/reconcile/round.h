#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "domain/organization.h"
#include "observe/observe.h"
#include "reconcile/reconcile.h"
#include "store/store.h"

namespace tandem::reconcile {

/// What the room stands on; everything outlives it, the recorder's callbacks included.
struct Ground {
    store::Store* store = nullptr;
    store::Committer* committer = nullptr;
    receive::EventRecorder* recorder = nullptr;
    const Clock* clock = nullptr;
    const domain::Organizations* organizations = nullptr;
    observe::Log* log = nullptr;
    observe::Metrics* metrics = nullptr;
};

struct RoundOptions {
    Milliseconds first_look{3600000};  // how far back where nothing was asked before
    /// Providers list late what happened early.
    Milliseconds overlap{600000};
    Milliseconds deadline{30000};      // of one answer about an organisation
    Milliseconds patience{30000};      // for the recording of what came
    size_t in_hand = 64;               // events being recorded: a few group commits
    Milliseconds quiet_call{900000};   // an active call without an end is asked for after it
    Milliseconds lost_call{86400000};  // and given up after this, if its provider knows nothing
    Milliseconds call_deadline{10000};
    unsigned calls = 50;  // asked for in one round, the oldest first
};

/// One question to one instance about one organisation. Confined to the instance's thread,
/// but for `lag`.
class Round {
public:
    enum class End {
        Complete,  // nothing more to be had now
        More,      // something came, and there is more
        Failed,    // the provider or the store
        Stopped,
    };

    /// Source, ground and `stopping` outlive it.
    Round(const Ground& ground, const RoundOptions& options, Source& source,
          const std::atomic<bool>& stopping);

    /// Fetches what was missed since the watermark, and moves it once all of it is durable.
    End missed(const domain::Organization& organization);
    /// Asks for the ends of calls that last suspiciously long. False: it failed.
    bool settle_calls(const domain::Organization& organization);

    /// Gives the seconds since the oldest watermark; of one that was never set nothing is
    /// known: 0. Any thread; may outlive this, not the clock.
    std::function<double()> lag() const;

private:
    class Recording;

    /// Of the note, read once; nothing: never asked.
    Result<std::optional<Time>> watermark(const domain::OrganizationId& organization);
    /// A mark of a clock that was ahead, and was put back since, would hide what happens until
    /// it is reached. It is lowered before anything is asked, so that neither a provider that
    /// fails nor a restart loses that.
    Result<std::optional<Time>> lowered(const domain::OrganizationId& organization, Time to);
    Result<void> move_watermark(const domain::OrganizationId& organization, Time to);
    void remember(const domain::OrganizationId& organization, Time mark);
    bool settle(const domain::Organization& organization, const domain::Call& call);
    bool give_up(const domain::Organization& organization, const domain::Call& call);
    bool record_one(receive::ProviderEvent event);
    void count(std::string_view result);
    void count_recovered(size_t events, const domain::Organization& organization);
    void failed(const domain::Organization& organization, const std::string& what,
                const std::string& reason);

    const Ground& ground_;
    const RoundOptions& options_;
    Source& source_;
    const std::atomic<bool>& stopping_;
    std::map<std::string, Time> watermarks_;  // by organisation
    /// By organisation: since all of its own were asked for.
    std::map<std::string, std::set<std::string>> asked_calls_;
    /// Of the watermarks; 0: none. Shared with the gauge.
    const std::shared_ptr<std::atomic<int64_t>> oldest_ms_ =
        std::make_shared<std::atomic<int64_t>>(0);
};

}  // namespace tandem::reconcile
