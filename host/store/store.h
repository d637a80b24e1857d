#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/conversation.h"
#include "domain/event.h"
#include "domain/message.h"
#include "domain/organization_id.h"
#include "domain/waiting.h"

/// The store port: everything durable goes in as ChangeSets, and comes out by narrow
/// reads that each see one snapshot.
namespace tandem::store {

// Preconditions: all are looked at before anything is written.

/// The key was never remembered in this scope.
struct DedupeNew {
    std::string scope, key, body_hash;
};
/// The conversation has this version; 0: there is none.
struct VersionIs {
    std::string address;
    int64_t version = 0;
};
/// The conversation has this control epoch: nobody joined or left since.
struct EpochIs {
    std::string address;
    int64_t control_epoch = 0;
};
struct SessionOpen {
    std::string session_id;
};
struct OwedUnclaimed {
    std::string owed_id;
    Time now{};
};
/// This worker's claim is still the last one.
struct OwedClaimed {
    std::string owed_id, worker;
};
/// The row is dead: kept for an operator.
struct OwedDead {
    std::string owed_id;
};
/// The note has this value; nothing: there is none (an expired one counts as absent).
struct NoteIs {
    std::string scope, key;
    std::optional<std::string> value;
    Time now{};
};
using Precondition = std::variant<DedupeNew, VersionIs, EpochIs, SessionOpen, OwedUnclaimed,
                                  OwedClaimed, OwedDead, NoteIs>;

enum class OwedKind { AiTurn = 1, Send = 2, Call = 3 };

/// Work that is owed to a provider or a customer.
struct Owed {
    std::string id;
    OwedKind kind = OwedKind::Send;
    domain::OrganizationId organization;  // filled in reads
    std::string address;
    std::string instance;
    std::string subject_id;
    std::string merge_key;  // at most one unclaimed row of this key; empty: no merging
    std::string payload_json;
    int64_t control_epoch = -1;  // the epoch it stands under; -1: none
    int64_t attempts = 0;        // the store's
    Time due_at{};
    Time expires_at{};  // epoch zero: never
    Time lease_until{};
    std::string worker;
    std::string last_error;
    bool dead = false;  // the store's: kept for an operator
};

// Operations, done in order.

/// A message's delivery from now on, with a line in its history.
struct Status {
    std::string message_id;
    domain::Delivery delivery = domain::Delivery::Unknown;
    bool keep_delivery = false;  // only a line in the history
    std::string provider_id, provider_word, error_code, error_text;
    Time at{};
};
struct Owe {
    Owed owed;
};
struct Claim {
    std::string owed_id, worker;
    Time lease_until{};
};
enum class Settlement { Done = 1, Retry = 2, Dead = 3 };
struct Settle {
    std::string owed_id;
    Settlement settlement = Settlement::Done;
    Time due_at{};
    std::string last_error;
};
struct Dedupe {
    std::string scope, key, body_hash;
    Time at{};
};
/// Something small, remembered for a while: a watermark, a parked status, the answer to an
/// idempotent request. Unique by (organisation, scope, key).
struct Note {
    std::string scope, key, value;
    Time at{};
    Time expires_at{};    // epoch zero: never
    std::string address;  // whom it is about, so that it goes with them; empty: nobody
};
struct ForgetNote {
    std::string scope, key;
};
/// Who did what.
struct AuditLine {
    std::string id;
    std::string actor;    // a token's subject, `ai`, `operator`, `system`
    std::string action;   // send, join, leave, transfer, call, export, erase …
    std::string address;  // whom it was about
    std::string subject;  // the message, session, call …
    std::string detail_json;
    Time at{};
};
/// A dead row is due again, with no attempts.
struct Revive {
    std::string owed_id;
    Time due_at{};
    Time expires_at{};
    std::string payload_json;
};
/// All that is stored of an address goes, but dedupe keys, and audit lines: these lose their
/// detail and have `keep_as`, a keyed hash, for an address.
struct Erase {
    std::string address;
    std::string keep_as;
};
using Operation = std::variant<domain::Lead, domain::Conversation, domain::Message, domain::Event,
                               domain::ControlSession, domain::Call, Status, Owe, Claim, Settle,
                               Dedupe, Note, ForgetNote, AuditLine, Revive, Erase>;

/// Atomic, of one organisation: all of it is written or nothing.
struct ChangeSet {
    domain::OrganizationId organization;
    std::vector<Precondition> preconditions;
    std::vector<Operation> operations;
};

/// What became of a ChangeSet that reached the disk or was refused by it.
struct Outcome {
    enum class Kind { Committed, PreconditionFailed, Refused };
    Kind kind = Kind::Committed;
    size_t failed_precondition = 0;  // index, with PreconditionFailed
    bool same_body = false;          // with DedupeNew failed: a true repetition
    std::string text;                // with Refused: why, for the log
    std::string journal_epoch;
    int64_t first_offset = 0;  // of its first event; the others follow densely
};

/// One instant of a conversation, with the journal position it stands for.
struct Snapshot {
    domain::Position position;
    int64_t oldest = 0;  // of the journal; 0: nothing kept
    std::optional<domain::Conversation> conversation;
    std::optional<domain::Lead> lead;
    std::optional<domain::ControlSession> session;  // the open one
    std::optional<domain::Call> active_call;
    std::vector<domain::Message> messages;  // oldest first
};

/// Events of the journal after a position.
struct JournalPage {
    domain::Position head;  // the newest in this snapshot
    int64_t oldest = 0;
    std::vector<domain::Event> events;
};

struct ConversationRow {
    domain::Conversation conversation;
    std::optional<domain::Lead> lead;
    std::optional<domain::ControlSession> session;  // the open one
    std::optional<domain::Call> active_call;
    std::optional<domain::Message> last_message;
};

/// Which rows of a list, newest first; what is zero, empty or absent asks nothing.
struct ListQuery {
    unsigned limit = 50;
    Time before_at{};  // rows below (before_at, before_key)
    std::string before_key;
    std::optional<bool> under_control, needs_human;     // of conversations
    std::optional<domain::SessionState> session_state;  // of sessions
    Time idle_since{};                                  // of sessions: last active then or before
    bool active_only = false;                           // of calls
    std::string text;      // part of a name, an e-mail address or an address; ASCII in any case
    std::string address;   // of sessions and calls
    std::string agent_id;  // of sessions
};

/// Rows of one snapshot, with the journal position it stands for.
template <typename Row>
struct Listed {
    domain::Position position;
    std::vector<Row> rows;
};

/// What a storage plugin offers. Reads are safe from any thread; `commit` has one
/// caller at a time, the committer.
class Store {
public:
    virtual ~Store() = default;

