#include "load/store_proxy.h"

#include <utility>

#include "load/code.h"
#include "load/store_records.h"
#include "tandem/abi/entry.h"
#include "tandem/host/store.hpp"

namespace tandem::load {

namespace {

Error error_of(const host::Outcome& outcome) {
    return {code_of(outcome.status), outcome.text, outcome.retry_after_ms};
}

template <typename Value>
Result<Value> result(const host::Outcome& outcome, Value&& value) {
    if (!outcome.ok()) return error_of(outcome);
    return std::forward<Value>(value);
}

Result<void> result(const host::Outcome& outcome) {
    if (!outcome.ok()) return error_of(outcome);
    return {};
}

store::Outcome outcome_of(records::CommitResult&& from) {
    store::Outcome made;
    made.text = std::move(from.text);
    made.same_body = from.same_body;
    made.journal_epoch = std::move(from.journal_epoch);
    made.first_offset = from.first_offset;
    if (from.code >= 0) return made;
    if (from.failed_precondition != records::no_precondition) {
        made.kind = store::Outcome::Kind::PreconditionFailed;
        made.failed_precondition = from.failed_precondition;
        return made;
    }
    made.kind = store::Outcome::Kind::Refused;
    made.text.insert(0, std::string(host::word(from.code)) + ": ");
    return made;
}

// Takes at most one row of a kind, of reads that give at most one.
template <typename View, typename Ours>
struct One : host::RowTaker {
    using RowTaker::take;
    void take(const View& row) override {
        if constexpr (std::is_same_v<View, records::MessageView>)
            found = our_message(row);
        else
            found = ours<Ours>(row);
    }
    Result<Ours> result(const host::Outcome& outcome) {
        if (!outcome.ok()) return error_of(outcome);
        if (!found) return Error{Code::Internal, "the store answered OK and gave no row"};
        return std::move(*found);
    }
    std::optional<Ours> found;
};

// Takes all rows of one kind.
template <typename View, typename Ours>
struct Many : host::RowTaker {
    using RowTaker::take;
    void take(const View& row) override {
        if constexpr (std::is_same_v<View, records::MessageView>)
            found.push_back(our_message(row));
        else
            found.push_back(ours<Ours>(row));
    }
    std::vector<Ours> found;
};
using Messages = Many<records::MessageView, domain::Message>;
using Calls = Many<records::CallView, domain::Call>;
using Leads = Many<records::LeadView, domain::Lead>;
using Sessions = Many<records::SessionView, domain::ControlSession>;
using OwedRows = Many<records::OwedView, store::Owed>;
using Notes = Many<records::NoteView, store::Note>;
using AuditLines = Many<records::AuditLineView, store::AuditLine>;
using History = Many<records::StatusLineView, store::Status>;

struct SnapshotTaker : host::RowTaker {
    using RowTaker::take;
    void position(const records::PositionView& row) override {
        found.position = {std::string(row.epoch), row.offset};
        found.oldest = row.oldest;
    }
    void take(const records::LeadView& row) override { found.lead = ours<domain::Lead>(row); }
    void take(const records::ConversationView& row) override {
        found.conversation = ours<domain::Conversation>(row);
    }
    void take(const records::SessionView& row) override {
        found.session = ours<domain::ControlSession>(row);
    }
    void take(const records::CallView& row) override {
        found.active_call = ours<domain::Call>(row);
    }
    void take(const records::MessageView& row) override {
        found.messages.push_back(our_message(row));
    }
    store::Snapshot found;
};

struct Conversations : host::RowTaker {
    using RowTaker::take;
    void position(const records::PositionView& row) override {
        found.position = {std::string(row.epoch), row.offset};
    }
    void take(const records::ConversationView& row) override {
        found.rows.emplace_back().conversation = ours<domain::Conversation>(row);
    }
    // What follows belongs to the conversation before it.
    void take(const records::LeadView& row) override {
        if (!found.rows.empty()) found.rows.back().lead = ours<domain::Lead>(row);
    }
    void take(const records::SessionView& row) override {
        if (!found.rows.empty()) found.rows.back().session = ours<domain::ControlSession>(row);
    }
    void take(const records::CallView& row) override {
        if (!found.rows.empty()) found.rows.back().active_call = ours<domain::Call>(row);
    }
    void take(const records::MessageView& row) override {
        if (!found.rows.empty()) found.rows.back().last_message = our_message(row);
    }
    store::Listed<store::ConversationRow> found;
};

struct Journal : host::RowTaker {
    using RowTaker::take;
    void position(const records::PositionView& row) override {
        found.head = {std::string(row.epoch), row.offset};
        found.oldest = row.oldest;
    }
    void take(const records::EventView& row) override {
        found.events.push_back(ours<domain::Event>(row));
    }
    store::JournalPage found;
};

int64_t raw(Time time) {
    return time.time_since_epoch().count();
}

class StoreProxy : public store::Store {
public:
    explicit StoreProxy(host::Store store) : store_(store) {}

