/* tandem/abi/host.h: what a plugin receives from its host. */
#ifndef TANDEM_ABI_HOST_H
#define TANDEM_ABI_HOST_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Growable. Lives until destroy of the instance it was given to has returned.
 *
 * service: [any] The table of the service with this id, or null if this host
 * does not offer it; absence is normal. Every function of a service takes `self`
 * of this struct first. All services may be used from inside create, except
 * tandem.host.http/1, tandem.host.websocket/1 and tandem.host.events/1, which begin with
 * start. None may
 * be used after stop has returned, from no thread. */
typedef struct tandem_host {
    uint32_t size;
    uint32_t abi_minor;
    void *self;
    const void *(*service)(void *self, tandem_view id);
} tandem_host;

#ifdef __cplusplus
}
#endif

#endif
