/* tandem/abi/draft/store.h: tandem.store/1, the one way to write.
 *
 * A draft. commit takes ChangeSets, each atomic and of one organisation: first
 * all its preconditions are looked at, in order, then all its operations are
 * done, in order. Those of one call follow one another, each seeing the ones
 * before it; a store may, and should, put them all into one transaction. One
 * that fails leaves no trace and does not disturb the others; a text with a NUL
 * byte fails with INVALID.
 *
 * One result is pushed for each, once everything is durable. If the transaction
 * as a whole fails, commit fails, nothing is pushed and nothing was written:
 * with CORRUPT if nobody knows what the disk holds (a failed fsync, damaged
 * pages); the host then ends, and never asks this instance again.
 */
#ifndef TANDEM_ABI_DRAFT_STORE_H
#define TANDEM_ABI_DRAFT_STORE_H

#include "tandem/abi/draft/store_records.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_STORE "tandem.store/1"

#define TANDEM_REQUIRE_DEDUPE_NEW 1
#define TANDEM_REQUIRE_VERSION 2
#define TANDEM_REQUIRE_EPOCH 3
#define TANDEM_REQUIRE_SESSION_OPEN 4
#define TANDEM_REQUIRE_OWED_UNCLAIMED 5
#define TANDEM_REQUIRE_OWED_CLAIMED 6
#define TANDEM_REQUIRE_OWED_DEAD 7
#define TANDEM_REQUIRE_NOTE 8

/* Growable, and the beginning of each precondition. A kind that the store does
 * not know fails the ChangeSet with UNSUPPORTED. */
typedef struct tandem_precondition {
    uint32_t size;
    uint32_t kind;
} tandem_precondition;

/* Growable. The key was never remembered in this scope. */
typedef struct tandem_require_dedupe_new {
    tandem_precondition precondition;
    tandem_view scope;
    tandem_view key;
    tandem_view body_hash; /* compared when the key is known: same_body */
} tandem_require_dedupe_new;

/* Growable. The conversation has this version; 0: there is none. */
typedef struct tandem_require_version {
    tandem_precondition precondition;
    tandem_view address;
    int64_t version;
} tandem_require_version;

/* Growable. The conversation exists and has this control epoch. */
typedef struct tandem_require_epoch {
    tandem_precondition precondition;
    tandem_view address;
    int64_t control_epoch;
} tandem_require_epoch;

/* Growable. */
typedef struct tandem_require_session_open {
    tandem_precondition precondition;
    tandem_view session_id;
} tandem_require_session_open;

/* Growable. The row exists, is not dead, and no lease holds it at `now`. */
typedef struct tandem_require_owed_unclaimed {
    tandem_precondition precondition;
    tandem_view owed_id;
    tandem_time now;
} tandem_require_owed_unclaimed;

/* Growable. The row exists and this worker's claim is the last one. */
typedef struct tandem_require_owed_claimed {
    tandem_precondition precondition;
    tandem_view owed_id;
    tandem_view worker;
} tandem_require_owed_claimed;

/* Growable. The row exists and is dead. */
typedef struct tandem_require_owed_dead {
    tandem_precondition precondition;
    tandem_view owed_id;
} tandem_require_owed_dead;

/* Growable. The note has this value at `now`; a null value: there is none. */
typedef struct tandem_require_note {
    tandem_precondition precondition;
    tandem_view scope;
    tandem_view key;
    tandem_view value;
    tandem_time now;
} tandem_require_note;

#define TANDEM_WRITE_LEAD 1
#define TANDEM_WRITE_CONVERSATION 2
#define TANDEM_WRITE_MESSAGE 3
#define TANDEM_WRITE_STATUS 4
#define TANDEM_WRITE_EVENT 5
#define TANDEM_WRITE_OWE 6
#define TANDEM_WRITE_CLAIM 7
#define TANDEM_WRITE_SETTLE 8
#define TANDEM_WRITE_DEDUPE 9
#define TANDEM_WRITE_CONTROL 10
#define TANDEM_WRITE_CALL 11
#define TANDEM_WRITE_NOTE 12
#define TANDEM_WRITE_FORGET_NOTE 13
#define TANDEM_WRITE_AUDIT 14
#define TANDEM_WRITE_REVIVE 15
#define TANDEM_WRITE_ERASE 16

/* Growable, and the beginning of each operation. */
typedef struct tandem_operation {
    uint32_t size;
    uint32_t kind;
} tandem_operation;

/* Growable. An operation that carries one record, by its kind:
 *   LEAD          insert, or replace the one of that id; CONFLICT if another
 *                 id has the address
 *   CONVERSATION  insert, or replace the one of that address; version + 1
 *   MESSAGE       insert; CONFLICT if the id, or the provider's id, exists
 *   EVENT         append to the organisation's journal
 *   OWE           insert, CONFLICT if the id exists; with a merge_key that an
 *                 unclaimed row has, that row takes this due_at, subject_id,
 *                 epoch and payload instead
 *   CONTROL       insert or replace the session of that id; control_epoch + 1;
 *                 CONFLICT if another one of the address is open
 *   CALL          insert, and call_count + 1, or replace the one of that id
 *   NOTE          insert, or replace the one of that scope and key
 *   AUDIT         append; CONFLICT if the id exists
 * They may come in any order: an address's numbers, counts and epoch go on from its
 * first use, also before there is a conversation.
 */
typedef struct tandem_write_record {
    tandem_operation operation;
    const void *record; /* of the kind's type; begins with its own size */
} tandem_write_record;

/* Growable. STATUS: a message's delivery, error code and error text as they are
 * from now on, and a line in its history. NOT_FOUND, and CONFLICT if another
 * message has the provider's id, fail the ChangeSet. */
