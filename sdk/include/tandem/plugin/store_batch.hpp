// tandem/plugin/store_batch.hpp: a commit as it comes through the waist.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tandem/abi/draft/store.h"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin::store {

/// The ChangeSets of one commit as the author sees them; those that cannot be read (a kind
/// that is not known, a text with a NUL) are answered here and never reach the author.
class Batch {
public:
    Batch(const tandem_change_set* const* change_sets, std::size_t count) {
        refusals_.resize(count);
        readable_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            ChangeSet change_set;
            read(known_members<tandem_change_set>(change_sets[i]), change_set, refusals_[i]);
            if (refusals_[i].code == TANDEM_OK) readable_.push_back(std::move(change_set));
        }
    }

    const std::vector<ChangeSet>& readable() const { return readable_; }

    void push(const std::vector<CommitResult>& results, const tandem_commit_sink* sink) const {
        if (results.size() != readable_.size())
            throw Failure(TANDEM_CORRUPT, "the store lost count of its ChangeSets");
        std::size_t next = 0;
        for (std::size_t i = 0; i < refusals_.size(); ++i) {
            const bool refused = refusals_[i].code != TANDEM_OK;
            push(i, refused ? refusals_[i] : results[next++], sink);
        }
    }

private:
    static void push(std::size_t index, const CommitResult& result,
                     const tandem_commit_sink* sink) {
        auto raw = sized<tandem_commit_result>();
        raw.code = result.code;
        raw.failed_precondition = result.failed_precondition;
        raw.same_body = result.same_body ? 1u : 0u;
        raw.journal_epoch = view(result.journal_epoch);
        raw.first_offset = result.first_offset;
        raw.event_count = result.event_count;
        raw.text = view_or_absent(result.text);
        sink->result(sink->context, index, &raw);
    }

    static void read(const tandem_change_set& raw, ChangeSet& to, CommitResult& refusal) {
        FromRaw text;
        text(raw.organization, to.organization);
        if (text.bad_text) return refuse(refusal, TANDEM_INVALID);
        if (to.organization.empty()) return refuse(refusal, TANDEM_INVALID);
        to.preconditions.reserve(raw.precondition_count);
        for (std::size_t i = 0; i < raw.precondition_count; ++i) {
            const tandem_status status = read_precondition(raw.preconditions[i], to.preconditions);
            if (status != TANDEM_OK) return refuse(refusal, status);
        }
        to.operations.reserve(raw.operation_count);
        for (std::size_t i = 0; i < raw.operation_count; ++i) {
            const tandem_status status = read_operation(raw.operations[i], to.operations);
            if (status != TANDEM_OK) return refuse(refusal, status);
        }
    }

    static void refuse(CommitResult& refusal, tandem_status status) {
        refusal.code = status;
        refusal.text = status == TANDEM_UNSUPPORTED
                           ? "the ChangeSet has a kind that this store does not know"
                           : "the ChangeSet has no organisation, or a text with a NUL";
    }

    template <typename Item, typename List>
    static tandem_status add(const void* raw, List& list) {
        Item item;
        if (!from_raw(raw, item)) return TANDEM_INVALID;
        list.emplace_back(std::move(item));
        return TANDEM_OK;
    }

    template <typename Item>
    static tandem_status add_record(const tandem_operation* raw, std::vector<Operation>& list) {
        const auto write = known_members<tandem_write_record>(raw);
        if (write.record == nullptr) return TANDEM_INVALID;
        return add<Item>(write.record, list);
    }

    static tandem_status read_precondition(const tandem_precondition* raw,
                                           std::vector<Precondition>& list) {
        switch (raw->kind) {
            case TANDEM_REQUIRE_DEDUPE_NEW: return add<DedupeNew>(raw, list);
            case TANDEM_REQUIRE_VERSION: return add<VersionIs>(raw, list);
            case TANDEM_REQUIRE_EPOCH: return add<EpochIs>(raw, list);
            case TANDEM_REQUIRE_SESSION_OPEN: return add<SessionOpen>(raw, list);
            case TANDEM_REQUIRE_OWED_UNCLAIMED: return add<OwedUnclaimed>(raw, list);
            case TANDEM_REQUIRE_OWED_CLAIMED: return add<OwedClaimed>(raw, list);
            case TANDEM_REQUIRE_OWED_DEAD: return add<OwedDead>(raw, list);
            case TANDEM_REQUIRE_NOTE: return add<NoteIs>(raw, list);
            default: return TANDEM_UNSUPPORTED;
        }
    }

    static tandem_status read_operation(const tandem_operation* raw, std::vector<Operation>& list) {
        switch (raw->kind) {
            case TANDEM_WRITE_LEAD: return add_record<LeadView>(raw, list);
            case TANDEM_WRITE_CONVERSATION: return add_record<ConversationView>(raw, list);
            case TANDEM_WRITE_MESSAGE: return add_record<MessageView>(raw, list);
            case TANDEM_WRITE_EVENT: return add_record<EventView>(raw, list);
            case TANDEM_WRITE_CONTROL: return add_record<SessionView>(raw, list);
            case TANDEM_WRITE_CALL: return add_record<CallView>(raw, list);
            case TANDEM_WRITE_OWE: return add_record<OwedView>(raw, list);
            case TANDEM_WRITE_STATUS: return add<Status>(raw, list);
            case TANDEM_WRITE_CLAIM: return add<Claim>(raw, list);
            case TANDEM_WRITE_SETTLE: return add<Settle>(raw, list);
            case TANDEM_WRITE_DEDUPE: return add<Dedupe>(raw, list);
            case TANDEM_WRITE_NOTE: return add_record<NoteView>(raw, list);
            case TANDEM_WRITE_FORGET_NOTE: return add<ForgetNote>(raw, list);
            case TANDEM_WRITE_AUDIT: return add_record<AuditLineView>(raw, list);
            case TANDEM_WRITE_REVIVE: return add<Revive>(raw, list);
            case TANDEM_WRITE_ERASE: return add<Erase>(raw, list);
            default: return TANDEM_UNSUPPORTED;
        }
    }

    std::vector<ChangeSet> readable_;
    std::vector<CommitResult> refusals_;  // one for each ChangeSet; OK: it was readable
};

}  // namespace tandem::plugin::store