    /// Brings an older schema up; Conflict: the data is of a newer version.
    virtual Result<void> migrate() = 0;
    /// Fails while nothing can be written.
    virtual Result<void> health() = 0;
    /// One outcome for each ChangeSet, in order, once all of them are durable. A
    /// failure means that nothing of the batch was written.
    virtual Result<std::vector<Outcome>> commit(const std::vector<const ChangeSet*>& batch) = 0;

    virtual Result<Snapshot> snapshot(const domain::OrganizationId& organization,
                                      const std::string& address, unsigned message_limit) = 0;
    virtual Result<domain::Lead> lead(const domain::OrganizationId& organization,
                                      const std::string& id) = 0;
    /// Newest first, with numbers below `before` (0: from the newest).
    virtual Result<std::vector<domain::Message>> messages(
        const domain::OrganizationId& organization, const std::string& address, int64_t before,
        unsigned limit) = 0;
    virtual Result<domain::Message> message(const domain::OrganizationId& organization,
                                            const std::string& id) = 0;
    virtual Result<domain::Message> message_by_provider_id(
        const domain::OrganizationId& organization, const std::string& instance,
        const std::string& provider_id) = 0;
    virtual Result<domain::Call> call_by_provider_id(const domain::OrganizationId& organization,
                                                     const std::string& instance,
                                                     const std::string& provider_id) = 0;
    /// By newest activity; the key is the address.
    virtual Result<Listed<ConversationRow>> conversations(
        const domain::OrganizationId& organization, const ListQuery& query) = 0;
    /// Offsets above `after`, oldest first; with an address only that conversation's.
    virtual Result<JournalPage> journal(const domain::OrganizationId& organization, int64_t after,
                                        const std::string& address, unsigned limit) = 0;
    /// Unclaimed work of this kind that is due, oldest first, of all organisations.
    virtual Result<std::vector<Owed>> due(OwedKind kind, Time now, unsigned limit) = 0;
    /// Forgets events beyond the newest `keep`; some may stay.
    virtual Result<void> trim_journal(const domain::OrganizationId& organization, int64_t keep) = 0;
    /// What providers said of a message, oldest first.
    virtual Result<std::vector<Status>> status_history(const domain::OrganizationId& organization,
                                                       const std::string& message_id,
                                                       unsigned limit) = 0;
    virtual Result<domain::Call> call(const domain::OrganizationId& organization,
                                      const std::string& id) = 0;
    /// The newest on the line, whichever instance speaks on it.
    virtual Result<domain::Call> call_by_line(const domain::OrganizationId& organization,
                                              const std::string& line_id) = 0;
    /// By newest start; the key is the id.
    virtual Result<std::vector<domain::Call>> calls(const domain::OrganizationId& organization,
                                                    const ListQuery& query) = 0;
    /// What was said in a call, in order.
    virtual Result<std::vector<domain::Message>> call_turns(
        const domain::OrganizationId& organization, const std::string& call_id, unsigned limit) = 0;
    /// By newest creation; the key is the id.
    virtual Result<std::vector<domain::Lead>> leads(const domain::OrganizationId& organization,
                                                    const ListQuery& query) = 0;
    virtual Result<domain::Lead> lead_by_address(const domain::OrganizationId& organization,
                                                 const std::string& address) = 0;
    /// By newest start; the key is the id.
    virtual Result<std::vector<domain::ControlSession>> sessions(
        const domain::OrganizationId& organization, const ListQuery& query) = 0;
    /// Newest first. Quick for Superseded; by another delivery it may walk all messages.
    virtual Result<std::vector<domain::Message>> messages_by_delivery(
        const domain::OrganizationId& organization, const std::string& address,
        domain::Delivery delivery, unsigned limit) = 0;
    /// Dead rows, or living ones, in the order of their ids, which is that of their making:
    /// those above this id (empty: from the first), whatever became of its row.
    virtual Result<std::vector<Owed>> owed(const domain::OrganizationId& organization, bool dead,
                                           const std::string& after_id, unsigned limit) = 0;
    virtual Result<Owed> owed_row(const domain::OrganizationId& organization,
                                  const std::string& id) = 0;
    virtual Result<bool> remembered(const domain::OrganizationId& organization,
                                    const std::string& scope, const std::string& key) = 0;
    /// Notes of a scope whose key begins so and that did not expire, in key order.
    virtual Result<std::vector<Note>> notes(const domain::OrganizationId& organization,
                                            const std::string& scope, const std::string& key_prefix,
                                            Time now, unsigned limit) = 0;
    /// Newest first, below the line of this id (empty: from the newest). NotFound: there is no
    /// such line.
    virtual Result<std::vector<AuditLine>> audit(const domain::OrganizationId& organization,
                                                 const std::string& before_id, unsigned limit) = 0;

