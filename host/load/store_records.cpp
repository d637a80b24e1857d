#include "load/store_records.h"

#include <utility>

namespace tandem::load {

namespace {

template <typename View, typename Ours>
View record(const Ours& from) {
    View made;
    records::Members<typename View::Raw>::each(made, from, IntoRecord{});
    return made;
}

struct IntoPrecondition {
    records::Precondition operator()(const store::DedupeNew& from) const {
        return record<records::DedupeNew>(from);
    }
    records::Precondition operator()(const store::VersionIs& from) const {
        return record<records::VersionIs>(from);
    }
    records::Precondition operator()(const store::EpochIs& from) const {
        return record<records::EpochIs>(from);
    }
    records::Precondition operator()(const store::SessionOpen& from) const {
        return record<records::SessionOpen>(from);
    }
    records::Precondition operator()(const store::OwedUnclaimed& from) const {
        return record<records::OwedUnclaimed>(from);
    }
    records::Precondition operator()(const store::OwedClaimed& from) const {
        return record<records::OwedClaimed>(from);
    }
    records::Precondition operator()(const store::OwedDead& from) const {
        return record<records::OwedDead>(from);
    }
    records::Precondition operator()(const store::NoteIs& from) const {
        return record<records::NoteIs>(from);
    }
};

struct IntoOperation {
    std::deque<std::string>& media;

    records::Operation operator()(const domain::Lead& from) const {
        return record<records::LeadView>(from);
    }
    records::Operation operator()(const domain::Conversation& from) const {
        return record<records::ConversationView>(from);
    }
    records::Operation operator()(const domain::Message& from) const {
        records::MessageView made;
        records::Members<tandem_message>::each_but_media(made, from, IntoRecord{});
        if (!from.media.empty()) made.media_json = media.emplace_back(media_json(from.media));
        return made;
    }
    records::Operation operator()(const domain::Event& from) const {
        return record<records::EventView>(from);
    }
    records::Operation operator()(const domain::ControlSession& from) const {
        return record<records::SessionView>(from);
    }
    records::Operation operator()(const domain::Call& from) const {
        return record<records::CallView>(from);
    }
    records::Operation operator()(const store::Status& from) const {
        return record<records::Status>(from);
    }
    records::Operation operator()(const store::Owe& from) const {
        return record<records::OwedView>(from.owed);
    }
    records::Operation operator()(const store::Claim& from) const {
        return record<records::Claim>(from);
    }
    records::Operation operator()(const store::Settle& from) const {
        records::Settle made;
        made.owed_id = from.owed_id;
        made.outcome = static_cast<uint32_t>(from.settlement);
        made.due_at = from.due_at.time_since_epoch().count();
        made.last_error = from.last_error;
        return made;
    }
    records::Operation operator()(const store::Dedupe& from) const {
        return record<records::Dedupe>(from);
    }
    records::Operation operator()(const store::Note& from) const {
        return record<records::NoteView>(from);
    }
    records::Operation operator()(const store::ForgetNote& from) const {
        return record<records::ForgetNote>(from);
    }
    records::Operation operator()(const store::AuditLine& from) const {
        return record<records::AuditLineView>(from);
    }
    records::Operation operator()(const store::Revive& from) const {
        return record<records::Revive>(from);
    }
    records::Operation operator()(const store::Erase& from) const {
        return record<records::Erase>(from);
    }
};

}  // namespace

records::ListQuery list_query(const store::ListQuery& from) {
    const auto choice = [](std::optional<bool> wanted) {
        return !wanted ? uint32_t{0} : *wanted ? uint32_t{1} : uint32_t{2};
    };
    records::ListQuery made;
    made.limit = from.limit;
    made.before_at = from.before_at.time_since_epoch().count();
    made.before_key = from.before_key;
    made.under_control = choice(from.under_control);
    made.needs_human = choice(from.needs_human);
    if (from.session_state) made.session_state = static_cast<uint32_t>(*from.session_state);
    made.active = from.active_only ? 1 : 0;
    made.idle_since = from.idle_since.time_since_epoch().count();
    made.text = from.text;
    made.address = from.address;
    made.agent_id = from.agent_id;
    return made;
}

domain::Message our_message(const records::MessageView& record) {
    domain::Message made;
    records::Members<tandem_message>::each_but_media(record, made, FromRecord{});
    if (!record.media_json.empty()) made.media = media_of(record.media_json);
    return made;
}

RecordBatch::RecordBatch(const std::vector<const store::ChangeSet*>& batch) {
    change_sets_.reserve(batch.size());
    for (const store::ChangeSet* from : batch) {
        records::ChangeSet& to = change_sets_.emplace_back();
        to.organization = from->organization.text();
        to.preconditions.reserve(from->preconditions.size());
        for (const store::Precondition& precondition : from->preconditions)
            to.preconditions.push_back(std::visit(IntoPrecondition{}, precondition));
        to.operations.reserve(from->operations.size());
        for (const store::Operation& operation : from->operations)
            to.operations.push_back(std::visit(IntoOperation{media_}, operation));
    }
}

}  // namespace tandem::load
