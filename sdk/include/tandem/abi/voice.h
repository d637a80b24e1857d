/* tandem/abi/voice.h: tandem.voice/1, calls to a customer. */
#ifndef TANDEM_ABI_VOICE_H
#define TANDEM_ABI_VOICE_H

#include "tandem/abi/base.h"
#include "tandem/abi/channel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_VOICE "tandem.voice/1"

/* Growable. */
typedef struct tandem_outbound_call {
    uint32_t size;
    uint32_t deadline_ms;
    tandem_view call_id; /* ours; the provider gives it back where it can */
    tandem_view from;
    tandem_view to;
    const tandem_pair *variables; /* the context for the AI */
    size_t variable_count;
    uint32_t ring_s; /* how long to let it ring; 0: the provider's own */
    uint32_t reserved;
} tandem_outbound_call;

/* Growable. */
typedef struct tandem_voice {
    uint32_t size;
    uint32_t reserved;
    /* [worker] Starts an AI call. The receipt's provider_id is the voice provider's
     * conversation id, its line_id the line's. UNSUPPORTED by an instance that only
     * carries lines (hang_up, transfer). */
    tandem_status (*start_call)(void *self, const tandem_outbound_call *call,
                                const tandem_receipt_sink *sink, tandem_error *error);
    /* [worker] Ends a live call, by the line's id. */
    tandem_status (*hang_up)(void *self, tandem_view provider_call_id, tandem_error *error);
    /* [worker] Connects a live call to a person's phone. */
    tandem_status (*transfer)(void *self, tandem_view provider_call_id, tandem_view to,
                              tandem_error *error);
    /* [worker] What became of a start_call whose outcome is unknown, without calling
     * again; as tandem.channel/1 look_up. Null: the provider cannot be asked. */
    tandem_status (*look_up)(void *self, const tandem_outbound_call *call, tandem_time begun_at,
                             const tandem_receipt_sink *sink, tandem_error *error);
} tandem_voice;

#ifdef __cplusplus
}
#endif

#endif
