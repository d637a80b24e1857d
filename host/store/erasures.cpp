#include <utility>

#include "store/store.h"

namespace tandem::store {

namespace {

constexpr char scope[] = "unfinished-erasure";
// More are finished next time.
constexpr unsigned most_at_once = 1000;

}  // namespace

Note unfinished_erasure(const std::string& name, const std::string& deed, Time now) {
    return {scope, name, deed, now, {}, {}};
}

Result<bool> finish_erasures(Store& store, Committer& committer,
                             const domain::OrganizationId& organization, const std::string& name,
                             Time now) {
    const auto unfinished = store.notes(organization, scope, name, now, most_at_once);
    if (!unfinished) return unfinished.error();
    if (unfinished->empty()) return false;
    if (const auto done = store.compact(); !done) return done.error();
    for (const Note& note : *unfinished) {
        ChangeSet set;
        set.organization = organization;
        // Another erasure of the same person, after the compaction, is not finished by it.
        set.preconditions.emplace_back(NoteIs{scope, note.key, note.value, now});
        set.operations.emplace_back(ForgetNote{scope, note.key});
        // A note that stays costs one more compaction, and no more.
        static_cast<void>(committer.commit(std::move(set)));
    }
    return true;
}

}  // namespace tandem::store
