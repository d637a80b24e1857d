#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "domain/organization.h"
#include "observe/observe.h"
#include "store/store.h"

namespace tandem::store {

/// Forgets now and then what organisations do not want to keep: notes that expired, and
/// messages and ended calls that are older than their `history_days`. Finishes erasures whose
/// files could not be rewritten when they were asked for. Works on a thread of its own.
class Upkeep {
public:
    /// A store forgets for a few seconds at a time; in a day it comes round.
    static constexpr std::chrono::hours pause{1};

    /// All references must outlive `stop`.
    Upkeep(Store& store, Committer& committer, const domain::Organizations& organizations,
           const Clock& clock, observe::Log& log);
    ~Upkeep();

    /// The first round begins at once: a gateway that is started each morning forgets as well.
    void start();
    /// Waits for the call in hand: a few seconds, or a compaction.
    void stop();
    /// One round; for the thread, and for tests.
    void forget();

private:
    void run();
    void forget_old(const domain::Organization& organization);
    void finish_erasures(const domain::OrganizationId& organization);
    bool stopping();

    Store& store_;
    Committer& committer_;
    const domain::Organizations& organizations_;
    const Clock& clock_;
    observe::Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace tandem::store
