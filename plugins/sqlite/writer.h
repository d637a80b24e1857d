#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "binding.h"
#include "database.h"
#include "erasure.h"

/// How ChangeSets are written. Belongs to one thread at a time.
namespace tandem::sqlite {

class Writer {
public:
    explicit Writer(const Database& database);

    /// Writes all of them in one transaction; returns when they are durable. Throws a Fault
    /// if nothing was written, or, if it `is_damage`, if nobody knows.
    std::vector<records::CommitResult> commit(const std::vector<records::ChangeSet>& batch);

private:
    // Ends a ChangeSet that cannot be done.
    struct Refusal {
        tandem_status code;
        const char* text;
    };
    // A ChangeSet was refused after its first write, and there is no savepoint to go back
    // to: the whole batch is done again, with savepoints.
    struct NeedsSavepoints {};
    enum class Savepoints { No, Yes };
    struct Journal {
        std::string epoch;
        int64_t head = 0;
        bool changed = false;
    };

    std::vector<records::CommitResult> write(const std::vector<records::ChangeSet>& batch,
                                             Savepoints savepoints);
    records::CommitResult apply(const records::ChangeSet& change_set, Savepoints savepoints);
    bool preconditions_hold(const records::ChangeSet& change_set);
    void write_heads();
    Journal& journal();
    void count_ahead(const records::ChangeSet& change_set, size_t from);
    const std::string& key_of(std::string_view scope, std::string_view key);

    bool holds(const records::DedupeNew& wanted);
    bool holds(const records::VersionIs& wanted);
    bool holds(const records::EpochIs& wanted);
    bool holds(const records::SessionOpen& wanted);
    bool holds(const records::OwedUnclaimed& wanted);
    bool holds(const records::OwedClaimed& wanted);
    bool holds(const records::OwedDead& wanted);
    bool holds(const records::NoteIs& wanted);

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
    void retry(const records::Settle& settle);

    const Database& database_;
    Statement begin_, commit_, savepoint_, release_, back_;
    Statement find_dedupe_, find_versions_, find_session_, find_owed_;
    Statement put_lead_, put_conversation_, next_number_, put_message_, put_event_;
    Statement put_session_, count_epoch_, put_call_, change_call_, count_call_;
    Statement merge_owed_, put_owed_, claim_owed_, drop_owed_, retry_owed_, bury_owed_;
    Statement revive_owed_;
    Statement set_status_, set_provider_id_, has_message_, put_line_;
    Statement put_dedupe_, find_note_, put_note_, drop_note_, put_audit_;
    Statement find_journal_, put_journal_;
    Erasure erasure_;

    // Heads of the journals that were used; only this writer moves them. Forgotten when a
    // transaction fails.
    std::map<std::string, Journal, std::less<>> journals_;
    std::string_view organization_;            // of the ChangeSet in hand
    records::CommitResult* result_ = nullptr;  // the same
    bool wrote_ = false;                       // the same: it has changed something

    // Messages that follow their conversation in the ChangeSet in hand are counted with it,
    // in one statement.
    struct Ahead {
        std::string_view address;
        int64_t messages = 0, counted = 0;  // counted: those that are no system messages
        int64_t next_number = 0;
    } ahead_;
    // The key that was hashed last: a precondition and its operation have the same.
    struct {
        std::string organization, scope, key, hash;
    } hashed_;
};

/// The key under which something is remembered for ever: small, the same size for all, and
/// nobody can make two texts that share one (SHA-256, cut to 128 bits).
std::string dedupe_key(std::string_view organization, std::string_view scope, std::string_view key);

}  // namespace tandem::sqlite