typedef struct tandem_write_status {
    tandem_operation operation;
    tandem_view message_id;
    uint32_t delivery;
    uint32_t keep_delivery;  /* 1: only a line in the history */
    tandem_view provider_id; /* set if not empty */
    tandem_view provider_word;
    tandem_view error_code;
    tandem_view error_text;
    tandem_time at;
} tandem_write_status;

/* Growable. CLAIM: the row is this worker's until lease_until; attempts + 1.
 * NOT_FOUND, and CONFLICT if it is dead. A claim ends with the row's settlement;
 * a lease that ran out only lets others claim it. */
typedef struct tandem_write_claim {
    tandem_operation operation;
    tandem_view owed_id;
    tandem_view worker;
    tandem_time lease_until;
} tandem_write_claim;

#define TANDEM_SETTLE_DONE 1  /* the row goes */
#define TANDEM_SETTLE_RETRY 2 /* due again at due_at, unclaimed; the row goes if an
                                 unclaimed one has its merge_key, which covers it */
#define TANDEM_SETTLE_DEAD 3  /* kept for an operator, never due again */

/* Growable. SETTLE: NOT_FOUND fails the ChangeSet. */
typedef struct tandem_write_settle {
    tandem_operation operation;
    tandem_view owed_id;
    uint32_t outcome; /* TANDEM_SETTLE_* */
    uint32_t reserved;
    tandem_time due_at;
    tandem_view last_error;
} tandem_write_settle;

/* Growable. FORGET_NOTE: one that is not there is no failure. */
typedef struct tandem_write_forget_note {
    tandem_operation operation;
    tandem_view scope;
    tandem_view key;
} tandem_write_forget_note;

/* Growable. REVIVE: a dead row is due again at due_at, unclaimed, with no attempts and this
 * payload. NOT_FOUND, and CONFLICT if it is not dead or an unclaimed row has its merge_key. */
typedef struct tandem_write_revive {
    tandem_operation operation;
    tandem_view owed_id;
    tandem_time due_at;
    tandem_time expires_at;
    tandem_view payload_json;
} tandem_write_revive;

/* Growable. ERASE: the lead, conversation, messages, histories, calls, sessions, owed work,
 * notes and journal events of this address go from every table and, by the end of the next
 * `compact`, from every file; journal offsets stay as they are, with holes that reads skip.
 * Audit lines lose their detail and have `keep_as` for an address. Dedupe keys stay. */
typedef struct tandem_write_erase {
    tandem_operation operation;
    tandem_view address;
    tandem_view keep_as; /* a keyed hash that the host makes, or empty */
} tandem_write_erase;

/* Growable. DEDUPE: the key is remembered, for ever; one that is known stays as it
 * was remembered first. */
typedef struct tandem_write_dedupe {
    tandem_operation operation;
    tandem_view scope;
    tandem_view key;
    tandem_view body_hash;
    tandem_time at;
} tandem_write_dedupe;

/* Growable. */
typedef struct tandem_change_set {
    uint32_t size;
    uint32_t reserved;
    tandem_view organization;
    const tandem_precondition *const *preconditions;
    size_t precondition_count;
    const tandem_operation *const *operations;
    size_t operation_count;
} tandem_change_set;

#define TANDEM_NO_PRECONDITION 0xffffffffu

/* Growable. What became of one ChangeSet. */
typedef struct tandem_commit_result {
    uint32_t size;
    int32_t code; /* OK, or why not: CONFLICT (also each failed precondition),
                     NOT_FOUND, INVALID, UNSUPPORTED */
    uint32_t failed_precondition; /* its index, or TANDEM_NO_PRECONDITION */
    uint32_t same_body;           /* a known dedupe key came with the same body_hash */
    tandem_view journal_epoch;
    int64_t first_offset; /* of its first event; the others follow densely */
    int64_t event_count;
    tandem_view text; /* why not, for the log; absent with OK */
} tandem_commit_result;

/* Growable. */
typedef struct tandem_commit_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] Once for each ChangeSet, in order, after everything is durable. */
    void (*result)(void *context, size_t index, const tandem_commit_result *result);
} tandem_commit_sink;

/* Growable. */
typedef struct tandem_store {
    uint32_t size;
    uint32_t reserved;
    /* [setup] After start: brings an older schema to this one, step by step, each
     * step repeatable. CONFLICT: the data is of a newer version. */
    tandem_status (*migrate)(void *self, tandem_error *error);
    /* [worker] OK while it can write. */
    tandem_status (*health)(void *self, tandem_error *error);
    /* [worker] One caller at a time. See above. */
    tandem_status (*commit)(void *self, const tandem_change_set *const *change_sets, size_t count,
                            const tandem_commit_sink *sink, tandem_error *error);
    /* [setup] After migrate, before the first commit, if this process alone has the data:
     * every lease ends at `now`, because whoever held it is gone; `worker` stays, so that a
     * row tells that it was claimed. UNSUPPORTED by a store that others share. */
    tandem_status (*end_leases)(void *self, tandem_time now, tandem_error *error);
    /* [worker] Leaves nothing of what was erased in any file, and gives space back; may be
     * long, and holds commits back meanwhile. */
    tandem_status (*compact)(void *self, tandem_error *error);
    /* [worker] Of this organisation: forgets notes that expired by `now`, and messages with
     * their histories and ended calls from before `messages_before` (zero: none); some may
     * stay, and those do that owed work is about. In steps, so that commits wait for none of
     * them long; for a few seconds at most, and the next call goes on where it was. Numbers and
     * counts stay as they are: messages then begin above 1. */
    tandem_status (*forget)(void *self, tandem_view organization, tandem_time now,
                            tandem_time messages_before, tandem_error *error);
} tandem_store;

#ifdef __cplusplus
}
#endif

#endif
