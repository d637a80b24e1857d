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

struct Messages : host::RowTaker {
    using RowTaker::take;
    void take(const records::MessageView& row) override { found.push_back(our_message(row)); }
    std::vector<domain::Message> found;
};

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
    void take(const records::ConversationView& row) override {
        found.push_back({ours<domain::Conversation>(row), std::nullopt});
    }
    void take(const records::LeadView& row) override {
        if (!found.empty()) found.back().lead = ours<domain::Lead>(row);
    }
    std::vector<store::ConversationRow> found;
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

struct Due : host::RowTaker {
    using RowTaker::take;
    void take(const records::OwedView& row) override { found.push_back(ours<store::Owed>(row)); }
    std::vector<store::Owed> found;
};

struct History : host::RowTaker {
    using RowTaker::take;
    void take(const records::StatusLineView& row) override {
        found.push_back(ours<store::Status>(row));
    }
    std::vector<store::Status> found;
};

class StoreProxy : public store::Store {
public:
    explicit StoreProxy(host::Store store) : store_(store) {}

    Result<void> migrate() override { return result(store_.migrate()); }
    Result<void> health() override { return result(store_.health()); }

    Result<std::vector<store::Outcome>> commit(
        const std::vector<const store::ChangeSet*>& batch) override {
        const RecordBatch raw(batch);
        std::vector<records::CommitResult> results;
        const host::Outcome outcome = store_.commit(raw.change_sets(), results);
        if (!outcome.ok()) return error_of(outcome);
        std::vector<store::Outcome> outcomes;
        outcomes.reserve(results.size());
        for (records::CommitResult& from : results) outcomes.push_back(outcome_of(std::move(from)));
        return outcomes;
    }

    Result<store::Snapshot> snapshot(const std::string& organization, const std::string& address,
                                     unsigned message_limit) override {
        SnapshotTaker taker;
        const auto outcome = store_.snapshot(organization, address, message_limit, taker);
        // An address without a conversation is an answer, with the lead there may be.
        if (outcome.status == TANDEM_NOT_FOUND) return std::move(taker.found);
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Lead> lead(const std::string& organization, const std::string& id) override {
        One<records::LeadView, domain::Lead> one;
        return one.result(store_.lead(organization, id, one));
    }

    Result<std::vector<domain::Message>> messages(const std::string& organization,
                                                  const std::string& address, int64_t before,
                                                  unsigned limit) override {
        Messages taker;
        const auto outcome = store_.messages(organization, address, before, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<domain::Message> message(const std::string& organization,
                                    const std::string& id) override {
        One<records::MessageView, domain::Message> one;
        return one.result(store_.message(organization, id, one));
    }

    Result<domain::Message> message_by_provider_id(const std::string& organization,
                                                   const std::string& instance,
                                                   const std::string& provider_id) override {
        One<records::MessageView, domain::Message> one;
        return one.result(store_.message_by_provider_id(organization, instance, provider_id, one));
    }

    Result<domain::Call> call_by_provider_id(const std::string& organization,
                                             const std::string& instance,
                                             const std::string& provider_id) override {
        One<records::CallView, domain::Call> one;
        return one.result(store_.call_by_provider_id(organization, instance, provider_id, one));
    }

    Result<std::vector<store::ConversationRow>> conversations(const std::string& organization,
                                                              Time before_activity,
                                                              const std::string& before_address,
                                                              unsigned limit) override {
        Conversations taker;
        const auto outcome = store_.conversations(
            organization, before_activity.time_since_epoch().count(), before_address, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<store::JournalPage> journal(const std::string& organization, int64_t after,
                                       const std::string& address, unsigned limit) override {
        Journal taker;
        const auto outcome = store_.journal(organization, after, address, limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<std::vector<store::Owed>> due(store::OwedKind kind, Time now, unsigned limit) override {
        Due taker;
        const auto outcome =
            store_.due(static_cast<uint32_t>(kind), now.time_since_epoch().count(), limit, taker);
        return result(outcome, std::move(taker.found));
    }

    Result<void> trim_journal(const std::string& organization, int64_t keep) override {
        return result(store_.trim_journal(organization, keep));
    }

    Result<std::vector<store::Status>> status_history(const std::string& organization,
                                                      const std::string& message_id,
                                                      unsigned limit) override {
        History taker;
        const auto outcome = store_.status_history(organization, message_id, limit, taker);
        for (store::Status& line : taker.found) line.message_id = message_id;
        return result(outcome, std::move(taker.found));
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
