/* tandem/abi/config.h: tandem.host.config/1, the checked options of an instance. */
#ifndef TANDEM_ABI_CONFIG_H
#define TANDEM_ABI_CONFIG_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_CONFIG "tandem.host.config/1"

/* Growable. Each function answers NOT_FOUND for an option that has neither a
 * value nor a default, and INVALID for one of another type. Views live until
 * destroy has returned. */
typedef struct tandem_host_config {
    uint32_t size;
    uint32_t reserved;
    /* [any] */
    tandem_status (*text)(void *self, tandem_view name, tandem_view *value);
    /* [any] */
    tandem_status (*integer)(void *self, tandem_view name, int64_t *value);
    /* [any] *value is 0 or 1. */
    tandem_status (*yes_no)(void *self, tandem_view name, int32_t *value);
    /* [any] The element at this index; NOT_FOUND past the last one. */
    tandem_status (*text_at)(void *self, tandem_view name, size_t index, tandem_view *value);
} tandem_host_config;

#ifdef __cplusplus
}
#endif

#endif
