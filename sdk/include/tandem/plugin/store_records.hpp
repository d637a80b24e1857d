#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tandem/abi/draft/store.h"
#include "tandem/abi/draft/store_reads.h"

/// What a store keeps and is told, as plain C++ records.
///
/// A record comes twice: with texts of its own (`Lead`), and with views of somebody else's
/// (`LeadView`). What a member means stands in tandem/abi/draft/store_records.h.
namespace tandem::plugin::store {

template <typename Text>
struct LeadOf {
    using Raw = tandem_lead;
    Text id{}, address{}, customer_name{}, email{}, status{}, source{}, attributes_json{};
    tandem_time created_at = 0, updated_at = 0;
};

template <typename Text>
struct ConversationOf {
    using Raw = tandem_conversation;
    Text address{}, lead_id{}, needs_human{}, summary{}, business_number{};
    uint32_t opted_out = 0;
    int64_t waiting = 0;
    tandem_time created_at = 0, last_activity_at = 0;
    int64_t version = 0, control_epoch = 0, message_count = 0, call_count = 0;
};

template <typename Text>
struct MessageOf {
    using Raw = tandem_message;
    uint32_t author = 0, type = 0, direction = 0, delivery = 0;
    int64_t number = 0;
    Text id{}, address{}, content{}, provider_id{}, instance{}, agent_id{}, agent_name{},
        session_id{}, call_id{}, media_json{}, error_code{}, error_text{};
    int64_t control_epoch = -1;
    tandem_time at = 0;
};

template <typename Text>
struct StatusLineOf {
    using Raw = tandem_status_line;
    uint32_t delivery = 0, keep_delivery = 0;
    Text provider_word{}, error_code{}, error_text{};
    tandem_time at = 0;
};

template <typename Text>
struct EventOf {
    using Raw = tandem_journal_event;
    int64_t offset = 0;
    Text id{}, type{}, address{}, payload{};
    tandem_time at = 0;
};

template <typename Text>
struct OwedOf {
    using Raw = tandem_owed;
    uint32_t kind = 0;
    Text id{}, organization{}, address{}, instance{}, subject_id{}, merge_key{}, payload_json{};
    int64_t control_epoch = -1, attempts = 0;
    tandem_time due_at = 0, expires_at = 0, lease_until = 0;
    Text worker{}, last_error{};
    uint32_t dead = 0;
};

template <typename Text>
struct SessionOf {
    using Raw = tandem_control_session;
    uint32_t state = 0;
    Text id{}, address{}, agent_id{}, agent_name{}, record_json{};
    tandem_time started_at = 0, last_activity_at = 0, ended_at = 0;
};

template <typename Text>
struct CallOf {
    using Raw = tandem_call;
    uint32_t direction = 0, outcome = 0, active = 0;
    Text id{}, address{}, instance{}, line_id{}, conversation_id{}, summary{}, record_json{};
    int64_t duration_s = 0;
    tandem_time started_at = 0, ended_at = 0;
};

template <typename Text>
struct NoteOf {
    using Raw = tandem_note;
    Text scope{}, key{}, value{}, address{};
    tandem_time at = 0, expires_at = 0;
};

template <typename Text>
struct AuditLineOf {
    using Raw = tandem_audit_line;
    Text id{}, actor{}, action{}, address{}, subject{}, detail_json{};
    tandem_time at = 0;
};

using Lead = LeadOf<std::string>;
using Conversation = ConversationOf<std::string>;
using Message = MessageOf<std::string>;
using StatusLine = StatusLineOf<std::string>;
using Event = EventOf<std::string>;
using Owed = OwedOf<std::string>;
using Session = SessionOf<std::string>;
using Call = CallOf<std::string>;
using Note = NoteOf<std::string>;
using AuditLine = AuditLineOf<std::string>;

using LeadView = LeadOf<std::string_view>;
using ConversationView = ConversationOf<std::string_view>;
using MessageView = MessageOf<std::string_view>;
using StatusLineView = StatusLineOf<std::string_view>;
using EventView = EventOf<std::string_view>;
using OwedView = OwedOf<std::string_view>;
using SessionView = SessionOf<std::string_view>;
using CallView = CallOf<std::string_view>;
using NoteView = NoteOf<std::string_view>;
using AuditLineView = AuditLineOf<std::string_view>;

/// A journal's place in the snapshot of a read.
struct PositionView {
    std::string_view epoch;
    int64_t offset = 0, oldest = 0;
};

/// Which rows of a list; what it means stands in tandem/abi/draft/store_reads.h.
struct ListQuery {
    using Raw = tandem_list_query;
    uint32_t limit = 0;
    tandem_time before_at = 0;
    std::string_view before_key;
    uint32_t under_control = 0, needs_human = 0, session_state = 0, active = 0;
    tandem_time idle_since = 0;
    std::string_view text, address, agent_id;
};

// Preconditions and the operations that are no records; what they mean stands in
// tandem/abi/draft/store.h. Their views live until commit returns.

struct DedupeNew {
    using Raw = tandem_require_dedupe_new;
    std::string_view scope, key, body_hash;
};
struct VersionIs {
    using Raw = tandem_require_version;
    std::string_view address;
    int64_t version = 0;
};
struct EpochIs {
    using Raw = tandem_require_epoch;
    std::string_view address;
    int64_t control_epoch = 0;
};
struct SessionOpen {
    using Raw = tandem_require_session_open;
    std::string_view session_id;
};
struct OwedUnclaimed {
    using Raw = tandem_require_owed_unclaimed;
    std::string_view owed_id;
    tandem_time now = 0;
};
struct OwedClaimed {
    using Raw = tandem_require_owed_claimed;
    std::string_view owed_id, worker;
};
struct OwedDead {
    using Raw = tandem_require_owed_dead;
    std::string_view owed_id;
};
struct NoteIs {
    using Raw = tandem_require_note;
    std::string_view scope, key;
    std::optional<std::string_view> value;  // nothing: there is no such note
    tandem_time now = 0;
};
using Precondition = std::variant<DedupeNew, VersionIs, EpochIs, SessionOpen, OwedUnclaimed,
                                  OwedClaimed, OwedDead, NoteIs>;

struct Status {
    using Raw = tandem_write_status;
    std::string_view message_id;
    uint32_t delivery = 0, keep_delivery = 0;
    std::string_view provider_id, provider_word, error_code, error_text;
    tandem_time at = 0;
};
struct Claim {
    using Raw = tandem_write_claim;
    std::string_view owed_id, worker;
    tandem_time lease_until = 0;
};
struct Settle {
    using Raw = tandem_write_settle;
    std::string_view owed_id;
    uint32_t outcome = 0;
    tandem_time due_at = 0;
    std::string_view last_error;
};
struct Dedupe {
    using Raw = tandem_write_dedupe;
    std::string_view scope, key, body_hash;
    tandem_time at = 0;
};
struct ForgetNote {
    using Raw = tandem_write_forget_note;
    std::string_view scope, key;
};
struct Revive {
    using Raw = tandem_write_revive;
    std::string_view owed_id;
    tandem_time due_at = 0, expires_at = 0;
    std::string_view payload_json;
};
struct Erase {
    using Raw = tandem_write_erase;
    std::string_view address, keep_as;
};
/// A record among the operations is written as its kind says; an OwedView is owed.
using Operation = std::variant<LeadView, ConversationView, MessageView, EventView, SessionView,
                               CallView, OwedView, Status, Claim, Settle, Dedupe, NoteView,
                               ForgetNote, AuditLineView, Revive, Erase>;

struct ChangeSet {
    std::string_view organization;
    std::vector<Precondition> preconditions;
    std::vector<Operation> operations;
};

constexpr uint32_t no_precondition = TANDEM_NO_PRECONDITION;

/// What became of one ChangeSet.
struct CommitResult {
    tandem_status code = TANDEM_OK;
    uint32_t failed_precondition = no_precondition;
    bool same_body = false;
    std::string text;  // why, if it failed
    std::string journal_epoch;
    int64_t first_offset = 0, event_count = 0;
};

}  // namespace tandem::plugin::store
