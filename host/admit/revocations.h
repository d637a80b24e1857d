#pragma once

#include <functional>
#include <map>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "domain/identity.h"
#include "domain/organization.h"
#include "store/store.h"

namespace tandem::admit {

/// How long a revocation is remembered. A token that lives longer must be revoked again, or its
/// key changed.
constexpr std::chrono::hours revocation_lifetime{24 * 400};
/// Of one organisation; whoever has more to revoke changes the key.
constexpr size_t most_revocations = 10000;

/// One credential, or all that a subject was given until then.
struct Revocation {
    std::string id;             // `token:…` or `subject:…`, what it is undone by
    std::string credential_id;  // a token's jti or an API key's id
    std::string subject;        // or: who
    std::string reason;
    std::string actor;
    Time at{};  // of a subject: credentials issued until then
    Time expires_at{};
};

/// The credentials that were taken back, of all organisations: in the store, and here, so that a
/// request is judged without reading. It holds from the commit on. Safe from any thread.
class Revocations {
public:
    /// All of them outlive it.
    Revocations(store::Store& store, store::Committer& committer, const Clock& clock,
                IdSource& ids);

    /// Reads what is remembered of these; before the first request. A store without notes
    /// remembers nothing.
    Result<void> load(const domain::Organizations& organizations);
    /// Who is told, on the committer's thread, that something was revoked: open streams.
    void on_revoked(std::function<void()> told) { told_ = std::move(told); }

    bool revoked(const domain::Identity& identity) const;

    /// Blocks for the commit. Either a credential's id or a subject. Limited: too many are
    /// remembered; Unsupported: this store keeps no notes.
    Result<Revocation> revoke(const domain::OrganizationId& organization, Revocation wanted);
    /// NotFound: nothing of this id is revoked.
    Result<void> restore(const domain::OrganizationId& organization, const std::string& id,
                         const std::string& actor);
    /// What was done in an organisation, newest first, below the line of this id (empty: from
    /// the newest). NotFound: there is no such line.
    Result<std::vector<store::AuditLine>> audit(const domain::OrganizationId& organization,
                                                const std::string& before, unsigned limit) {
        return store_.audit(organization, before, limit);
    }
    /// By id; of those that have not lapsed. Blocks for a read.
    Result<std::vector<Revocation>> list(const domain::OrganizationId& organization) const;

private:
    using Entries = std::map<std::string, Revocation, std::less<>>;

    Result<void> commit(store::ChangeSet set, std::function<void()> apply);

    store::Store& store_;
    store::Committer& committer_;
    const Clock& clock_;
    IdSource& ids_;
    std::function<void()> told_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, Entries> entries_;  // by organisation; guarded by mutex_
};

}  // namespace tandem::admit
