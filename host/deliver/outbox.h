#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "store/store.h"

namespace tandem::deliver {

/// What operators see of owed work and do about it: what waits, what was given up, once
/// more, or never. Each deed leaves an audit line in the same commit. Safe from any thread.
class Outbox {
public:
    /// What else than a text ends when its row is dropped, with the room whose work it was: adds
    /// to the change, and gives what is to be done once that is committed; empty: nothing.
    using End = std::function<Result<std::function<void()>>(const store::Owed& owed,
                                                            store::ChangeSet& set)>;
    struct Ground {
        store::Store* store = nullptr;
        store::Committer* committer = nullptr;
        const Clock* clock = nullptr;
        IdSource* ids = nullptr;
        /// Of what is sent once more.
        Milliseconds validity{std::chrono::hours{4}};
        End end_call{}, end_turn{};  // empty: only the row goes
    };
    /// A row and the message that it would send, if it is there still.
    struct Entry {
        store::Owed owed;
        std::optional<domain::Message> message;
    };

    explicit Outbox(Ground ground) : ground_(ground) {}

    /// Dead rows, or living ones, oldest first, behind this id; its row may be gone.
    Result<std::vector<Entry>> list(const domain::OrganizationId& organization, bool dead,
                                    const std::string& after_id, unsigned limit) const;
    /// NotFound: no such row, or none of this organisation.
    Result<Entry> entry(const domain::OrganizationId& organization, const std::string& id) const;
    /// What became of the entry's message so far, oldest first.
    Result<std::vector<store::Status>> history(const domain::OrganizationId& organization,
                                               const Entry& entry) const;

    /// Due now. A text of unknown outcome is sent again: `actor` knows that it may arrive
    /// twice. Conflict: a worker has the row at this moment.
    Result<void> retry(const domain::OrganizationId& organization, const std::string& id,
                       const std::string& actor) const;
    /// Never: a message or a call ends as failed, or stays unknown where nobody knows; what the
    /// AI does not answer waits for a human. Conflict: a worker has the row at this moment.
    Result<void> drop(const domain::OrganizationId& organization, const std::string& id,
                      const std::string& actor) const;

private:
    struct Deed;

    template <typename Change>
    Result<void> change(const domain::OrganizationId& organization, const std::string& id,
                        Change make) const;
    Result<std::optional<domain::Message>> message_of(const domain::OrganizationId& organization,
                                                      const store::Owed& owed) const;
    void end_message(const Deed& deed, store::ChangeSet& set) const;
    Result<void> end_other(Deed& deed, store::ChangeSet& set) const;

    const Ground ground_;
};

}  // namespace tandem::deliver
