#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace tandem::testing {

/// A store that answers Unsupported to everything: what fakes are made from, so that each says
/// only what its test is about.
class RefusingStore : public store::Store {
public:
    using Whose = const domain::OrganizationId&;
    using Text = const std::string&;
    template <typename Row>
    using Rows = Result<std::vector<Row>>;

    Result<void> migrate() override { return refusal(); }
    Result<void> health() override { return refusal(); }
    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>&) override {
        return refusal();
    }
    Result<store::Snapshot> snapshot(Whose, Text, unsigned) override { return refusal(); }
    Result<domain::Lead> lead(Whose, Text) override { return refusal(); }
    Rows<domain::Message> messages(Whose, Text, int64_t, unsigned) override { return refusal(); }
    Result<domain::Message> message(Whose, Text) override { return refusal(); }
    Result<domain::Message> message_by_provider_id(Whose, Text, Text) override { return refusal(); }
    Result<domain::Call> call_by_provider_id(Whose, Text, Text) override { return refusal(); }
    Result<store::Listed<store::ConversationRow>> conversations(Whose,
                                                                const store::ListQuery&) override {
        return refusal();
    }
    Result<store::JournalPage> journal(Whose, int64_t, Text, unsigned) override {
        return refusal();
    }
    Rows<store::Owed> due(store::OwedKind, Time, unsigned) override { return refusal(); }
    Result<void> trim_journal(Whose, int64_t) override { return refusal(); }
    Rows<store::Status> status_history(Whose, Text, unsigned) override { return refusal(); }
    Result<domain::Call> call(Whose, Text) override { return refusal(); }
    Result<domain::Call> call_by_line(Whose, Text) override { return refusal(); }
    Rows<domain::Call> calls(Whose, const store::ListQuery&) override { return refusal(); }
    Rows<domain::Message> call_turns(Whose, Text, unsigned) override { return refusal(); }
    Rows<domain::Lead> leads(Whose, const store::ListQuery&) override { return refusal(); }
    Result<domain::Lead> lead_by_address(Whose, Text) override { return refusal(); }
    Rows<domain::ControlSession> sessions(Whose, const store::ListQuery&) override {
        return refusal();
    }
    Rows<domain::Message> messages_by_delivery(Whose, Text, domain::Delivery, unsigned) override {
        return refusal();
    }
    Rows<store::Owed> owed(Whose, bool, Text, unsigned) override { return refusal(); }
    Result<store::Owed> owed_row(Whose, Text) override { return refusal(); }
    Result<bool> remembered(Whose, Text, Text) override { return refusal(); }
    Rows<store::Note> notes(Whose, Text, Text, Time, unsigned) override { return refusal(); }
    Rows<store::AuditLine> audit(Whose, Text, unsigned) override { return refusal(); }
    Result<void> end_leases(Time) override { return refusal(); }
    Result<void> compact() override { return refusal(); }
    Result<void> forget(Whose, Time, Time) override { return refusal(); }

protected:
    static Error refusal() { return {Code::Unsupported, "this store refuses everything"}; }
};

}  // namespace tandem::testing
