#pragma once

#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "tandem/host/outcome.hpp"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"

/// A commit on its way into the waist: ChangeSets as arrays of pointers to structs.
namespace tandem::host {

namespace records = plugin::store;

/// Takes what a store says of each ChangeSet, and notices what is missing or doubled.
class ResultTaker {
public:
    explicit ResultTaker(std::size_t count) : results_(count), taken_(count) {}

    tandem_commit_sink sink() {
        auto made = sized<tandem_commit_sink>();
        made.context = this;
        made.result = [](void* context, std::size_t index,
                         const tandem_commit_result* raw) noexcept {
            shielded([&] { return static_cast<ResultTaker*>(context)->take(index, raw); });
        };
        return made;
    }

    /// A commit that answered OK without one result each is damage: something was written,
    /// and nobody can say what.
    Outcome checked(Outcome outcome) const {
        if (!outcome.ok() || (good_ == results_.size() && !bad_)) return outcome;
        return {TANDEM_CORRUPT,
                "the store answered OK and gave " + std::to_string(good_) + " good results for " +
                    std::to_string(results_.size()) + " ChangeSets",
                0};
    }
    std::vector<records::CommitResult> results() { return std::move(results_); }

private:
    tandem_status take(std::size_t index, const tandem_commit_result* raw) {
        if (index >= results_.size() || taken_[index]) {
            bad_ = true;
            return TANDEM_OK;
        }
        const auto from = known_part<tandem_commit_result>(raw);
        records::CommitResult& to = results_[index];
        to.code = from.code;
        to.failed_precondition = from.failed_precondition;
        to.same_body = from.same_body != 0;
        to.journal_epoch = text(from.journal_epoch, 64);
        to.first_offset = from.first_offset;
        to.event_count = from.event_count;
        to.text = text(from.text, 512);
        taken_[index] = true;
        ++good_;
        return TANDEM_OK;
    }

    std::vector<records::CommitResult> results_;
    std::vector<bool> taken_;
    std::size_t good_ = 0;
    bool bad_ = false;
};

/// ChangeSets as the waist wants them. The texts stay where they are: the ChangeSets that
/// were given must outlive it.
class RawBatch {
public:
    explicit RawBatch(const std::vector<records::ChangeSet>& batch) {
        std::size_t preconditions = 0, operations = 0;
        for (const records::ChangeSet& change_set : batch) {
            preconditions += change_set.preconditions.size();
            operations += change_set.operations.size();
        }
        // Pointers into these are taken while they fill: they must not move.
        preconditions_.reserve(preconditions);
        precondition_pointers_.reserve(preconditions);
        operations_.reserve(operations);
        operation_pointers_.reserve(operations);
        change_sets_.reserve(batch.size());
        for (const records::ChangeSet& change_set : batch) add(change_set);
        for (const tandem_change_set& raw : change_sets_) pointers_.push_back(&raw);
    }
    RawBatch(const RawBatch&) = delete;
    RawBatch& operator=(const RawBatch&) = delete;

    const tandem_change_set* const* data() const { return pointers_.data(); }
    std::size_t size() const { return pointers_.size(); }

private:
    using RawPrecondition =
        std::variant<tandem_require_dedupe_new, tandem_require_version, tandem_require_epoch,
                     tandem_require_session_open, tandem_require_owed_unclaimed,
                     tandem_require_owed_claimed, tandem_require_owed_dead, tandem_require_note>;
    using RawBody =
        std::variant<tandem_lead, tandem_conversation, tandem_message, tandem_journal_event,
                     tandem_control_session, tandem_call, tandem_owed, tandem_write_status,
                     tandem_write_claim, tandem_write_settle, tandem_write_dedupe, tandem_note,
                     tandem_write_forget_note, tandem_audit_line, tandem_write_revive,
                     tandem_write_erase>;
    struct RawOperation {
        tandem_write_record head;  // used if the body is a record
        RawBody body;
    };

    void add(const records::ChangeSet& change_set) {
        auto raw = sized<tandem_change_set>();
        raw.organization = view(change_set.organization);
        raw.preconditions = precondition_pointers_.data() + precondition_pointers_.size();
        raw.precondition_count = change_set.preconditions.size();
        raw.operations = operation_pointers_.data() + operation_pointers_.size();
        raw.operation_count = change_set.operations.size();
        for (const records::Precondition& precondition : change_set.preconditions)
            std::visit([this](const auto& from) { add_precondition(from); }, precondition);
        for (const records::Operation& operation : change_set.operations)
            std::visit([this](const auto& from) { add_operation(from); }, operation);
        change_sets_.push_back(raw);
    }

