#include "writer.h"

#include <random>
#include <utility>

#include "Poco/SHA2Engine.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::sqlite {

namespace {

std::string mint_epoch() {
    static constexpr char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string epoch;
    for (int i = 0; i < 16; ++i) epoch.push_back(digits[random() & 15]);
    return epoch;
}

}  // namespace

std::string dedupe_key(std::string_view organization, std::string_view scope,
                       std::string_view key) {
    Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
    // No text has a NUL, so two triples never give one input.
    for (const std::string_view part : {organization, scope, key}) {
        engine.update(part.data(), part.size());
        engine.update('\0');
    }
    const auto& digest = engine.digest();
    return std::string(digest.begin(), digest.begin() + 16);
}

std::vector<records::CommitResult> Writer::commit(const std::vector<records::ChangeSet>& batch) {
    try {
        try {
            return write(batch, Savepoints::No);
        } catch (const NeedsSavepoints&) {
            // A refusal is a bug of a caller or a rare race; only then is the price paid.
            database_.roll_back();
            journals_.clear();
            return write(batch, Savepoints::Yes);
        }
    } catch (...) {
        database_.roll_back();
        journals_.clear();
        throw;
    }
}

std::vector<records::CommitResult> Writer::write(const std::vector<records::ChangeSet>& batch,
                                                 Savepoints savepoints) {
    std::vector<records::CommitResult> results;
    results.reserve(batch.size());
    begin_.execute();
    for (const records::ChangeSet& change_set : batch)
        results.push_back(apply(change_set, savepoints));
    write_heads();
    commit_.execute();
    return results;
}

records::CommitResult Writer::apply(const records::ChangeSet& change_set, Savepoints savepoints) {
    records::CommitResult result;
    organization_ = change_set.organization;
    result_ = &result;
    wrote_ = false;
    ahead_ = {};
    if (!preconditions_hold(change_set)) return result;
    if (savepoints == Savepoints::Yes) savepoint_.execute();
    const auto known = journals_.find(organization_);
    const bool was_known = known != journals_.end();
    const int64_t old_head = was_known ? known->second.head : 0;
    try {
        for (size_t i = 0; i < change_set.operations.size(); ++i) {
            count_ahead(change_set, i);
            std::visit([this](const auto& wanted) { write(wanted); }, change_set.operations[i]);
            wrote_ = true;
        }
        if (result.event_count > 0) result.journal_epoch = journal().epoch;
    } catch (const Refusal& refusal) {
        if (savepoints == Savepoints::No && wrote_) throw NeedsSavepoints{};
        result = {};
        result.code = refusal.code;
        result.text = refusal.text;
        if (savepoints == Savepoints::Yes) back_.execute();
        if (was_known)
            known->second.head = old_head;
        else
            journals_.erase(std::string(organization_));
    }
    if (savepoints == Savepoints::Yes) release_.execute();
    return result;
}

bool Writer::preconditions_hold(const records::ChangeSet& change_set) {
    for (size_t i = 0; i < change_set.preconditions.size(); ++i) {
        if (std::visit([this](const auto& wanted) { return holds(wanted); },
                       change_set.preconditions[i]))
            continue;
        result_->code = TANDEM_CONFLICT;
        result_->failed_precondition = static_cast<uint32_t>(i);
        result_->text = "a precondition does not hold";
        return false;
    }
    return true;
}

// Once a transaction, not once an event.
void Writer::write_heads() {
    for (auto& [organization, journal] : journals_) {
        if (!journal.changed) continue;
        put_journal_.execute(organization, journal.epoch, journal.head);
        journal.changed = false;
    }
}

Writer::Journal& Writer::journal() {
    const auto known = journals_.find(organization_);
    if (known != journals_.end()) return known->second;
    Journal journal;
    auto rows = find_journal_.rows(organization_);
    if (rows.next()) {
        journal.epoch = rows.text(0);
        journal.head = rows.integer(1);
    } else {
        journal.epoch = mint_epoch();
    }
    return journals_[std::string(organization_)] = std::move(journal);
}

