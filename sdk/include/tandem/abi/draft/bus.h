/* tandem/abi/draft/bus.h: tandem.bus/1, a draft: hints between nodes.
 *
 * A bus makes things fast and is never the truth: what it loses is found in the
 * store's journal.
 */
#ifndef TANDEM_ABI_DRAFT_BUS_H
#define TANDEM_ABI_DRAFT_BUS_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_BUS "tandem.bus/1"

/* Growable. Retained from subscribe until unsubscribe has returned. */
typedef struct tandem_bus_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [retained] Must not block. */
    void (*message)(void *context, tandem_view topic, tandem_view payload);
} tandem_bus_sink;

/* Growable. */
typedef struct tandem_bus {
    uint32_t size;
    uint32_t reserved;
    /* [any] Queues a message for all nodes, this one excepted. LIMITED when the
     * queue is full. */
    tandem_status (*publish)(void *self, tandem_view topic, tandem_view payload,
                             tandem_error *error);
    /* [setup] One subscription an instance. */
    tandem_status (*subscribe)(void *self, tandem_view topic_prefix, const tandem_bus_sink *sink,
                               tandem_error *error);
    /* [setup] The barrier: waits until no callback runs. */
    void (*unsubscribe)(void *self);
} tandem_bus;

#ifdef __cplusplus
}
#endif

#endif
