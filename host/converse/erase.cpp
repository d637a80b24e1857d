#include <utility>

#include "admit/erased.h"
#include "converse/lead_state.h"
#include "converse/traces.h"

namespace tandem::converse {

namespace {

// A lost race means that the person said something meanwhile.
constexpr unsigned max_rebuilds = 8;

store::AuditLine audit(const Asked& asked, const char* action, const std::string& address) {
    return {asked.ground.ids->next(), asked.request.identity->subject, action, address, {}, {},
            asked.ground.clock->now()};
}

/// A call that runs keeps nothing of the day: what still comes of it is of a call that nobody
/// knows, and counts its minutes then.
limit::Charge release(const Asked& asked, const std::optional<domain::Call>& active) {
    if (!active || !asked.ground.spending) return {};
    domain::Call over = *active;
    over.active = false;
    over.outcome = domain::CallOutcome::NeverConnected;
    auto charge = asked.ground.spending->settle(asked.organization, over);
    if (!charge) serve::refuse_without_storage();
    return std::move(*charge);
}

bool is_known(const store::Snapshot& snapshot) {
    return snapshot.conversation || snapshot.lead;
}

[[noreturn]] void refuse_stranger() {
    serve::refuse(404, "NOT_FOUND", "There is no such conversation.");
}

struct Erased {
    std::string name;  // the person's keyed hash
    bool now = false;  // false: nothing was known of them
};

Erased erase(const Asked& asked, const std::string& address) {
    const domain::OrganizationId& organization = asked.organization.id;
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const store::Snapshot now =
            found(asked.ground.store->snapshot(organization, address, 0), "conversation");
        auto remains = admit::remains_of(*asked.ground.store, organization, address,
                                         now.conversation, asked.ground.clock->now());
        if (!remains) serve::refuse_without_storage();
        if (!is_known(now)) return {remains->name, false};
        store::ChangeSet set;
        set.organization = organization;
        set.preconditions = std::move(remains->conditions);
        set.operations = std::move(remains->operations);
        build_on(set, now, address, asked.ground.clock->now());
        set.operations.push_back(store::Erase{address, remains->name});
        set.operations.push_back(store::ForgetNote{"processed", address});
        set.operations.push_back(store::unfinished_erasure(remains->name, asked.ground.ids->next(),
                                                           asked.ground.clock->now()));
        set.operations.push_back(audit(asked, "erase", remains->name));
        limit::Charge charge = release(asked, now.active_call);
        charge.write(set);
        const auto outcome = asked.ground.committer->commit(std::move(set));
        if (!outcome) serve::refuse_without_storage();
        if (outcome->kind != store::Outcome::Kind::Committed) continue;
        charge.keep();
        return {remains->name, true};
    }
    serve::refuse_without_storage();
}

}  // namespace

store::Snapshot known_person(const Asked& asked, const std::string& address) {
    store::Snapshot now =
        found(asked.ground.store->snapshot(asked.organization.id, address, 0), "conversation");
    if (!is_known(now)) refuse_stranger();
    return now;
}

void note_export(const Asked& asked, const std::string& address) {
    store::ChangeSet set;
    set.organization = asked.organization.id;
    set.operations.push_back(audit(asked, "export", address));
    const auto outcome = asked.ground.committer->commit(std::move(set));
    if (!outcome || outcome->kind != store::Outcome::Kind::Committed)
        serve::refuse_without_storage();
}

serve::Response erase_conversation(const Asked& asked) {
    const Erased erased = erase(asked, asked.path_address());
    const auto finished =
        store::finish_erasures(*asked.ground.store, *asked.ground.committer, asked.organization.id,
                               erased.name, asked.ground.clock->now());
    if (!finished) {
        asked.ground.log->error("converse", "what was erased could not be removed from the files",
                                {{"reason", finished.error().text}});
        serve::refuse_without_storage();
    }
    // Who was erased before is no stranger while their files were still to be rewritten.
    if (!erased.now && !*finished) refuse_stranger();
    return serve::success("Erased", "{}");
}

}  // namespace tandem::converse
