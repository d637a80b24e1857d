/* tandem/abi/draft/store_records.h: what a store keeps, as plain records.
 *
 * A draft. Words that only the host interprets (author, delivery, kind …) are
 * integers that a store keeps as they are. JSON is text to a store.
 * A conversation is named by the customer's address, one per organisation and
 * address, for ever.
 */
#ifndef TANDEM_ABI_DRAFT_STORE_RECORDS_H
#define TANDEM_ABI_DRAFT_STORE_RECORDS_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Growable. Unique by (organisation, id) and by (organisation, address). */
typedef struct tandem_lead {
    uint32_t size;
    uint32_t reserved;
    tandem_view id;
    tandem_view address;
    tandem_view customer_name;
    tandem_view email;
    tandem_view status;
    tandem_view source;
    tandem_view attributes_json;
    tandem_time created_at;
    tandem_time updated_at;
} tandem_lead;

/* Growable. `version`, `control_epoch` and the counts are the store's; it ignores
 * them in a write. */
typedef struct tandem_conversation {
    uint32_t size;
    uint32_t opted_out; /* 0 or 1 */
    tandem_view address;
    tandem_view lead_id;
    tandem_view needs_human; /* the reason; empty: it does not */
    tandem_view summary;     /* of the last call */
    int64_t waiting;         /* customer messages that wait for a human */
    tandem_time created_at;
    tandem_time last_activity_at;
    int64_t version;         /* 0: absent; +1 with each put_conversation */
    int64_t control_epoch;   /* +1 with each control operation */
    int64_t message_count;   /* all but those of type TANDEM_MESSAGE_SYSTEM */
    int64_t call_count;      /* as many calls as it ever had */
    tandem_view business_number; /* of ours, to which the customer last turned, or empty */
} tandem_conversation;

#define TANDEM_MESSAGE_SYSTEM 3 /* the one type that a store knows */
#define TANDEM_DELIVERY_SUPERSEDED 11 /* the one delivery: what is asked for by it is rare */

/* Growable. `number` is the store's: 1, 2, 3 … within the conversation, in
 * commit order; ignored in a write. */
typedef struct tandem_message {
    uint32_t size;
    uint32_t author;
    uint32_t type;
    uint32_t direction;
    uint32_t delivery;
    uint32_t reserved;
    int64_t number;
    tandem_view id;
    tandem_view address;
    tandem_view content;
    tandem_view provider_id; /* unique by (organisation, instance, provider_id) if not empty */
    tandem_view instance;    /* the provider instance that carried it */
    tandem_view agent_id;
    tandem_view agent_name;
    tandem_view session_id;
    tandem_view call_id;    /* of a spoken turn: its call; else empty */
    tandem_view media_json; /* a JSON list, or empty */
    tandem_view error_code;
    tandem_view error_text;
    int64_t control_epoch; /* the epoch that an AI answer was computed for, else -1 */
    tandem_time at;
} tandem_message;

/* Growable. A line of a message's history, as a status operation wrote it. */
typedef struct tandem_status_line {
    uint32_t size;
    uint32_t delivery;
    uint32_t keep_delivery;
    uint32_t reserved;
    tandem_view provider_word;
    tandem_view error_code;
    tandem_view error_text;
    tandem_time at;
} tandem_status_line;

/* Growable. What screens see. `offset` is the store's: dense and increasing per
 * organisation in commit order; ignored in a write. */
typedef struct tandem_journal_event {
    uint32_t size;
    uint32_t reserved;
    int64_t offset;
    tandem_view id;
    tandem_view type;
    tandem_view address; /* empty: of the organisation as a whole */
    tandem_view payload; /* the event's JSON, final */
    tandem_time at;
} tandem_journal_event;

/* Growable. Work that is owed to a provider or a customer. */
typedef struct tandem_owed {
    uint32_t size;
    uint32_t kind;
    tandem_view id;
    tandem_view organization; /* filled in reads; ignored in a write */
    tandem_view address;
    tandem_view instance;   /* the provider instance that will do it */
    tandem_view subject_id; /* the message or call it is about */
    tandem_view merge_key;  /* empty, or: at most one unclaimed row of this key */
    tandem_view payload_json;
    int64_t control_epoch; /* the epoch it stands under, or -1: none */
    int64_t attempts;      /* the store's: +1 with each claim */
    tandem_time due_at;
    tandem_time expires_at; /* zero: never */
    tandem_time lease_until; /* zero: not claimed */
    tandem_view worker;      /* who holds the claim */
    tandem_view last_error;
    uint32_t dead; /* 0 or 1: kept for an operator; the store's, see SETTLE */
    uint32_t reserved;
} tandem_owed;

/* Growable. A human holds a conversation. At most one open one an address. */
typedef struct tandem_control_session {
    uint32_t size;
    uint32_t state; /* 1 open, 2 ended, 3 timed out */
    tandem_view id;
    tandem_view address;
    tandem_view agent_id;
    tandem_view agent_name;
    tandem_view record_json; /* everything else of the session */
    tandem_time started_at;
    tandem_time last_activity_at;
    tandem_time ended_at; /* zero while open */
} tandem_control_session;

/* Growable. A call, live or over. Unique by (organisation, id). */
typedef struct tandem_call {
    uint32_t size;
    uint32_t direction;
    uint32_t outcome;
    uint32_t active; /* 0 or 1 */
    tandem_view id;  /* ours */
    tandem_view address;
    tandem_view instance;
    tandem_view line_id;         /* the line's id: Twilio's CallSid */
    tandem_view conversation_id; /* the voice provider's id */
    tandem_view summary;
    tandem_view record_json; /* everything else of the call */
    int64_t duration_s;
    tandem_time started_at;
    tandem_time ended_at;
} tandem_call;

/* Growable. Something small that the host remembers for a while: a watermark, a parked
 * status, the answer to an idempotent request. Unique by (organisation, scope, key). */
typedef struct tandem_note {
    uint32_t size;
    uint32_t reserved;
    tandem_view scope;
    tandem_view key;
    tandem_view value;
    tandem_view address; /* whom it is about, so that it goes with them; or empty */
    tandem_time at;
    tandem_time expires_at; /* zero: never; from then on it counts as absent */
} tandem_note;

/* Growable. Who did what; kept for ever. */
typedef struct tandem_audit_line {
    uint32_t size;
    uint32_t reserved;
    tandem_view id;
    tandem_view actor;   /* a token's subject, `ai`, `operator`, `system` */
    tandem_view action;  /* send, join, leave, transfer, call, export, erase … */
    tandem_view address; /* whom it was about, or empty */
    tandem_view subject; /* the message, session, call … or empty */
    tandem_view detail_json;
    tandem_time at;
} tandem_audit_line;

#ifdef __cplusplus
}
#endif

#endif
