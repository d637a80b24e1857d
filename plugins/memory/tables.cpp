#include "tables.h"

#include <random>

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
    organization_ = &organizations_[std::string(change_set.organization)];
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
    return found != organization_->owed.end() && !found->second.dead &&
           found->second.owed.lease_until <= wanted.now;
}

bool Writer::holds(const records::OwedClaimed& wanted) const {
    const auto found = organization_->owed.find(wanted.owed_id);
    return found != organization_->owed.end() && !found->second.dead && !wanted.worker.empty() &&
           found->second.owed.worker == wanted.worker;
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
    organization.journal.push_back(std::move(row));
    undo_.push_back([&organization] {
        organization.journal.pop_back();
        --organization.head;
    });
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
    put(organization_->calls, std::string(call.id), records::converted<records::Call>(call));
}

void Writer::write(const records::OwedView& owed) {
    if (OwedRow* merged = unclaimed_with(owed.merge_key, {})) {
        OwedRow changed = *merged;
        changed.owed.due_at = owed.due_at;
        changed.owed.subject_id = owed.subject_id;
        changed.owed.control_epoch = owed.control_epoch;
        changed.owed.payload_json = owed.payload_json;
        const std::string id = changed.owed.id;
        return put(organization_->owed, id, std::move(changed));
    }
    OwedRow row{records::converted<records::Owed>(owed), false};
    if (organization_->owed.count(row.owed.id) > 0)
        throw Refusal{TANDEM_CONFLICT, "the owed row exists"};
    row.owed.attempts = 0;
    row.owed.lease_until = 0;
    row.owed.worker.clear();
    row.owed.last_error.clear();
    const std::string id = row.owed.id;
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
    OwedRow row = owed_row(claim.owed_id);
    if (row.dead) throw Refusal{TANDEM_CONFLICT, "a dead row cannot be claimed"};
    row.owed.worker = claim.worker;
    row.owed.lease_until = claim.lease_until;
    ++row.owed.attempts;
    put(organization_->owed, std::string(claim.owed_id), std::move(row));
}

void Writer::write(const records::Settle& settle) {
    const std::string id(settle.owed_id);
    OwedRow row = owed_row(id);
    row.owed.worker.clear();
    row.owed.lease_until = 0;
    row.owed.last_error = settle.last_error;
    switch (settle.outcome) {
        case TANDEM_SETTLE_DONE: return erase(organization_->owed, id);
        case TANDEM_SETTLE_RETRY:
            if (unclaimed_with(row.owed.merge_key, id) != nullptr)
                return erase(organization_->owed, id);
            row.owed.due_at = settle.due_at;
            row.dead = false;
            return put(organization_->owed, id, std::move(row));
        case TANDEM_SETTLE_DEAD:
            row.dead = true;
            return put(organization_->owed, id, std::move(row));
        default: throw Refusal{TANDEM_UNSUPPORTED, "an unknown settlement"};
    }
}

void Writer::write(const records::Dedupe& dedupe) {
    const Pair key{std::string(dedupe.scope), std::string(dedupe.key)};
    if (organization_->dedupe.count(key) > 0) return;
    put(organization_->dedupe, key, std::string(dedupe.body_hash));
}

Talk Writer::talk(std::string_view address) const {
    const auto found = organization_->talks.find(address);
    if (found != organization_->talks.end()) return found->second;
    Talk fresh;
    fresh.conversation.address = address;
    return fresh;
}

OwedRow Writer::owed_row(std::string_view id) const {
    const auto found = organization_->owed.find(id);
    if (found == organization_->owed.end())
        throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
    return found->second;
}

OwedRow* Writer::unclaimed_with(std::string_view merge_key, std::string_view but_id) {
    if (merge_key.empty()) return nullptr;
    for (auto& [id, row] : organization_->owed)
        if (row.owed.merge_key == merge_key && !row.dead && row.owed.worker.empty() && id != but_id)
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
