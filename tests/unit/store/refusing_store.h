#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace tandem::testing {

/// A store that answers Unsupported to everything: what fakes are made from, so that each says
/// only what its test is about.
class RefusingStore : public store::Store {
public:
    using Text = const std::string&;
    template <typename Row>
    using Rows = Result<std::vector<Row>>;

    Result<void> migrate() override { return refusal(); }
    Result<void> health() override { return refusal(); }
    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>&) override {
        return refusal();
    }
    Result<store::Snapshot> snapshot(Text, Text, unsigned) override { return refusal(); }
    Result<domain::Lead> lead(Text, Text) override { return refusal(); }
    Rows<domain::Message> messages(Text, Text, int64_t, unsigned) override { return refusal(); }
    Result<domain::Message> message(Text, Text) override { return refusal(); }
    Result<domain::Message> message_by_provider_id(Text, Text, Text) override { return refusal(); }
    Result<domain::Call> call_by_provider_id(Text, Text, Text) override { return refusal(); }
    Result<store::Listed<store::ConversationRow>> conversations(Text,
                                                                const store::ListQuery&) override {
        return refusal();
    }
    Result<store::JournalPage> journal(Text, int64_t, Text, unsigned) override { return refusal(); }
    Rows<store::Owed> due(store::OwedKind, Time, unsigned) override { return refusal(); }
    Result<void> trim_journal(Text, int64_t) override { return refusal(); }
    Rows<store::Status> status_history(Text, Text, unsigned) override { return refusal(); }
    Result<domain::Call> call(Text, Text) override { return refusal(); }
    Result<domain::Call> call_by_line(Text, Text) override { return refusal(); }
    Rows<domain::Call> calls(Text, const store::ListQuery&) override { return refusal(); }
    Rows<domain::Message> call_turns(Text, Text, unsigned) override { return refusal(); }
    Rows<domain::Lead> leads(Text, const store::ListQuery&) override { return refusal(); }
    Result<domain::Lead> lead_by_address(Text, Text) override { return refusal(); }
    Rows<domain::ControlSession> sessions(Text, const store::ListQuery&) override {
        return refusal();
    }
    Rows<domain::Message> messages_by_delivery(Text, Text, domain::Delivery, unsigned) override {
        return refusal();
    }
    Rows<store::Owed> owed(Text, bool, Text, unsigned) override { return refusal(); }
    Result<store::Owed> owed_row(Text, Text) override { return refusal(); }
    Result<bool> remembered(Text, Text, Text) override { return refusal(); }
    Rows<store::Note> notes(Text, Text, Text, Time, unsigned) override { return refusal(); }
    Rows<store::AuditLine> audit(Text, Text, unsigned) override { return refusal(); }
    Result<void> end_leases(Time) override { return refusal(); }
    Result<void> compact() override { return refusal(); }
    Result<void> forget(Text, Time, Time) override { return refusal(); }

protected:
    static Error refusal() { return {Code::Unsupported, "this store refuses everything"}; }
};

}  // namespace tandem::testing
