#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "observe/observe.h"
#include "publish/publish.h"
#include "store/store.h"

namespace tandem::publish {

/// Turns commits into told events, dense and in order for each organisation: where
/// offsets are missing (another process wrote them) they are read from the store first.
class JournalFeed : public store::CommitListener, public Feed {
public:
    /// A longer gap is not read on the committer's thread but given up (`lost`): readers
    /// come back and catch up on threads of their own.
    static constexpr unsigned longest_gap = 1000;

    JournalFeed(store::Store& store, observe::Log& log, observe::Metrics& metrics);

    /// Before the first commit. The audience must outlive the committer.
    void tell(Audience& audience);

    void committed(const store::ChangeSet& change_set, const store::Outcome& outcome) override;
    void batch_ended() override;
    bool follow(const domain::OrganizationId& organization,
                const domain::Position& position) override;

private:
    using Told = std::vector<std::shared_ptr<const Published>>;

    /// What is known of one organisation's journal.
    struct Reach {
        std::string epoch;
        int64_t first = 0;  // from here on nothing is left out
        int64_t last = 0;   // up to here
        bool told = false;  // someone was told; before that `first` may still go down
    };

    /// Brings `reach` up to just before the offset. False: it could not.
    bool close_gap(const domain::OrganizationId& organization, Reach& reach, int64_t until,
                   Told& told);
    void flush();

    store::Store& store_;
    observe::Log& log_;
    observe::Counter& gaps_;
    observe::Counter& gaps_lost_;
    std::vector<Audience*> audiences_;  // constant once commits begin
    Told gathered_;                     // of one organisation; committer's thread
    std::mutex mutex_;
    std::unordered_map<std::string, Reach> reaches_;  // guarded by mutex_
};

}  // namespace tandem::publish
