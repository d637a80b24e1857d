#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace tandem::testing {

/// A store that passes everything on to a sound one: for tests that disturb a few of its calls.
class PassingStore : public store::Store {
public:
    using Whose = const domain::OrganizationId&;
    using Text = const std::string&;
    template <typename Row>
    using Rows = Result<std::vector<Row>>;

    explicit PassingStore(std::shared_ptr<store::Store> sound) : sound_(std::move(sound)) {}

    Result<void> migrate() override { return sound_->migrate(); }
    Result<void> health() override { return sound_->health(); }
    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>& batch) override {
        return sound_->commit(batch);
    }
    Result<store::Snapshot> snapshot(Whose organization, Text address, unsigned limit) override {
        return sound_->snapshot(organization, address, limit);
    }
    Result<domain::Lead> lead(Whose organization, Text id) override {
        return sound_->lead(organization, id);
    }
    Rows<domain::Message> messages(Whose organization, Text address, int64_t before,
                                   unsigned limit) override {
        return sound_->messages(organization, address, before, limit);
    }
    Result<domain::Message> message(Whose organization, Text id) override {
        return sound_->message(organization, id);
    }
    Result<domain::Message> message_by_provider_id(Whose organization, Text instance,
                                                   Text id) override {
        return sound_->message_by_provider_id(organization, instance, id);
    }
    Result<domain::Call> call_by_provider_id(Whose organization, Text instance, Text id) override {
        return sound_->call_by_provider_id(organization, instance, id);
    }
    Result<store::Listed<store::ConversationRow>> conversations(
        Whose organization, const store::ListQuery& query) override {
        return sound_->conversations(organization, query);
    }
    Result<store::JournalPage> journal(Whose organization, int64_t after, Text address,
                                       unsigned limit) override {
        return sound_->journal(organization, after, address, limit);
    }
    Rows<store::Owed> due(store::OwedKind kind, Time now, unsigned limit) override {
        return sound_->due(kind, now, limit);
    }
    Result<void> trim_journal(Whose organization, int64_t keep) override {
        return sound_->trim_journal(organization, keep);
    }
    Rows<store::Status> status_history(Whose organization, Text message_id,
                                       unsigned limit) override {
        return sound_->status_history(organization, message_id, limit);
    }
    Result<domain::Call> call(Whose organization, Text id) override {
        return sound_->call(organization, id);
    }
    Result<domain::Call> call_by_line(Whose organization, Text line_id) override {
        return sound_->call_by_line(organization, line_id);
    }
    Rows<domain::Call> calls(Whose organization, const store::ListQuery& query) override {
        return sound_->calls(organization, query);
    }
    Rows<domain::Message> call_turns(Whose organization, Text call_id, unsigned limit) override {
        return sound_->call_turns(organization, call_id, limit);
    }
    Rows<domain::Lead> leads(Whose organization, const store::ListQuery& query) override {
        return sound_->leads(organization, query);
    }
    Result<domain::Lead> lead_by_address(Whose organization, Text address) override {
        return sound_->lead_by_address(organization, address);
    }
    Rows<domain::ControlSession> sessions(Whose organization,
                                          const store::ListQuery& query) override {
        return sound_->sessions(organization, query);
    }
    Rows<domain::Message> messages_by_delivery(Whose organization, Text address,
                                               domain::Delivery delivery, unsigned limit) override {
        return sound_->messages_by_delivery(organization, address, delivery, limit);
    }
    Rows<store::Owed> owed(Whose organization, bool dead, Text after_id, unsigned limit) override {
        return sound_->owed(organization, dead, after_id, limit);
    }
    Result<store::Owed> owed_row(Whose organization, Text id) override {
        return sound_->owed_row(organization, id);
    }
    Result<bool> remembered(Whose organization, Text scope, Text key) override {
        return sound_->remembered(organization, scope, key);
    }
    Rows<store::Note> notes(Whose organization, Text scope, Text key_prefix, Time now,
                            unsigned limit) override {
        return sound_->notes(organization, scope, key_prefix, now, limit);
    }
    Rows<store::AuditLine> audit(Whose organization, Text before_id, unsigned limit) override {
        return sound_->audit(organization, before_id, limit);
    }
    Result<void> end_leases(Time now) override { return sound_->end_leases(now); }
    Result<void> compact() override { return sound_->compact(); }
    Result<void> forget(Whose organization, Time now, Time messages_before) override {
        return sound_->forget(organization, now, messages_before);
    }

protected:
    const std::shared_ptr<store::Store> sound_;
};

}  // namespace tandem::testing
