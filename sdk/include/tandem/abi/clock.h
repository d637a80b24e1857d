/* tandem/abi/clock.h: tandem.host.clock/1, so that tests can hold time still. */
#ifndef TANDEM_ABI_CLOCK_H
#define TANDEM_ABI_CLOCK_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_CLOCK "tandem.host.clock/1"

/* Growable. */
typedef struct tandem_host_clock {
    uint32_t size;
    uint32_t reserved;
    /* [any] The wall clock, UTC; may jump. */
    tandem_time (*now)(void *self);
    /* [any] Milliseconds of a clock that never goes back; for waits. */
    int64_t (*monotonic_ms)(void *self);
} tandem_host_clock;

#ifdef __cplusplus
}
#endif

#endif
