#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.h"
#include "tandem/host/store.hpp"

/// What the checks of a store share: a store in hand, records to write, and all rows that a
/// read gave.
namespace tandem::check {

namespace records = plugin::store;

/// A moment long gone; checks count from it.
constexpr tandem_time some_time = 1700000000000;

/// The rows of one read, as copies.
struct TakenRows : host::RowTaker {
    using RowTaker::take;
    void position(const records::PositionView& row) override {
        ++positions;
        // The position must come before the rows that it stands for.
        position_first = position_first && rows == 0;
        epoch = row.epoch;
        offset = row.offset;
        oldest = row.oldest;
    }
    void take(const records::LeadView& row) override { keep(leads, row); }
    void take(const records::ConversationView& row) override { keep(conversations, row); }
    void take(const records::MessageView& row) override { keep(messages, row); }
    void take(const records::EventView& row) override { keep(events, row); }
    void take(const records::OwedView& row) override { keep(owed, row); }
    void take(const records::SessionView& row) override { keep(sessions, row); }
    void take(const records::CallView& row) override { keep(calls, row); }
    void take(const records::StatusLineView& row) override { keep(lines, row); }
    void take(const records::NoteView& row) override { keep(notes, row); }
    void take(const records::AuditLineView& row) override { keep(audit, row); }

    template <typename Record, typename View>
    void keep(std::vector<Record>& to, const View& row) {
        to.push_back(records::converted<Record>(row));
        ++rows;
    }

    tandem_status status = TANDEM_OK;
    size_t positions = 0, rows = 0;
    bool position_first = true;
    std::string epoch;
    int64_t offset = -1, oldest = -1;
    std::vector<records::Lead> leads;
    std::vector<records::Conversation> conversations;
    std::vector<records::Message> messages;
    std::vector<records::Event> events;
    std::vector<records::Owed> owed;
    std::vector<records::Session> sessions;
    std::vector<records::Call> calls;
    std::vector<records::StatusLine> lines;
    std::vector<records::Note> notes;
    std::vector<records::AuditLine> audit;
};

/// The values of one member of all rows, to be compared with what was expected.
template <typename Record, typename Member>
std::vector<Member> each(const std::vector<Record>& rows, Member Record::*member) {
    std::vector<Member> values;
    for (const Record& row : rows) values.push_back(row.*member);
    return values;
}

/// A started and migrated store. Confined to one thread but for the reads.
class StoreInHand {
public:
    explicit StoreInHand(Check& check) : check_(check) { start(); }

    const host::Store& store() const { return store_; }
    host::Instance& instance() { return *instance_; }

    /// Ends the instance and makes another one with the same options.
    void restart();

    std::vector<records::CommitResult> commit(const std::vector<records::ChangeSet>& batch);
    records::CommitResult commit(const std::string& organization,
                                 std::vector<records::Precondition> preconditions,
                                 std::vector<records::Operation> operations);
    records::CommitResult commit(const std::string& organization,
                                 std::vector<records::Operation> operations) {
        return commit(organization, {}, std::move(operations));
    }
    /// Commits and expects that it works.
    void write(const std::string& organization, std::vector<records::Operation> operations);
    /// Whether these preconditions hold now; nothing is written.
    bool holds(const std::string& organization, records::Precondition precondition);

    TakenRows snapshot(const std::string& organization, const std::string& address,
                       uint32_t limit = 50);
    TakenRows lead(const std::string& organization, const std::string& id);
    TakenRows messages(const std::string& organization, const std::string& address, int64_t before,
                       uint32_t limit);
    TakenRows message(const std::string& organization, const std::string& id);
    TakenRows message_by_provider_id(const std::string& organization, const std::string& instance,
                                     const std::string& provider_id);
    TakenRows call_by_provider_id(const std::string& organization, const std::string& instance,
                                  const std::string& provider_id);
    TakenRows conversations(const std::string& organization, const records::ListQuery& query);
    TakenRows journal(const std::string& organization, int64_t after, uint32_t limit,
                      const std::string& address = {});
    TakenRows due(uint32_t kind, tandem_time now, uint32_t limit = 100);
    TakenRows history(const std::string& organization, const std::string& message_id);
    TakenRows call(const std::string& organization, const std::string& id);
    TakenRows call_by_line(const std::string& organization, const std::string& line_id);
    TakenRows calls(const std::string& organization, const records::ListQuery& query);
    TakenRows call_turns(const std::string& organization, const std::string& call_id,
                         uint32_t limit);
    TakenRows leads(const std::string& organization, const records::ListQuery& query);
    TakenRows lead_by_address(const std::string& organization, const std::string& address);
    TakenRows sessions(const std::string& organization, const records::ListQuery& query);
    TakenRows messages_by_delivery(const std::string& organization, const std::string& address,
                                   uint32_t delivery, uint32_t limit);
    TakenRows owed(const std::string& organization, bool dead, const std::string& after_id,
                   uint32_t limit);
    TakenRows owed_row(const std::string& organization, const std::string& id);
    bool remembered(const std::string& organization, const std::string& scope,
                    const std::string& key);
    TakenRows notes(const std::string& organization, const std::string& scope,
                    const std::string& key_prefix, tandem_time now, uint32_t limit);
    TakenRows audit(const std::string& organization, const std::string& before_id, uint32_t limit);

private:
    void start();
    template <typename Read>
    TakenRows read(const char* call, bool with_position, Read&& reading);

    Check& check_;
    host::Instance* instance_ = nullptr;
    host::Store store_;
};

/// A query of the first page.
inline records::ListQuery first(uint32_t limit) {
    records::ListQuery query;
    query.limit = limit;
    return query;
}

// Records with what they need; the views are the caller's or literals.

inline records::ConversationView conversation(std::string_view address,
                                              tandem_time last_activity_at = some_time) {
    records::ConversationView made;
    made.address = address;
    made.last_activity_at = last_activity_at;
    return made;
}
inline records::LeadView lead(std::string_view id, std::string_view address) {
    records::LeadView made;
    made.id = id;
    made.address = address;
    return made;
}
inline records::MessageView message(std::string_view id, std::string_view address,
                                    std::string_view content = "hello") {
    records::MessageView made;
    made.id = id;
    made.address = address;
    made.content = content;
    made.author = made.type = made.direction = made.delivery = 1;
    made.at = some_time;
    return made;
}
inline records::EventView event(std::string_view id, std::string_view address = {}) {
    records::EventView made;
    made.id = id;
    made.type = "checked";
    made.address = address;
    made.payload = "{}";
    made.at = some_time;
    return made;
}
inline records::SessionView session(std::string_view id, std::string_view address, uint32_t state) {
    records::SessionView made;
    made.id = id;
    made.address = address;
    made.state = state;
    return made;
}
inline records::OwedView owed(std::string_view id, uint32_t kind, tandem_time due_at,
                              std::string_view merge_key = {}) {
    records::OwedView made;
    made.id = id;
    made.kind = kind;
    made.due_at = due_at;
    made.merge_key = merge_key;
    return made;
}
inline records::Status status(std::string_view message_id, uint32_t delivery) {
    records::Status made;
    made.message_id = message_id;
    made.delivery = delivery;
    made.at = some_time;
    return made;
}
inline records::Settle settle(std::string_view owed_id, uint32_t outcome, tandem_time due_at = 0,
                              std::string_view last_error = {}) {
    records::Settle made;
    made.owed_id = owed_id;
    made.outcome = outcome;
    made.due_at = due_at;
    made.last_error = last_error;
    return made;
}

}  // namespace tandem::check
