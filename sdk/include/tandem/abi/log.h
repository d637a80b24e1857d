/* tandem/abi/log.h: tandem.host.log/1, lines in the host's log. */
#ifndef TANDEM_ABI_LOG_H
#define TANDEM_ABI_LOG_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_LOG "tandem.host.log/1"

#define TANDEM_LOG_ERROR 1
#define TANDEM_LOG_WARN 2
#define TANDEM_LOG_INFO 3
#define TANDEM_LOG_DEBUG 4

/* Growable. The host adds plugin and instance and redacts; still, never log a
 * secret, a message's text or a full phone number. */
typedef struct tandem_host_log {
    uint32_t size;
    uint32_t reserved;
    /* [any] 1 if a line of this level would be written, else 0. */
    int32_t (*enabled)(void *self, int32_t level);
    /* [any] Writes one line. */
    void (*write)(void *self, int32_t level, tandem_view text, const tandem_pair *pairs,
                  size_t pair_count);
} tandem_host_log;

#ifdef __cplusplus
}
#endif

#endif