    Result<void> migrate() override { return result(store_.migrate()); }
    Result<void> health() override { return result(store_.health()); }

    Result<std::vector<store::Outcome>> commit(
        const std::vector<const store::ChangeSet*>& batch) override {
        const RecordBatch made(batch);
        std::vector<records::CommitResult> results;
        const host::Outcome outcome = store_.commit(made.change_sets(), results);
        if (!outcome.ok()) return error_of(outcome);
        std::vector<store::Outcome> outcomes;
        outcomes.reserve(results.size());
        for (records::CommitResult& from : results) outcomes.push_back(outcome_of(std::move(from)));
        return outcomes;
    }

    Result<store::Snapshot> snapshot(const domain::OrganizationId& organization,
                                     const std::string& address, unsigned message_limit) override {
        SnapshotTaker taker;
        const auto outcome = store_.snapshot(organization, address, message_limit, taker);
        // An address without a conversation is an answer, with the lead there may be.
        if (outcome.status == TANDEM_NOT_FOUND) return std::move(taker.found);
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Lead> lead(const domain::OrganizationId& organization,
                              const std::string& id) override {
        One<records::LeadView, domain::Lead> one;
        return one.result(store_.lead(organization, id, one));
    }

    Result<std::vector<domain::Message>> messages(const domain::OrganizationId& organization,
                                                  const std::string& address, int64_t before,
                                                  unsigned limit) override {
        Messages taker;
        const auto outcome = store_.messages(organization, address, before, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Message> message(const domain::OrganizationId& organization,
                                    const std::string& id) override {
        One<records::MessageView, domain::Message> one;
        return one.result(store_.message(organization, id, one));
    }

    Result<domain::Message> message_by_provider_id(const domain::OrganizationId& organization,
                                                   const std::string& instance,
                                                   const std::string& provider_id) override {
        One<records::MessageView, domain::Message> one;
        return one.result(store_.message_by_provider_id(organization, instance, provider_id, one));
    }

    Result<domain::Call> call_by_provider_id(const domain::OrganizationId& organization,
                                             const std::string& instance,
                                             const std::string& provider_id) override {
        One<records::CallView, domain::Call> one;
        return one.result(store_.call_by_provider_id(organization, instance, provider_id, one));
    }

    Result<store::Listed<store::ConversationRow>> conversations(
        const domain::OrganizationId& organization, const store::ListQuery& query) override {
        Conversations taker;
        const auto outcome = store_.conversations(organization, list_query(query), taker);
        return result(outcome, std::move(taker.found));
    }

    Result<store::JournalPage> journal(const domain::OrganizationId& organization, int64_t after,
                                       const std::string& address, unsigned limit) override {
        Journal taker;
        const auto outcome = store_.journal(organization, after, address, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<store::Owed>> due(store::OwedKind kind, Time now, unsigned limit) override {
        OwedRows taker;
        const auto outcome = store_.due(static_cast<uint32_t>(kind), raw(now), limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<void> trim_journal(const domain::OrganizationId& organization, int64_t keep) override {
        return result(store_.trim_journal(organization, keep));
    }

    Result<std::vector<store::Status>> status_history(const domain::OrganizationId& organization,
                                                      const std::string& message_id,
                                                      unsigned limit) override {
        History taker;
        const auto outcome = store_.status_history(organization, message_id, limit, taker);
        for (store::Status& line : taker.found) line.message_id = message_id;
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Call> call(const domain::OrganizationId& organization,
                              const std::string& id) override {
        One<records::CallView, domain::Call> one;
        return one.result(store_.call(organization, id, one));
    }

    Result<domain::Call> call_by_line(const domain::OrganizationId& organization,
                                      const std::string& line_id) override {
        One<records::CallView, domain::Call> one;
        return one.result(store_.call_by_line(organization, line_id, one));
    }

    Result<std::vector<domain::Call>> calls(const domain::OrganizationId& organization,
                                            const store::ListQuery& query) override {
        Calls taker;
        const auto outcome = store_.calls(organization, list_query(query), taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<domain::Message>> call_turns(const domain::OrganizationId& organization,
                                                    const std::string& call_id,
                                                    unsigned limit) override {
        Messages taker;
        const auto outcome = store_.call_turns(organization, call_id, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<domain::Lead>> leads(const domain::OrganizationId& organization,
                                            const store::ListQuery& query) override {
        Leads taker;
        const auto outcome = store_.leads(organization, list_query(query), taker);
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Lead> lead_by_address(const domain::OrganizationId& organization,
                                         const std::string& address) override {
        One<records::LeadView, domain::Lead> one;
        return one.result(store_.lead_by_address(organization, address, one));
    }

    Result<std::vector<domain::ControlSession>> sessions(const domain::OrganizationId& organization,
                                                         const store::ListQuery& query) override {
        Sessions taker;
        const auto outcome = store_.sessions(organization, list_query(query), taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<domain::Message>> messages_by_delivery(
        const domain::OrganizationId& organization, const std::string& address,
        domain::Delivery delivery, unsigned limit) override {
        Messages taker;
        const auto outcome = store_.messages_by_delivery(
            organization, address, static_cast<uint32_t>(delivery), limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<store::Owed>> owed(const domain::OrganizationId& organization, bool dead,
                                          const std::string& after_id, unsigned limit) override {
        OwedRows taker;
        const auto outcome = store_.owed(organization, dead, after_id, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<store::Owed> owed_row(const domain::OrganizationId& organization,
                                 const std::string& id) override {
        One<records::OwedView, store::Owed> one;
        return one.result(store_.owed_row(organization, id, one));
    }

    Result<bool> remembered(const domain::OrganizationId& organization, const std::string& scope,
                            const std::string& key) override {
        const auto outcome = store_.remembered(organization, scope, key);
        if (outcome.status == TANDEM_NOT_FOUND) return false;
        return result(outcome, true);
    }

    Result<std::vector<store::Note>> notes(const domain::OrganizationId& organization,
                                           const std::string& scope, const std::string& key_prefix,
                                           Time now, unsigned limit) override {
        Notes taker;
        const auto outcome = store_.notes(organization, scope, key_prefix, raw(now), limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<store::AuditLine>> audit(const domain::OrganizationId& organization,
                                                const std::string& before_id,
                                                unsigned limit) override {
        AuditLines taker;
        const auto outcome = store_.audit(organization, before_id, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<void> end_leases(Time now) override { return result(store_.end_leases(raw(now))); }
    Result<void> compact() override { return result(store_.compact()); }
    Result<void> forget(const domain::OrganizationId& organization, Time now,
                        Time messages_before) override {
        return result(store_.forget(organization, raw(now), raw(messages_before)));
    }

private:
    const host::Store store_;
};

const void* table(const tandem_instance& instance, std::string_view id) {
    return instance.extension(instance.self, host::view(id));
}

}  // namespace

std::shared_ptr<store::Store> make_store_proxy(const tandem_instance& instance) {
    const host::Store store(instance.self, table(instance, TANDEM_STORE),
                            table(instance, TANDEM_STORE_READS));
    if (!store.complete()) return nullptr;
    return std::make_shared<StoreProxy>(store);
}

}  // namespace tandem::load
