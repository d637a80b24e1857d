#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "domain/organization.h"
#include "observe/observe.h"
#include "store/store.h"

/// What is owed in the store is handed to those who do it, when it is due.
namespace tandem::dispatch {

/// Does owed work of one kind: claims a row, does it, settles it.
class Desk {
public:
    virtual ~Desk() = default;
    virtual store::OwedKind kind() const = 0;
    /// On one of the desk's own threads; never for two rows of one conversation at once. May
    /// block until its deadlines. The row was due when it was read: what it still says
    /// decides the claim. What it leaves unsettled is tried again.
    virtual void work(const store::Owed& owed) = 0;
    /// The process ends: what is in hand should come to a close and nothing be tried again.
    /// Any thread; must not block.
    virtual void stop() {}
};

/// What those stand on who do what is owed, or owe it; everything outlives them.
struct Ground {
    store::Store* store = nullptr;
    store::Committer* committer = nullptr;
    const Clock* clock = nullptr;
    IdSource* ids = nullptr;
    const domain::Organizations* organizations = nullptr;
    observe::Log* log = nullptr;
    observe::Metrics* metrics = nullptr;
};

/// The beginning of a change that holds while nobody has the row, or while this worker has it.
store::ChangeSet while_unclaimed(const store::Owed& owed, Time now);
store::ChangeSet while_claimed(const store::Owed& owed, const std::string& worker);
/// The row comes back after the pause, and when it expires at the latest. Nothing is claimed,
/// so it is no attempt.
store::ChangeSet postponed(const store::Owed& owed, Time now, Milliseconds pause,
                           std::string_view why);

/// What became of a change.
enum class Commit {
    Done,
    Again,   // another commit of the conversation was faster: look once more
    Lost,    // somebody else has the row, or settled it
    Failed,  // nothing was written; the log says why
};

/// Commits a change that began with one of the above. `what` is its name in the log of
/// `room`: "a turn". Blocks.
Commit commit(const Ground& ground, std::string_view room, std::string_view what,
              store::ChangeSet set, const store::Owed& owed);

}  // namespace tandem::dispatch