void Writer::count_ahead(const records::ChangeSet& change_set, size_t from) {
    const auto* talk = std::get_if<records::ConversationView>(&change_set.operations[from]);
    if (talk == nullptr) return;
    ahead_ = {talk->address, 0, 0, 0};
    for (size_t i = from + 1; i < change_set.operations.size(); ++i) {
        const auto* message = std::get_if<records::MessageView>(&change_set.operations[i]);
        // A second conversation operation would count what is left once more.
        if (std::holds_alternative<records::ConversationView>(change_set.operations[i])) break;
        if (message == nullptr || message->address != talk->address) continue;
        ++ahead_.messages;
        if (message->type != TANDEM_MESSAGE_SYSTEM) ++ahead_.counted;
    }
}

const std::string& Writer::key_of(std::string_view scope, std::string_view key) {
    if (hashed_.key != key || hashed_.scope != scope || hashed_.organization != organization_ ||
        hashed_.hash.empty()) {
        hashed_.organization = organization_;
        hashed_.scope = scope;
        hashed_.key = key;
        hashed_.hash = dedupe_key(organization_, scope, key);
    }
    return hashed_.hash;
}

bool Writer::holds(const records::DedupeNew& wanted) {
    auto rows = find_dedupe_.rows(Blob{key_of(wanted.scope, wanted.key)});
    if (!rows.next()) return true;
    result_->same_body = rows.text(0) == wanted.body_hash;
    return false;
}

bool Writer::holds(const records::VersionIs& wanted) {
    auto rows = find_versions_.rows(organization_, wanted.address);
    return (rows.next() ? rows.integer(0) : 0) == wanted.version;
}

bool Writer::holds(const records::EpochIs& wanted) {
    auto rows = find_versions_.rows(organization_, wanted.address);
    return rows.next() && rows.integer(0) > 0 && rows.integer(1) == wanted.control_epoch;
}

bool Writer::holds(const records::SessionOpen& wanted) {
    auto rows = find_session_.rows(organization_, wanted.session_id);
    return rows.next() && rows.integer(0) == 1;
}

bool Writer::holds(const records::OwedUnclaimed& wanted) {
    auto rows = find_owed_.rows(organization_, wanted.owed_id);
    return rows.next() && rows.integer(0) == 0 && rows.integer(1) <= wanted.now;
}

bool Writer::holds(const records::OwedClaimed& wanted) {
    auto rows = find_owed_.rows(organization_, wanted.owed_id);
    return rows.next() && rows.integer(0) == 0 && !wanted.worker.empty() &&
           rows.text(2) == wanted.worker;
}

void Writer::write(const records::LeadView& lead) {
    put_lead_.begin();
    put_lead_.bind(organization_);
    bind_record(put_lead_, lead);
    try {
        put_lead_.finish();
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "another lead has the address"};
    }
}

void Writer::write(const records::ConversationView& conversation) {
    // Version, epoch and count are the store's own.
    auto rows = put_conversation_.rows(
        organization_, conversation.opted_out, conversation.address, conversation.lead_id,
        conversation.needs_human, conversation.summary, conversation.waiting,
        conversation.created_at, conversation.last_activity_at, ahead_.counted, ahead_.messages,
        conversation.business_number);
    rows.next();
    ahead_.next_number = rows.integer(0) - ahead_.messages + 1;
    // RETURNING gives its row before the statement is done.
    rows.next();
}

void Writer::write(const records::MessageView& message) {
    records::MessageView numbered = message;
    if (ahead_.messages > 0 && ahead_.address == message.address) {
        numbered.number = ahead_.next_number++;
        --ahead_.messages;
    } else {
        const int64_t counts = message.type == TANDEM_MESSAGE_SYSTEM ? 0 : 1;
        auto rows = next_number_.rows(organization_, message.address, counts);
        rows.next();
        numbered.number = rows.integer(0);
        wrote_ = true;
        rows.next();
    }
    put_message_.begin();
    put_message_.bind(organization_);
    bind_record(put_message_, numbered);
    try {
        put_message_.finish();
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "the message's id, or the provider's, exists"};
    }
}

