#include "tables.h"

#include <random>
#include <set>

#include "tandem/plugin/store_members.hpp"

namespace tandem::memory {

namespace {

// Why a ChangeSet is refused; ends it.
struct Refusal {
    tandem_status code;
    std::string text;
};

constexpr uint32_t session_open = 1;

}  // namespace

std::string mint_epoch() {
    static constexpr char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string epoch;
    for (int i = 0; i < 16; ++i) epoch.push_back(digits[random() & 15]);
    return epoch;
}

records::CommitResult Writer::apply(const records::ChangeSet& change_set) {
    records::CommitResult result;
    result_ = &result;
    organization_name_ = change_set.organization;
    organization_ = &organizations_[organization_name_];
    for (size_t i = 0; i < change_set.preconditions.size(); ++i) {
        const bool held = std::visit(
            [&](const auto& wanted) {
                using Wanted = std::decay_t<decltype(wanted)>;
                if constexpr (std::is_same_v<Wanted, records::DedupeNew>)
                    return holds(wanted, result.same_body);
                else
                    return holds(wanted);
            },
            change_set.preconditions[i]);
        if (held) continue;
        result.code = TANDEM_CONFLICT;
        result.failed_precondition = static_cast<uint32_t>(i);
        result.text = "a precondition does not hold";
        return result;
    }
    const size_t mark = undo_.size();
    try {
        for (const records::Operation& operation : change_set.operations)
            std::visit([this](const auto& wanted) { write(wanted); }, operation);
        result.journal_epoch = organization_->journal_epoch;
    } catch (const Refusal& refusal) {
        roll_back(mark);
        result = {};
        result.code = refusal.code;
        result.text = refusal.text;
    }
    return result;
}

void Writer::roll_back(size_t mark) {
    while (undo_.size() > mark) {
        undo_.back()();
        undo_.pop_back();
    }
}

bool Writer::holds(const records::DedupeNew& wanted, bool& same_body) const {
    const auto found =
        organization_->dedupe.find({std::string(wanted.scope), std::string(wanted.key)});
    if (found == organization_->dedupe.end()) return true;
    same_body = found->second == wanted.body_hash;
    return false;
}

bool Writer::holds(const records::VersionIs& wanted) const {
    return talk(wanted.address).conversation.version == wanted.version;
}

bool Writer::holds(const records::EpochIs& wanted) const {
    const Talk found = talk(wanted.address);
    return found.conversation.version > 0 &&
           found.conversation.control_epoch == wanted.control_epoch;
}

bool Writer::holds(const records::SessionOpen& wanted) const {
    const auto found = organization_->sessions.find(wanted.session_id);
    return found != organization_->sessions.end() && found->second.state == session_open;
}

bool Writer::holds(const records::OwedUnclaimed& wanted) const {
    const auto found = organization_->owed.find(wanted.owed_id);
    return found != organization_->owed.end() && found->second.dead == 0 &&
           found->second.lease_until <= wanted.now;
}

bool Writer::holds(const records::OwedClaimed& wanted) const {
    const auto found = organization_->owed.find(wanted.owed_id);
    return found != organization_->owed.end() && found->second.dead == 0 &&
           !wanted.worker.empty() && found->second.worker == wanted.worker;
}

void Writer::write(const records::LeadView& lead) {
    const std::string id(lead.id), address(lead.address);
    const auto owner = organization_->lead_by_address.find(address);
    if (owner != organization_->lead_by_address.end() && owner->second != id)
        throw Refusal{TANDEM_CONFLICT, "another lead has the address"};
    const auto old = organization_->leads.find(id);
    if (old != organization_->leads.end() && old->second.address != address)
        erase(organization_->lead_by_address, old->second.address);
    put(organization_->lead_by_address, address, id);
    put(organization_->leads, id, records::converted<records::Lead>(lead));
}

void Writer::write(const records::ConversationView& conversation) {
    Talk changed = talk(conversation.address);
    const records::Conversation old = changed.conversation;
    changed.conversation = records::converted<records::Conversation>(conversation);
    changed.conversation.version = old.version + 1;
    changed.conversation.control_epoch = old.control_epoch;
    changed.conversation.message_count = old.message_count;
    changed.conversation.call_count = old.call_count;
    put(organization_->talks, std::string(conversation.address), std::move(changed));
}

void Writer::write(const records::MessageView& message) {
    auto row = records::converted<records::Message>(message);
    if (organization_->messages.count(row.id) > 0)
        throw Refusal{TANDEM_CONFLICT, "the message exists"};
    take_provider_id(row);
    Talk changed = talk(message.address);
    row.number = ++changed.last_number;
    if (row.type != TANDEM_MESSAGE_SYSTEM) ++changed.conversation.message_count;
    put(organization_->talks, row.address, std::move(changed));
    put(organization_->message_by_number, {row.address, row.number}, row.id);
    const std::string id = row.id;
    put(organization_->messages, id, std::move(row));
}

void Writer::write(const records::EventView& event) {
    Organization& organization = *organization_;
    if (organization.journal_epoch.empty()) {
        organization.journal_epoch = mint_epoch();
        undo_.push_back([&organization] { organization.journal_epoch.clear(); });
    }
    auto row = records::converted<records::Event>(event);
    row.offset = organization.head + 1;
    put(organization.journal, row.offset, row);
    undo_.push_back([&organization] { --organization.head; });
    ++organization.head;
    if (result_->event_count++ == 0) result_->first_offset = organization.head;
}

void Writer::write(const records::SessionView& session) {
    const std::string id(session.id), address(session.address);
    const auto open = organization_->open_session_by_address.find(address);
    const bool another = open != organization_->open_session_by_address.end() && open->second != id;
    if (session.state == session_open) {
        if (another) throw Refusal{TANDEM_CONFLICT, "another session of the address is open"};
        put(organization_->open_session_by_address, address, id);
    } else if (open != organization_->open_session_by_address.end() && !another) {
        erase(organization_->open_session_by_address, address);
    }
    put(organization_->sessions, id, records::converted<records::Session>(session));
    Talk changed = talk(address);
    ++changed.conversation.control_epoch;
    put(organization_->talks, address, std::move(changed));
}

void Writer::write(const records::CallView& call) {
    const std::string id(call.id);
    if (organization_->calls.count(id) == 0) {
        Talk changed = talk(call.address);
        ++changed.conversation.call_count;
        put(organization_->talks, std::string(call.address), std::move(changed));
    }
    put(organization_->calls, id, records::converted<records::Call>(call));
}

void Writer::write(const records::OwedView& owed) {
    if (const records::Owed* merged = unclaimed_with(owed.merge_key, {})) {
        records::Owed changed = *merged;
        changed.due_at = owed.due_at;
        changed.subject_id = owed.subject_id;
        changed.control_epoch = owed.control_epoch;
        changed.payload_json = owed.payload_json;
        const std::string id = changed.id;
        return put(organization_->owed, id, std::move(changed));
    }
    auto row = records::converted<records::Owed>(owed);
    if (organization_->owed.count(row.id) > 0)
        throw Refusal{TANDEM_CONFLICT, "the owed row exists"};
    row.organization = organization_name_;
    row.attempts = 0;
    row.lease_until = 0;
    row.worker.clear();
    row.last_error.clear();
    row.dead = 0;
    const std::string id = row.id;
    put(organization_->owed, id, std::move(row));
}

void Writer::write(const records::Status& status) {
    const auto found = organization_->messages.find(status.message_id);
    if (found == organization_->messages.end())
        throw Refusal{TANDEM_NOT_FOUND, "a status is for a message that does not exist"};
    records::Message changed = found->second;
    if (status.keep_delivery == 0) {
        changed.delivery = status.delivery;
        changed.error_code = status.error_code;
        changed.error_text = status.error_text;
    }
    if (!status.provider_id.empty() && changed.provider_id != status.provider_id) {
        if (!changed.provider_id.empty())
            erase(organization_->message_by_provider_id, {changed.instance, changed.provider_id});
        changed.provider_id = status.provider_id;
        take_provider_id(changed);
    }
    records::StatusLine line;
    line.delivery = status.delivery;
    line.keep_delivery = status.keep_delivery;
    line.provider_word = status.provider_word;
    line.error_code = status.error_code;
    line.error_text = status.error_text;
    line.at = status.at;
    int64_t number = 1;
    const auto after = organization_->history.lower_bound({changed.id, INT64_MAX});
    if (after != organization_->history.begin() && std::prev(after)->first.first == changed.id)
        number = std::prev(after)->first.second + 1;
    put(organization_->history, {changed.id, number}, std::move(line));
    const std::string id = changed.id;
    put(organization_->messages, id, std::move(changed));
}

void Writer::write(const records::Claim& claim) {
    records::Owed row = owed_row(claim.owed_id);
    if (row.dead != 0) throw Refusal{TANDEM_CONFLICT, "a dead row cannot be claimed"};
    row.worker = claim.worker;
    row.lease_until = claim.lease_until;
    ++row.attempts;
    put(organization_->owed, std::string(claim.owed_id), std::move(row));
}

void Writer::write(const records::Settle& settle) {
    const std::string id(settle.owed_id);
    records::Owed row = owed_row(id);
    row.worker.clear();
    row.lease_until = 0;
    row.last_error = settle.last_error;
    switch (settle.outcome) {
        case TANDEM_SETTLE_DONE: return erase(organization_->owed, id);
        case TANDEM_SETTLE_RETRY:
            if (unclaimed_with(row.merge_key, id) != nullptr) return erase(organization_->owed, id);
            row.due_at = settle.due_at;
            row.dead = 0;
            return put(organization_->owed, id, std::move(row));
        case TANDEM_SETTLE_DEAD: row.dead = 1; return put(organization_->owed, id, std::move(row));
        default: throw Refusal{TANDEM_UNSUPPORTED, "an unknown settlement"};
    }
}

void Writer::write(const records::Revive& revive) {
    const std::string id(revive.owed_id);
    records::Owed row = owed_row(id);
    if (row.dead == 0) throw Refusal{TANDEM_CONFLICT, "the owed row is not dead"};
    if (unclaimed_with(row.merge_key, id) != nullptr)
        throw Refusal{TANDEM_CONFLICT, "an unclaimed row has the merge key"};
    row.dead = 0;
    row.attempts = 0;
    row.due_at = revive.due_at;
    row.expires_at = revive.expires_at;
    row.payload_json = revive.payload_json;
    put(organization_->owed, id, std::move(row));
}

void Writer::write(const records::Dedupe& dedupe) {
    const Pair key{std::string(dedupe.scope), std::string(dedupe.key)};
    if (organization_->dedupe.count(key) > 0) return;
    put(organization_->dedupe, key, std::string(dedupe.body_hash));
}

bool Writer::holds(const records::OwedDead& wanted) const {
    const auto found = organization_->owed.find(wanted.owed_id);
    return found != organization_->owed.end() && found->second.dead != 0;
}

bool Writer::holds(const records::NoteIs& wanted) const {
    const auto found =
        organization_->notes.find({std::string(wanted.scope), std::string(wanted.key)});
    if (found == organization_->notes.end() || !lives(found->second, wanted.now))
        return !wanted.value;
    return wanted.value && found->second.value == *wanted.value;
}

void Writer::write(const records::NoteView& note) {
    put(organization_->notes, {std::string(note.scope), std::string(note.key)},
        records::converted<records::Note>(note));
}

void Writer::write(const records::ForgetNote& forgotten) {
    erase(organization_->notes, {std::string(forgotten.scope), std::string(forgotten.key)});
}

void Writer::write(const records::AuditLineView& line) {
    const std::string id(line.id);
    if (organization_->audit_by_id.count(id) > 0)
        throw Refusal{TANDEM_CONFLICT, "the audit line exists"};
    auto& audit = organization_->audit;
    const int64_t number = audit.empty() ? 1 : audit.rbegin()->first + 1;
    put(organization_->audit_by_id, id, number);
    put(audit, number, records::converted<records::AuditLine>(line));
}

void Writer::write(const records::Erase& erased) {
    if (erased.address.empty()) throw Refusal{TANDEM_INVALID, "an erasure names no address"};
    Organization& kept = *organization_;
    const std::string address(erased.address);
    std::vector<std::string> messages;
    for (auto at = kept.message_by_number.lower_bound({address, 0});
         at != kept.message_by_number.end() && at->first.first == address; ++at)
        messages.push_back(at->second);
    for (const std::string& id : messages) erase_message(id);
    erase(kept.lead_by_address, address);
    erase(kept.open_session_by_address, address);
    erase(kept.talks, address);
    erase_of(kept.leads, address);
    erase_of(kept.sessions, address);
    erase_of(kept.calls, address);
    erase_of(kept.owed, address);
    erase_of(kept.journal, address);
    erase_of(kept.notes, address);
    std::vector<int64_t> lines;
    for (const auto& [number, line] : kept.audit)
        if (line.address == address) lines.push_back(number);
    for (const int64_t number : lines) {
        records::AuditLine line = kept.audit[number];
        line.address = erased.keep_as;
        line.detail_json.clear();
        put(kept.audit, number, std::move(line));
    }
}

void Writer::erase_message(const std::string& id) {
    const records::Message row = organization_->messages.find(id)->second;
    std::vector<int64_t> lines;
    for (auto line = organization_->history.lower_bound({id, 0});
         line != organization_->history.end() && line->first.first == id; ++line)
        lines.push_back(line->first.second);
    for (const int64_t number : lines) erase(organization_->history, {id, number});
    erase(organization_->message_by_number, {row.address, row.number});
    if (!row.provider_id.empty())
        erase(organization_->message_by_provider_id, {row.instance, row.provider_id});
    erase(organization_->messages, id);
}

void Writer::forget(Organization& organization, tandem_time now, tandem_time messages_before) {
    organization_ = &organization;
    std::vector<Pair> notes;
    for (const auto& [key, note] : organization.notes)
        if (!lives(note, now)) notes.push_back(key);
    for (const Pair& key : notes) erase(organization.notes, key);
    if (messages_before <= 0) return;
    std::set<std::string, std::less<>> owed;
    for (const auto& [id, row] : organization.owed) owed.insert(row.subject_id);
    std::vector<std::string> messages, calls;
    for (const auto& [id, row] : organization.messages)
        if (row.at < messages_before && owed.count(id) == 0) messages.push_back(id);
    for (const std::string& id : messages) erase_message(id);
    for (const auto& [id, row] : organization.calls) {
        const bool old = row.started_at < messages_before && row.ended_at < messages_before;
        if (old && row.active == 0 && owed.count(id) == 0) calls.push_back(id);
    }
    for (const std::string& id : calls) erase(organization.calls, id);
}

Talk Writer::talk(std::string_view address) const {
    const auto found = organization_->talks.find(address);
    if (found != organization_->talks.end()) return found->second;
    Talk fresh;
    fresh.conversation.address = address;
    return fresh;
}

records::Owed Writer::owed_row(std::string_view id) const {
    const auto found = organization_->owed.find(id);
    if (found == organization_->owed.end())
        throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
    return found->second;
}

records::Owed* Writer::unclaimed_with(std::string_view merge_key, std::string_view but_id) {
    if (merge_key.empty()) return nullptr;
    for (auto& [id, row] : organization_->owed)
        if (row.merge_key == merge_key && row.dead == 0 && row.worker.empty() && id != but_id)
            return &row;
    return nullptr;
}

void Writer::take_provider_id(const records::Message& message) {
    if (message.provider_id.empty()) return;
    const Pair key{message.instance, message.provider_id};
    if (organization_->message_by_provider_id.count(key) > 0)
        throw Refusal{TANDEM_CONFLICT, "another message has the provider's id"};
    put(organization_->message_by_provider_id, key, message.id);
}

template <typename Map>
void Writer::erase_of(Map& map, std::string_view address) {
    std::vector<typename Map::key_type> keys;
    for (const auto& [key, row] : map)
        if (row.address == address) keys.push_back(key);
    for (const auto& key : keys) erase(map, key);
}

template <typename Map>
void Writer::put(Map& map, typename Map::key_type key, typename Map::mapped_type value) {
    const auto [place, fresh] = map.try_emplace(key);
    if (fresh)
        undo_.push_back([&map, key] { map.erase(key); });
    else
        undo_.push_back([&map, key, old = place->second] { map[key] = old; });
    place->second = std::move(value);
}

template <typename Map>
void Writer::erase(Map& map, typename Map::key_type key) {
    const auto place = map.find(key);
    if (place == map.end()) return;
    undo_.push_back([&map, key, old = place->second] { map[key] = old; });
    map.erase(place);
}

}  // namespace tandem::memory
