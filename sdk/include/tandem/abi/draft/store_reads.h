/* tandem/abi/draft/store_reads.h: tandem.store.reads/1, narrow and paged.
 *
 * A draft. Each call reads one snapshot and pushes rows; `position` is the head
 * of the organisation's journal in that same snapshot, pushed first (not by
 * `due`, which reads over all organisations). An organisation without events has
 * the position ("", 0). Any number of calls run at once, beside a commit.
 */
#ifndef TANDEM_ABI_DRAFT_STORE_READS_H
#define TANDEM_ABI_DRAFT_STORE_READS_H

#include "tandem/abi/draft/store_records.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_STORE_READS "tandem.store.reads/1"

/* Frozen. A journal's place: the epoch changes when history was lost. */
typedef struct tandem_position {
    tandem_view epoch;
    int64_t offset; /* of the newest event; 0: none yet */
    int64_t oldest; /* of the oldest event still kept; 0: none kept */
} tandem_position;

/* Growable. Takes rows of any kind; a null function is not called. */
typedef struct tandem_row_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] each; STOP ends the read, which then answers OK. */
    tandem_status (*position)(void *context, const tandem_position *position);
    tandem_status (*lead)(void *context, const tandem_lead *lead);
    tandem_status (*conversation)(void *context, const tandem_conversation *conversation);
    tandem_status (*message)(void *context, const tandem_message *message);
    tandem_status (*event)(void *context, const tandem_journal_event *event);
    tandem_status (*owed)(void *context, const tandem_owed *owed);
    tandem_status (*session)(void *context, const tandem_control_session *session);
    tandem_status (*call)(void *context, const tandem_call *call);
    tandem_status (*status_line)(void *context, const tandem_status_line *line);
    tandem_status (*note)(void *context, const tandem_note *note);
    tandem_status (*audit_line)(void *context, const tandem_audit_line *line);
} tandem_row_sink;

/* Growable. Which rows of a list, newest first and by descending key within one instant;
 * what is zero or empty asks nothing. */
typedef struct tandem_list_query {
    uint32_t size;
    uint32_t limit;
    tandem_time before_at;     /* rows below (before_at, before_key); zero: from the newest */
    tandem_view before_key;    /* of conversations the address, else the id */
    uint32_t under_control;    /* 1: only those that a human holds; 2: only the others */
    uint32_t needs_human;      /* 1: only those that need one; 2: only the others */
    uint32_t session_state;    /* of sessions: only those in this state */
    uint32_t active;           /* of calls: 1, only those that last */
    tandem_time idle_since;    /* of sessions: only those with last_activity_at <= this */
    tandem_view text;          /* of conversations and leads: part of a name, an e-mail address
                                  or an address; ASCII letters in any case */
    tandem_view address;       /* of sessions and calls: only this one's */
    tandem_view agent_id;      /* of sessions: only this agent's */
} tandem_list_query;

