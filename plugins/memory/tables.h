#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/plugin/store_records.hpp"

/// What the memory store keeps, and how a ChangeSet changes it. Not safe from threads: its
/// owner locks.
namespace tandem::memory {

namespace records = plugin::store;

using Pair = std::pair<std::string, std::string>;

/// One address: its conversation, if version is not 0, and what counts before there is one.
struct Talk {
    records::Conversation conversation;
    int64_t last_number = 0;
};

/// All of one organisation; nothing in it points to another.
struct Organization {
    std::map<std::string, records::Lead, std::less<>> leads;
    std::map<std::string, std::string, std::less<>> lead_by_address;
    std::map<std::string, Talk, std::less<>> talks;
    std::map<std::string, records::Message, std::less<>> messages;
    std::map<std::pair<std::string, int64_t>, std::string> message_by_number;  // (address, number)
    std::map<Pair, std::string> message_by_provider_id;                        // (instance, id)
    std::map<std::pair<std::string, int64_t>, records::StatusLine> history;    // (message, line)
    std::map<std::string, records::Session, std::less<>> sessions;
    std::map<std::string, std::string, std::less<>> open_session_by_address;
    std::map<std::string, records::Call, std::less<>> calls;
    std::map<std::string, records::Owed, std::less<>> owed;
    std::map<Pair, std::string> dedupe;  // (scope, key) to the body's hash
    std::string journal_epoch;
    int64_t head = 0;
    std::map<int64_t, records::Event> journal;    // by offset
    std::map<Pair, records::Note> notes;          // (scope, key)
    std::map<int64_t, records::AuditLine> audit;  // by number of appending
    std::map<std::string, int64_t, std::less<>> audit_by_id;
};

using Organizations = std::map<std::string, Organization, std::less<>>;

/// Writes the ChangeSets of one commit. Destroyed without `keep`, it leaves no trace.
class Writer {
public:
    explicit Writer(Organizations& organizations) : organizations_(organizations) {}
    ~Writer() { roll_back(0); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// A ChangeSet that fails leaves no trace; the others stay.
    records::CommitResult apply(const records::ChangeSet& change_set);
    void keep() { undo_.clear(); }

    /// What an organisation does not want to keep any longer; see the store's `forget`.
    void forget(Organization& organization, tandem_time now, tandem_time messages_before);

private:
    void roll_back(size_t mark);

    bool holds(const records::DedupeNew& wanted, bool& same_body) const;
    bool holds(const records::VersionIs& wanted) const;
    bool holds(const records::EpochIs& wanted) const;
    bool holds(const records::SessionOpen& wanted) const;
    bool holds(const records::OwedUnclaimed& wanted) const;
    bool holds(const records::OwedClaimed& wanted) const;
    bool holds(const records::OwedDead& wanted) const;
    bool holds(const records::NoteIs& wanted) const;

    void write(const records::LeadView& lead);
    void write(const records::ConversationView& conversation);
    void write(const records::MessageView& message);
    void write(const records::EventView& event);
    void write(const records::SessionView& session);
    void write(const records::CallView& call);
    void write(const records::OwedView& owed);
    void write(const records::Status& status);
    void write(const records::Claim& claim);
    void write(const records::Settle& settle);
    void write(const records::Dedupe& dedupe);
    void write(const records::NoteView& note);
    void write(const records::ForgetNote& forgotten);
    void write(const records::AuditLineView& line);
    void write(const records::Revive& revive);
    void write(const records::Erase& erase);
    void erase_message(const std::string& id);

    Talk talk(std::string_view address) const;
    records::Owed owed_row(std::string_view id) const;
    records::Owed* unclaimed_with(std::string_view merge_key, std::string_view but_id);
    void take_provider_id(const records::Message& message);

    // All changes go through these, so that each can be taken back.
    template <typename Map>
    void put(Map& map, typename Map::key_type key, typename Map::mapped_type value);
    template <typename Map>
    void erase(Map& map, typename Map::key_type key);
    /// Of a map of records all those of the address.
    template <typename Map>
    void erase_of(Map& map, std::string_view address);

    Organizations& organizations_;
    Organization* organization_ = nullptr;     // of the ChangeSet in hand
    std::string organization_name_;            // the same
    records::CommitResult* result_ = nullptr;  // the same
    std::vector<std::function<void()>> undo_;  // in the order of the changes
};

/// Whether a note counts at this moment.
inline bool lives(const records::Note& note, tandem_time now) {
    return note.expires_at == 0 || note.expires_at > now;
}

/// A new journal's epoch: random lower-case hex.
std::string mint_epoch();

}  // namespace tandem::memory
