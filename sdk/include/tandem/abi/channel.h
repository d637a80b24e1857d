/* tandem/abi/channel.h: tandem.channel/1, texts to a customer. */
#ifndef TANDEM_ABI_CHANNEL_H
#define TANDEM_ABI_CHANNEL_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_CHANNEL "tandem.channel/1"

/* Growable. */
typedef struct tandem_outbound_message {
    uint32_t size;
    uint32_t deadline_ms;   /* for the whole call */
    tandem_view message_id; /* ours; to be found again in the status callback */
    tandem_view from;       /* a number of the organisation, E.164 */
    tandem_view to;
    tandem_view text;
    tandem_view status_url; /* where the provider may report, or absent */
} tandem_outbound_message;

/* What became of a send. The four are different things to the host. */
#define TANDEM_SEND_ACCEPTED 1 /* the provider has it; provider_id is set */
#define TANDEM_SEND_REFUSED 2  /* the provider said no, for good */
#define TANDEM_SEND_NOT_SENT 3 /* it was certainly not acted on; may be tried again */
#define TANDEM_SEND_UNKNOWN 4  /* sent, no usable answer; must not be repeated blindly */

/* Growable. */
typedef struct tandem_receipt {
    uint32_t size;
    uint32_t outcome;
    tandem_view provider_id;
    uint32_t delivery;       /* TANDEM_DELIVERY_* of events.h, as far as known */
    uint32_t retry_after_ms; /* with NOT_SENT: the provider's wish, or zero */
    tandem_view error_code;
    tandem_view error_text;
    uint32_t opted_out; /* 1: refused because the person opted out */
    uint32_t account_refused; /* 1: no send of this instance can succeed until somebody
                               * mends its account or its settings; the host holds them */
    tandem_view line_id;      /* of a call: the line's id (Twilio's CallSid), where known */
    uint32_t segments;        /* of a text, as the provider bills it; 0: not known */
    uint32_t reserved;
} tandem_receipt;

/* Growable. */
typedef struct tandem_receipt_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] Exactly once when the call returns OK. */
    void (*receipt)(void *context, const tandem_receipt *receipt);
} tandem_receipt_sink;

/* Growable. Filled by the plugin. */
typedef struct tandem_channel_limits {
    uint32_t size;
    uint32_t max_text_units; /* UTF-16 code units of one message */
} tandem_channel_limits;

/* Growable. */
typedef struct tandem_channel {
    uint32_t size;
    uint32_t reserved;
    /* [worker] Hands one message to the provider and says what became of it. A
     * failure status counts as UNKNOWN: a plugin that knows better says so in a
     * receipt. */
    tandem_status (*send)(void *self, const tandem_outbound_message *message,
                          const tandem_receipt_sink *sink, tandem_error *error);
    /* [any] */
    void (*limits)(void *self, tandem_channel_limits *limits);
    /* [worker] What became of a send whose outcome is unknown, without sending again:
     * ACCEPTED if the provider has the message, NOT_SENT if it certainly has not,
     * UNKNOWN if that cannot be told (yet). `begun_at` is when the send began. Null: the
     * provider cannot be asked. */
    tandem_status (*look_up)(void *self, const tandem_outbound_message *message,
                             tandem_time begun_at, const tandem_receipt_sink *sink,
                             tandem_error *error);
} tandem_channel;

#ifdef __cplusplus
}
#endif

#endif
