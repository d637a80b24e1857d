#include "receive/draft.h"

#include <algorithm>

namespace tandem::receive {

Draft::Draft(const ProviderEvent& event, const Scope& scope, const store::Snapshot& snapshot,
             const Moment& moment)
    : scope_(scope), moment_(moment) {
    const auto& incident =
        std::visit([](const auto& one) -> const Incident& { return one; }, event);
    set_.organization = scope.organization->id;
    const std::string hash = body_hash(event, moment.hash_key);
    set_.preconditions.push_back(store::DedupeNew{scope.instance, incident.dedupe_key, hash});
    set_.operations.push_back(store::Dedupe{scope.instance, incident.dedupe_key, hash, moment.now});
    if (snapshot.conversation) conversation = *snapshot.conversation;
    if (snapshot.lead) lead = *snapshot.lead;
    known_ = snapshot.lead.has_value();
}

void Draft::under_version() {
    conversation.address = scope_.customer;
    set_.preconditions.push_back(store::VersionIs{conversation.address, conversation.version});
}

void Draft::meet(std::string_view name, std::string_view source) {
    if (conversation.version == 0) conversation.created_at = moment_.now;
    conversation.last_activity_at = std::max(conversation.last_activity_at, moment_.now);
    if (!known_) {
        lead.id = moment_.ids->next();
        lead.address = scope_.customer;
        lead.customer_name = clean_text(name);
        lead.source = source;
        lead.created_at = lead.updated_at = moment_.now;
        set_.operations.insert(set_.operations.begin() + 1, lead);
        write(publish::lead_auto_created(scene()));
    }
    conversation.lead_id = lead.id;
}

publish::Scene Draft::scene() const {
    return {moment_.ids->next(), set_.organization, scope_.customer, lead.id,
            lead.customer_name,  lead.status,       moment_.now};
}

store::ChangeSet Draft::finished() {
    const bool with_lead =
        set_.operations.size() > 1 && std::holds_alternative<domain::Lead>(set_.operations[1]);
    const auto place = set_.operations.begin() + (with_lead ? 2 : 1);
    set_.operations.insert(place, conversation);
    return std::move(set_);
}

}  // namespace tandem::receive