/* Growable. */
typedef struct tandem_store_reads {
    uint32_t size;
    uint32_t reserved;
    /* [worker] All of a conversation at one instant: position, conversation,
     * lead, the open session, active calls, and its last `message_limit`
     * messages, oldest first. NOT_FOUND (after position, and lead if there is
     * one) if the address has no conversation. */
    tandem_status (*snapshot)(void *self, tandem_view organization, tandem_view address,
                              uint32_t message_limit, const tandem_row_sink *sink,
                              tandem_error *error);
    /* [worker] One lead, by id. NOT_FOUND. */
    tandem_status (*lead)(void *self, tandem_view organization, tandem_view id,
                          const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Messages with a number below `before` (0: from the newest),
     * newest first, at most `limit`. */
    tandem_status (*messages)(void *self, tandem_view organization, tandem_view address,
                              int64_t before, uint32_t limit, const tandem_row_sink *sink,
                              tandem_error *error);
    /* [worker] One message, by id. NOT_FOUND. */
    tandem_status (*message)(void *self, tandem_view organization, tandem_view id,
                             const tandem_row_sink *sink, tandem_error *error);
    /* [worker] One message, by the provider's id. NOT_FOUND. */
    tandem_status (*message_by_provider_id)(void *self, tandem_view organization,
                                            tandem_view instance, tandem_view provider_id,
                                            const tandem_row_sink *sink, tandem_error *error);
    /* [worker] One call, by the line's id or the voice provider's. NOT_FOUND. */
    tandem_status (*call_by_provider_id)(void *self, tandem_view organization, tandem_view instance,
                                         tandem_view provider_id, const tandem_row_sink *sink,
                                         tandem_error *error);
    /* [worker] Conversations by last_activity_at; the key is the address. Each comes as its
     * conversation and then its lead, open session, active calls and last message that is not
     * of type TANDEM_MESSAGE_SYSTEM, where it has them. */
    tandem_status (*conversations)(void *self, tandem_view organization,
                                   const tandem_list_query *query, const tandem_row_sink *sink,
                                   tandem_error *error);
    /* [worker] Events with an offset above `after`, oldest first, at most
     * `limit`; with an address only that conversation's. */
    tandem_status (*journal)(void *self, tandem_view organization, int64_t after,
                             tandem_view address, uint32_t limit, const tandem_row_sink *sink,
                             tandem_error *error);
    /* [worker] Unclaimed, living rows of this kind with due_at <= now, oldest
     * first, over all organisations. */
    tandem_status (*due)(void *self, uint32_t kind, tandem_time now, uint32_t limit,
                         const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Forgets journal events beyond the newest `keep`; some may stay. */
    tandem_status (*trim_journal)(void *self, tandem_view organization, int64_t keep,
                                  tandem_error *error);
    /* [worker] A message's history, oldest line first, at most `limit` lines. An
     * id that does not exist has none. */
    tandem_status (*status_history)(void *self, tandem_view organization, tandem_view message_id,
                                    uint32_t limit, const tandem_row_sink *sink,
                                    tandem_error *error);
    /* [worker] One call, by our id. NOT_FOUND. */
    tandem_status (*call)(void *self, tandem_view organization, tandem_view id,
                          const tandem_row_sink *sink, tandem_error *error);
    /* [worker] The newest call on a line, whichever instance speaks on it. NOT_FOUND. */
    tandem_status (*call_by_line)(void *self, tandem_view organization, tandem_view line_id,
                                  const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Calls by started_at; the key is the id. */
    tandem_status (*calls)(void *self, tandem_view organization, const tandem_list_query *query,
                           const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Messages with this call_id, by number, at most `limit`. */
    tandem_status (*call_turns)(void *self, tandem_view organization, tandem_view call_id,
                                uint32_t limit, const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Leads by created_at; the key is the id. */
    tandem_status (*leads)(void *self, tandem_view organization, const tandem_list_query *query,
                           const tandem_row_sink *sink, tandem_error *error);
    /* [worker] The lead of an address. NOT_FOUND. */
    tandem_status (*lead_by_address)(void *self, tandem_view organization, tandem_view address,
                                     const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Control sessions by started_at; the key is the id. */
    tandem_status (*sessions)(void *self, tandem_view organization, const tandem_list_query *query,
                              const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Messages of an address with this delivery, newest first, at most `limit`. Made
     * for TANDEM_DELIVERY_SUPERSEDED; by another one it may walk the whole conversation. */
    tandem_status (*messages_by_delivery)(void *self, tandem_view organization,
                                          tandem_view address, uint32_t delivery, uint32_t limit,
                                          const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Owed rows of an organisation, dead ones (1) or living ones (0), by id, those
     * above `after_id`, which need not be there any more; empty: from the first. */
    tandem_status (*owed)(void *self, tandem_view organization, uint32_t dead,
                          tandem_view after_id, uint32_t limit, const tandem_row_sink *sink,
                          tandem_error *error);
    /* [worker] One owed row, by id. NOT_FOUND. */
    tandem_status (*owed_row)(void *self, tandem_view organization, tandem_view id,
                              const tandem_row_sink *sink, tandem_error *error);
    /* [worker] OK: the dedupe key is remembered in this scope. NOT_FOUND. */
    tandem_status (*remembered)(void *self, tandem_view organization, tandem_view scope,
                                tandem_view key, tandem_error *error);
    /* [worker] Living notes at `now` of a scope whose key begins so, in key order. */
    tandem_status (*notes)(void *self, tandem_view organization, tandem_view scope,
                           tandem_view key_prefix, tandem_time now, uint32_t limit,
                           const tandem_row_sink *sink, tandem_error *error);
    /* [worker] Audit lines, last appended first, from before the line `before_id`; empty: from
     * the newest. NOT_FOUND if there is no such line. */
    tandem_status (*audit)(void *self, tandem_view organization, tandem_view before_id,
                           uint32_t limit, const tandem_row_sink *sink, tandem_error *error);
} tandem_store_reads;

#ifdef __cplusplus
}
#endif

#endif
