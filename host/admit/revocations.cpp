#include "admit/revocations.h"

#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

namespace tandem::admit {

namespace {

using Json = nlohmann::json;

constexpr char scope[] = "revocation";

std::string value_of(const Revocation& one) {
    return Json{{"credential", one.credential_id},
                {"subject", one.subject},
                {"reason", one.reason},
                {"actor", one.actor},
                {"at", one.at.time_since_epoch().count()}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Revocation read(const store::Note& note) {
    Revocation one;
    one.id = note.key;
    one.expires_at = note.expires_at;
    const Json value = Json::parse(note.value, nullptr, false);
    if (!value.is_object()) {
        // Unreadable is no reason to let anybody in again: the key says whom it is about.
        const size_t colon = note.key.find(':');
        (note.key.rfind("token:", 0) == 0 ? one.credential_id : one.subject) =
            note.key.substr(colon + 1);
        one.at = note.at;
        return one;
    }
    one.credential_id = value.value("credential", std::string());
    one.subject = value.value("subject", std::string());
    one.reason = value.value("reason", std::string());
    one.actor = value.value("actor", std::string());
    one.at = Time{Milliseconds{value.value("at", int64_t{0})}};
    return one;
}

}  // namespace

Revocations::Revocations(store::Store& store, store::Committer& committer, const Clock& clock,
                         IdSource& ids)
    : store_(store), committer_(committer), clock_(clock), ids_(ids) {}

Result<void> Revocations::load(const domain::Organizations& organizations) {
    const Time now = clock_.now();
    for (const domain::Organization& one : organizations.all()) {
        const auto notes = store_.notes(one.id, scope, "", now, most_revocations);
        if (!notes && notes.error().code == Code::Unsupported) return {};
        if (!notes) return notes.error();
        const std::unique_lock lock(mutex_);
        Entries& entries = entries_[one.id];
        for (const store::Note& note : *notes) entries[note.key] = read(note);
    }
    return {};
}

bool Revocations::revoked(const domain::Identity& identity) const {
    const std::shared_lock lock(mutex_);
    const auto own = entries_.find(identity.organization);
    if (own == entries_.end() || own->second.empty()) return false;
    const Entries& entries = own->second;
    if (!identity.credential_id.empty() &&
        entries.find("token:" + identity.credential_id) != entries.end())
        return true;
    const auto subject = entries.find("subject:" + identity.subject);
    if (subject == entries.end()) return false;
    // Tokens tell whole seconds: one of the same second is of before. One that does not tell
    // when it was issued cannot be told from the revoked.
    return !identity.issued_at || *identity.issued_at <= subject->second.at;
}

Result<void> Revocations::commit(store::ChangeSet set, std::function<void()> apply) {
    // Applied where the commit is known first, so that no answer is earlier than its effect.
    const auto promised = std::make_shared<std::promise<Result<store::Outcome>>>();
    auto outcome = promised->get_future();
    const bool queued = committer_.submit(std::move(set), [promised, apply](auto result) {
        if (result && result->kind == store::Outcome::Kind::Committed) apply();
        promised->set_value(std::move(result));
    });
    if (!queued) return Error{Code::Unavailable, "the committer is full"};
    const auto done = outcome.get();
    if (!done) return done.error();
    if (done->kind == store::Outcome::Kind::Committed) return {};
    return Error{Code::Unsupported, "the store refused a revocation: " + done->text};
}

Result<Revocation> Revocations::revoke(const domain::OrganizationId& organization,
                                       Revocation wanted) {
    wanted.at = clock_.now();
    wanted.expires_at = wanted.at + revocation_lifetime;
    wanted.id =
        wanted.subject.empty() ? "token:" + wanted.credential_id : "subject:" + wanted.subject;
    // A store that keeps no notes would take the change, and nothing would be remembered.
    const auto known = list(organization);
    if (!known) return known.error();
    if (known->size() >= most_revocations)
        return Error{Code::Limited, "too many revocations are remembered"};
    store::ChangeSet set;
    set.organization = organization;
    set.operations.push_back(
        store::Note{scope, wanted.id, value_of(wanted), wanted.at, wanted.expires_at, {}});
    set.operations.push_back(
        store::AuditLine{ids_.next(), wanted.actor, "revoke", {}, wanted.id, {}, wanted.at});
    const auto done = commit(std::move(set), [this, &organization, &wanted] {
        {
            const std::unique_lock lock(mutex_);
            entries_[organization][wanted.id] = wanted;
        }
        if (told_) told_();
    });
    if (!done) return done.error();
    return wanted;
}

Result<void> Revocations::restore(const domain::OrganizationId& organization, const std::string& id,
                                  const std::string& actor) {
    const auto known = store_.notes(organization, scope, id, clock_.now(), 1);
    if (!known) return known.error();
    // A longer id that begins so comes behind it.
    if (known->empty() || known->front().key != id)
        return Error{Code::NotFound, "nothing of this id is revoked"};
    store::ChangeSet set;
    set.organization = organization;
    set.operations.push_back(store::ForgetNote{scope, id});
    set.operations.push_back(
        store::AuditLine{ids_.next(), actor, "restore", {}, id, {}, clock_.now()});
    return commit(std::move(set), [this, &organization, &id] {
        const std::unique_lock lock(mutex_);
        entries_[organization].erase(id);
    });
}

Result<std::vector<Revocation>> Revocations::list(
    const domain::OrganizationId& organization) const {
    const auto notes = store_.notes(organization, scope, "", clock_.now(), most_revocations);
    if (!notes) return notes.error();
    std::vector<Revocation> all;
    all.reserve(notes->size());
    for (const store::Note& note : *notes) all.push_back(read(note));
    return all;
}

}  // namespace tandem::admit
