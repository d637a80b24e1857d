/* tandem/abi/responder.h: tandem.responder/1, the AI's answer to one turn. */
#ifndef TANDEM_ABI_RESPONDER_H
#define TANDEM_ABI_RESPONDER_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_RESPONDER "tandem.responder/1"

/* Growable. */
typedef struct tandem_turn {
    uint32_t size;
    uint32_t deadline_ms;
    tandem_view turn_id;  /* ours; the same when the turn is tried again */
    tandem_view customer; /* E.164 */
    tandem_view text;     /* what the customer wrote and nobody answered yet */
    const tandem_pair *variables; /* the dynamic variables of the contract */
    size_t variable_count;
} tandem_turn;

/* Growable. */
typedef struct tandem_reply_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] A piece of the answer, in order. STOP: nobody wants it any more. */
    tandem_status (*text)(void *context, tandem_view piece);
    /* [sink] The AI asks for a person instead of, or beside, its answer. */
    void (*needs_human)(void *context, tandem_view reason);
} tandem_reply_sink;

/* Growable. */
typedef struct tandem_responder {
    uint32_t size;
    uint32_t reserved;
    /* [worker] Blocks until the answer is complete or the deadline is over. */
    tandem_status (*respond)(void *self, const tandem_turn *turn, const tandem_reply_sink *sink,
                             tandem_error *error);
} tandem_responder;

#ifdef __cplusplus
}
#endif

#endif
