#include "dispatch/dispatch.h"

#include <algorithm>
#include <utility>

namespace tandem::dispatch {

namespace {

/// Every change begins with the row's own.
constexpr size_t row_precondition = 0;

}  // namespace

store::ChangeSet while_unclaimed(const store::Owed& owed, Time now) {
    store::ChangeSet set;
    set.organization = owed.organization;
    set.preconditions.push_back(store::OwedUnclaimed{owed.id, now});
    return set;
}

store::ChangeSet while_claimed(const store::Owed& owed, const std::string& worker) {
    store::ChangeSet set;
    set.organization = owed.organization;
    set.preconditions.push_back(store::OwedClaimed{owed.id, worker});
    return set;
}

store::ChangeSet postponed(const store::Owed& owed, Time now, Milliseconds pause,
                           std::string_view why) {
    Time due = now + pause;
    if (owed.expires_at != Time{}) due = std::min(due, owed.expires_at);
    store::ChangeSet set = while_unclaimed(owed, now);
    set.operations.push_back(
        store::Settle{owed.id, store::Settlement::Retry, due, std::string(why)});
    return set;
}

Commit commit(const Ground& ground, std::string_view room, std::string_view what,
              store::ChangeSet set, const store::Owed& owed) {
    const auto outcome = ground.committer->commit(std::move(set));
    if (!outcome) {
        ground.log->warn(room, std::string(what) + " could not be committed",
                         {{"owed", owed.id}, {"reason", outcome.error().text}});
        return Commit::Failed;
    }
    switch (outcome->kind) {
        case store::Outcome::Kind::Committed: return Commit::Done;
        case store::Outcome::Kind::PreconditionFailed:
            return outcome->failed_precondition == row_precondition ? Commit::Lost : Commit::Again;
        case store::Outcome::Kind::Refused: break;
    }
    ground.log->error(room, "the store refused " + std::string(what),
                      {{"owed", owed.id}, {"reason", outcome->text}});
    return Commit::Failed;
}

}  // namespace tandem::dispatch
