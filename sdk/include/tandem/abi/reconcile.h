/* tandem/abi/reconcile.h: tandem.reconcile/1, what was missed is fetched.
 *
 * A webhook that nobody took is lost unless somebody asks. The host asks at start
 * and every few minutes; what comes goes through the same dedupe keys as webhooks,
 * so that saying something twice does no harm.
 */
#ifndef TANDEM_ABI_RECONCILE_H
#define TANDEM_ABI_RECONCILE_H

#include "tandem/abi/base.h"
#include "tandem/abi/events.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_RECONCILE "tandem.reconcile/1"

/* Growable. */
typedef struct tandem_missed_query {
    uint32_t size;
    uint32_t deadline_ms;                /* for the whole call */
    const tandem_view *business_numbers; /* E.164, of one organisation */
    size_t business_number_count;
    tandem_time since;
} tandem_missed_query;

/* Growable. */
typedef struct tandem_missed_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] 1: the host has the event of this dedupe key, its details need not be
     * fetched. */
    uint32_t (*known)(void *context, tandem_view dedupe_key);
    /* [sink] One event, as the webhook would have said it. STOP: no more, please. */
    tandem_status (*event)(void *context, const tandem_event *event);
    /* [sink] All that the provider has from before this instant was pushed or is known;
     * the next query begins there. Without it the next one repeats this `since`. */
    void (*complete_until)(void *context, tandem_time until);
} tandem_missed_sink;

/* Growable. */
typedef struct tandem_reconcile {
    uint32_t size;
    uint32_t reserved;
    /* [worker] Pushes what the provider knows since `since`, oldest first, as far as the
     * deadline allows. */
    tandem_status (*missed)(void *self, const tandem_missed_query *query,
                            const tandem_missed_sink *sink, tandem_error *error);
    /* [worker] Pushes the call_ended of one call, by the voice provider's conversation id;
     * nothing while it lasts. NOT_FOUND: the provider knows no such call. Null: no calls. */
    tandem_status (*call)(void *self, tandem_view conversation_id, uint32_t deadline_ms,
                          const tandem_event_sink *sink, tandem_error *error);
} tandem_reconcile;

#ifdef __cplusplus
}
#endif

#endif
