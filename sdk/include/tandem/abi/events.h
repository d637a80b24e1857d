/* tandem/abi/events.h: what happened at a provider, in our words.
 *
 * The same structs come out of tandem.webhook/1 normalise and go into
 * tandem.host.events/1. They name the business's address and the customer's,
 * never an organisation: the host finds that from the business's address, and
 * scopes `dedupe_key` by (organisation, instance).
 */
#ifndef TANDEM_ABI_EVENTS_H
#define TANDEM_ABI_EVENTS_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_EVENTS "tandem.host.events/1"

#define TANDEM_EVENT_MESSAGE_RECEIVED 1
#define TANDEM_EVENT_MESSAGE_STATUS 2
#define TANDEM_EVENT_CALL_STARTED 3
#define TANDEM_EVENT_CALL_ENDED 4
#define TANDEM_EVENT_CALL_STATUS 5

/* Growable, and the beginning of each event below: read `kind`, then cast. */
typedef struct tandem_event {
    uint32_t size;
    uint32_t kind;
    tandem_view dedupe_key;       /* the same for a repeated delivery, for ever */
    tandem_view business_address; /* as the provider wrote it: +1555…, whatsapp:+1555…;
                                   * absent: the one organisation that this instance serves */
    tandem_view customer_address; /* likewise; empty: withheld */
    tandem_time happened_at;      /* the provider's own time, or zero */
} tandem_event;

/* Growable. A reference to media; never fetched unasked. */
typedef struct tandem_media {
    uint32_t size;
    uint32_t reserved;
    tandem_view url;
    tandem_view content_type;
} tandem_media;

/* The provider's own word on opting out, where it has one. */
#define TANDEM_OPT_NONE 0
#define TANDEM_OPT_STOP 1
#define TANDEM_OPT_START 2
#define TANDEM_OPT_HELP 3

/* Growable. A customer wrote. */
typedef struct tandem_message_received {
    tandem_event event;
    tandem_view provider_id; /* the provider's id of the message */
    tandem_view text;        /* UTF-8, may be empty with media; the host replaces NUL */
    const tandem_media *const *media;
    size_t media_count;
    tandem_view sender_name; /* a profile name, or absent */
    uint32_t opt;            /* TANDEM_OPT_* */
    uint32_t reserved;
} tandem_message_received;

/* The words of a message's life. Unknown to the receiver: OTHER. */
#define TANDEM_DELIVERY_OTHER 0
#define TANDEM_DELIVERY_QUEUED 1
#define TANDEM_DELIVERY_SENDING 2
#define TANDEM_DELIVERY_SENT 3
#define TANDEM_DELIVERY_DELIVERED 4
#define TANDEM_DELIVERY_UNDELIVERED 5
#define TANDEM_DELIVERY_FAILED 6
#define TANDEM_DELIVERY_READ 7

/* Growable. The provider tells what became of a message of ours. */
typedef struct tandem_message_status {
    tandem_event event;
    tandem_view provider_id;
    tandem_view message_id; /* our own id, where the provider gives it back */
    uint32_t delivery;      /* TANDEM_DELIVERY_* */
    uint32_t opt;           /* TANDEM_OPT_STOP: the provider blocks a customer who opted out */
    tandem_view provider_word; /* as the provider wrote it */
    tandem_view error_code;
    tandem_view error_text;
} tandem_message_status;

#define TANDEM_CALL_INBOUND 1
#define TANDEM_CALL_OUTBOUND 2

/* Growable. A call began. With `asks_context` the answer is made by
 * render_context, from what the host knows of the customer. */
typedef struct tandem_call_started {
    tandem_event event;
    tandem_view call_id;         /* the line's id: Twilio's CallSid */
    tandem_view conversation_id; /* the voice provider's id, where known yet */
    uint32_t direction;          /* TANDEM_CALL_* */
    uint32_t asks_context;       /* 0 or 1 */
    tandem_view our_call_id;     /* as start_call was given it, where the provider has it */
} tandem_call_started;

#define TANDEM_OUTCOME_UNKNOWN 0
#define TANDEM_OUTCOME_SUCCESS 1
#define TANDEM_OUTCOME_FAILURE 2
#define TANDEM_OUTCOME_NEVER_CONNECTED 3

#define TANDEM_SPEAKER_CUSTOMER 1
#define TANDEM_SPEAKER_AI 2
#define TANDEM_SPEAKER_HUMAN 3

/* Growable. One turn of a call's transcript. */
typedef struct tandem_call_turn {
    uint32_t size;
    uint32_t speaker; /* TANDEM_SPEAKER_* */
    uint32_t seconds; /* since the beginning of the call */
    uint32_t reserved;
    tandem_view text;
} tandem_call_turn;

/* Growable. A call is over, or never came about. */
typedef struct tandem_call_ended {
    tandem_event event;
    tandem_view call_id;
    tandem_view conversation_id;
    uint32_t direction;
    uint32_t outcome; /* TANDEM_OUTCOME_* */
    uint32_t duration_s;
    uint32_t reserved;
    tandem_view failure_reason;
    tandem_view summary;
    tandem_view analysis_json; /* a JSON object, or absent */
    const tandem_call_turn *const *turns;
    size_t turn_count;
    tandem_view our_call_id; /* as start_call was given it, where the provider has it */
} tandem_call_ended;

/* The life of a phone line. Unknown to the receiver: OTHER. */
#define TANDEM_LINE_OTHER 0
#define TANDEM_LINE_RINGING 1
#define TANDEM_LINE_ANSWERED 2
#define TANDEM_LINE_COMPLETED 3 /* it was answered, and is over */
#define TANDEM_LINE_BUSY 4
#define TANDEM_LINE_NO_ANSWER 5
#define TANDEM_LINE_FAILED 6
#define TANDEM_LINE_CANCELED 7

/* Growable. The carrier tells what became of a phone line. Whoever speaks on it may be
 * another instance's: the call is found by the line's id alone. */
typedef struct tandem_call_status {
    tandem_event event;
    tandem_view call_id; /* the line's id */
    uint32_t line;       /* TANDEM_LINE_* */
    uint32_t duration_s; /* with COMPLETED */
    tandem_view provider_word;
    tandem_view error_code;
} tandem_call_status;

/* Growable. Takes events one by one; copies them. */
typedef struct tandem_event_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] STOP: no more, please. */
    tandem_status (*event)(void *context, const tandem_event *event);
} tandem_event_sink;

/* Growable. For what a plugin learns outside of a webhook. */
typedef struct tandem_host_events {
    uint32_t size;
    uint32_t reserved;
    /* [any] Hands an event to the host; never blocks. LIMITED: the host's queue
     * is full, try again later. */
    tandem_status (*emit)(void *self, const tandem_event *event);
} tandem_host_events;

#ifdef __cplusplus
}
#endif

#endif