void Writer::write(const records::EventView& event) {
    Journal& found = journal();
    records::EventView placed = event;
    placed.offset = found.head + 1;
    put_event_.begin();
    put_event_.bind(organization_);
    bind_record(put_event_, placed);
    put_event_.finish();
    found.head = placed.offset;
    found.changed = true;
    if (result_->event_count++ == 0) result_->first_offset = placed.offset;
}

void Writer::write(const records::SessionView& session) {
    put_session_.begin();
    put_session_.bind(organization_);
    bind_record(put_session_, session);
    try {
        put_session_.finish();
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "another session of the address is open"};
    }
    count_epoch_.execute(organization_, session.address);
}

void Writer::write(const records::CallView& call) {
    const auto run = [&](Statement& statement) {
        statement.begin();
        statement.bind(organization_);
        bind_record(statement, call);
        return statement.finish();
    };
    if (run(put_call_) > 0)
        count_call_.execute(organization_, call.address);
    else
        run(change_call_);
}

void Writer::write(const records::OwedView& owed) {
    if (!owed.merge_key.empty() &&
        merge_owed_.execute(organization_, owed.merge_key, owed.due_at, owed.subject_id,
                            owed.control_epoch, owed.payload_json) > 0)
        return;
    records::OwedView fresh = owed;
    fresh.organization = organization_;
    fresh.attempts = 0;
    fresh.lease_until = 0;
    fresh.worker = {};
    fresh.last_error = {};
    fresh.dead = 0;
    put_owed_.begin();
    bind_record(put_owed_, fresh);
    try {
        put_owed_.finish();
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "the owed row exists"};
    }
}

void Writer::write(const records::Status& status) {
    if (status.keep_delivery != 0) {
        auto rows = has_message_.rows(organization_, status.message_id);
        if (!rows.next()) throw Refusal{TANDEM_NOT_FOUND, "a status has no message"};
    } else if (set_status_.execute(organization_, status.message_id, status.delivery,
                                   status.error_code, status.error_text) == 0) {
        throw Refusal{TANDEM_NOT_FOUND, "a status has no message"};
    }
    wrote_ = true;
    try {
        if (!status.provider_id.empty())
            set_provider_id_.execute(organization_, status.message_id, status.provider_id);
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "another message has the provider's id"};
    }
    put_line_.execute(organization_, status.message_id, status.delivery, status.keep_delivery,
                      status.provider_word, status.error_code, status.error_text, status.at);
}

void Writer::write(const records::Claim& claim) {
    if (claim_owed_.execute(organization_, claim.owed_id, claim.worker, claim.lease_until) > 0)
        return;
    auto rows = find_owed_.rows(organization_, claim.owed_id);
    if (rows.next()) throw Refusal{TANDEM_CONFLICT, "a dead row cannot be claimed"};
    throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
}

void Writer::write(const records::Settle& settle) {
    int changed = 0;
    switch (settle.outcome) {
        case TANDEM_SETTLE_DONE: changed = drop_owed_.execute(organization_, settle.owed_id); break;
        case TANDEM_SETTLE_RETRY: return retry(settle);
        case TANDEM_SETTLE_DEAD:
            changed = bury_owed_.execute(organization_, settle.owed_id, settle.last_error);
            break;
        default: throw Refusal{TANDEM_UNSUPPORTED, "an unknown settlement"};
    }
    if (changed == 0) throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
}

void Writer::retry(const records::Settle& settle) {
    try {
        if (retry_owed_.execute(organization_, settle.owed_id, settle.due_at, settle.last_error) >
            0)
            return;
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        // An unclaimed row of the same key covers this one.
        drop_owed_.execute(organization_, settle.owed_id);
        return;
    }
    throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
}

void Writer::write(const records::Dedupe& dedupe) {
    put_dedupe_.execute(Blob{key_of(dedupe.scope, dedupe.key)}, dedupe.body_hash, dedupe.at);
}

}  // namespace tandem::sqlite