    template <typename Precondition>
    void add_precondition(const Precondition& from) {
        using Raw = typename Precondition::Raw;
        Raw raw = records::to_raw(from);
        raw.precondition.kind = kind_of(Tag<Raw>{});
        const auto& kept = preconditions_.emplace_back(raw);
        precondition_pointers_.push_back(&std::get<Raw>(kept).precondition);
    }

    template <typename Operation>
    void add_operation(const Operation& from) {
        using Raw = typename Operation::Raw;
        RawOperation& kept = operations_.emplace_back(
            RawOperation{sized<tandem_write_record>(), records::to_raw(from)});
        Raw& body = std::get<Raw>(kept.body);
        if constexpr (has_head<Raw>) {
            body.operation.kind = kind_of(Tag<Raw>{});
            operation_pointers_.push_back(&body.operation);
        } else {
            kept.head.operation.kind = kind_of(Tag<Raw>{});
            kept.head.record = &body;
            operation_pointers_.push_back(&kept.head.operation);
        }
    }

    template <typename Raw>
    struct Tag {};
    template <typename Raw>
    static constexpr bool has_head =
        std::is_same_v<Raw, tandem_write_status> || std::is_same_v<Raw, tandem_write_claim> ||
        std::is_same_v<Raw, tandem_write_settle> || std::is_same_v<Raw, tandem_write_dedupe> ||
        std::is_same_v<Raw, tandem_write_forget_note> || std::is_same_v<Raw, tandem_write_revive> ||
        std::is_same_v<Raw, tandem_write_erase>;

    static uint32_t kind_of(Tag<tandem_require_dedupe_new>) { return TANDEM_REQUIRE_DEDUPE_NEW; }
    static uint32_t kind_of(Tag<tandem_require_version>) { return TANDEM_REQUIRE_VERSION; }
    static uint32_t kind_of(Tag<tandem_require_epoch>) { return TANDEM_REQUIRE_EPOCH; }
    static uint32_t kind_of(Tag<tandem_require_session_open>) {
        return TANDEM_REQUIRE_SESSION_OPEN;
    }
    static uint32_t kind_of(Tag<tandem_require_owed_unclaimed>) {
        return TANDEM_REQUIRE_OWED_UNCLAIMED;
    }
    static uint32_t kind_of(Tag<tandem_require_owed_claimed>) {
        return TANDEM_REQUIRE_OWED_CLAIMED;
    }
    static uint32_t kind_of(Tag<tandem_require_owed_dead>) { return TANDEM_REQUIRE_OWED_DEAD; }
    static uint32_t kind_of(Tag<tandem_require_note>) { return TANDEM_REQUIRE_NOTE; }
    static uint32_t kind_of(Tag<tandem_lead>) { return TANDEM_WRITE_LEAD; }
    static uint32_t kind_of(Tag<tandem_conversation>) { return TANDEM_WRITE_CONVERSATION; }
    static uint32_t kind_of(Tag<tandem_message>) { return TANDEM_WRITE_MESSAGE; }
    static uint32_t kind_of(Tag<tandem_journal_event>) { return TANDEM_WRITE_EVENT; }
    static uint32_t kind_of(Tag<tandem_control_session>) { return TANDEM_WRITE_CONTROL; }
    static uint32_t kind_of(Tag<tandem_call>) { return TANDEM_WRITE_CALL; }
    static uint32_t kind_of(Tag<tandem_owed>) { return TANDEM_WRITE_OWE; }
    static uint32_t kind_of(Tag<tandem_write_status>) { return TANDEM_WRITE_STATUS; }
    static uint32_t kind_of(Tag<tandem_write_claim>) { return TANDEM_WRITE_CLAIM; }
    static uint32_t kind_of(Tag<tandem_write_settle>) { return TANDEM_WRITE_SETTLE; }
    static uint32_t kind_of(Tag<tandem_write_dedupe>) { return TANDEM_WRITE_DEDUPE; }
    static uint32_t kind_of(Tag<tandem_note>) { return TANDEM_WRITE_NOTE; }
    static uint32_t kind_of(Tag<tandem_write_forget_note>) { return TANDEM_WRITE_FORGET_NOTE; }
    static uint32_t kind_of(Tag<tandem_audit_line>) { return TANDEM_WRITE_AUDIT; }
    static uint32_t kind_of(Tag<tandem_write_revive>) { return TANDEM_WRITE_REVIVE; }
    static uint32_t kind_of(Tag<tandem_write_erase>) { return TANDEM_WRITE_ERASE; }

    std::vector<RawPrecondition> preconditions_;
    std::vector<const tandem_precondition*> precondition_pointers_;
    std::vector<RawOperation> operations_;
    std::vector<const tandem_operation*> operation_pointers_;
    std::vector<tandem_change_set> change_sets_;
    std::vector<const tandem_change_set*> pointers_;
};

}  // namespace tandem::host