    /// After migrate, before the first commit: where this process alone has the data, the
    /// leases of processes before it end. Unsupported by a store that others share.
    virtual Result<void> end_leases(Time now) = 0;
    /// Leaves nothing of what was erased in any file. May be long; commits wait.
    virtual Result<void> compact() = 0;
    /// Forgets expired notes, and messages and ended calls from before `messages_before`
    /// (epoch zero: none) that no owed work is about. Works for a few seconds at most; the
    /// next call goes on. Commits go on beside it.
    virtual Result<void> forget(const domain::OrganizationId& organization, Time now,
                                Time messages_before) = 0;
};

/// Which customer messages a human dealt with, as the note of the conversation says; of a
/// store without notes none.
Result<domain::Processed> read_processed(Store& store, const domain::OrganizationId& organization,
                                         const std::string& address, Time now);
/// The note that says so.
Note processed_note(const std::string& address, const domain::Processed& processed, Time now);
/// Puts older messages before those of the snapshot until they tell all that is unanswered, or
/// are a thousand.
Result<void> reach_unanswered(Store& store, const domain::OrganizationId& organization,
                              const std::string& address, const domain::Processed& processed,
                              Snapshot& snapshot);

/// The way in for all rooms: takes a ChangeSet and tells what became of it, after the
/// commit, on the committer's thread. Bounded: answers false, without calling `done`,
/// when it is full or stopping.
class Committer {
public:
    using Done = std::function<void(Result<Outcome>)>;

    virtual ~Committer() = default;
    virtual bool submit(ChangeSet change_set, Done done) = 0;
    /// Waits for the outcome; for workers that own their thread, never for handlers.
    virtual Result<Outcome> commit(ChangeSet change_set) = 0;
};

/// What an erasing ChangeSet writes beside its Erase: files still hold what it erased. It stands
/// until `finish_erasures`, over a full disk and the end of the process. `name` is whom, as a
/// keyed hash; `deed` tells one erasure of them from another.
Note unfinished_erasure(const std::string& name, const std::string& deed, Time now);
/// Where such notes stand whose name begins so (empty: any), compacts and forgets them. False:
/// none stands. Takes as long as `compact`.
Result<bool> finish_erasures(Store& store, Committer& committer,
                             const domain::OrganizationId& organization, const std::string& name,
                             Time now);

/// Someone who must learn of all events that were committed: the audience of the journal.
/// Called on the committer's thread, in journal order, before the `done` callbacks of the
/// same batch; must neither block nor throw.
class CommitListener {
public:
    virtual ~CommitListener() = default;
    /// A ChangeSet that was committed and has at least one event. Its events got the
    /// offsets from `outcome.first_offset` on. Both arguments live until the return.
    virtual void committed(const ChangeSet& change_set, const Outcome& outcome) = 0;
    /// All of one transaction was told; what was gathered may go out now.
    virtual void batch_ended() {}
};

/// One queue for each conversation: tasks of one conversation run one after another, so
/// that read, decide and commit of one seldom meets another's; different conversations
/// run side by side. It saves work only: what must be right is a precondition.
/// Safe from any thread.
class Lanes {
public:
    /// Lets the next task of the conversation begin. Any thread, once; dropping all its
    /// copies does the same.
    using Release = std::function<void()>;
    using Task = std::function<void(Release)>;

    virtual ~Lanes() = default;
    /// Runs the task soon on a worker. False, with the task dropped, when it is full or
    /// stopping.
    virtual bool run(const std::string& organization, const std::string& address, Task task) = 0;
};

}  // namespace tandem::store
