/* tandem/abi/entry.h: how a host finds, describes, makes and ends a plugin.
 *
 * Order, fixed: load, describe, create, extension, start, use, stop, destroy.
 * create and destroy may repeat, in any number, in one process. A library is
 * never unloaded. A plugin leaves signal handlers, locale, environment, working
 * directory, umask and the standard streams alone, and neither forks nor exits.
 */
#ifndef TANDEM_ABI_ENTRY_H
#define TANDEM_ABI_ENTRY_H

#include "tandem/abi/base.h"
#include "tandem/abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types of an option. */
#define TANDEM_OPTION_TEXT 1
#define TANDEM_OPTION_INTEGER 2
#define TANDEM_OPTION_YES_NO 3
#define TANDEM_OPTION_TEXT_LIST 4 /* a list of texts; one text counts as a list of one */

/* Flags of an option. */
#define TANDEM_OPTION_REQUIRED 1u
#define TANDEM_OPTION_SECRET 2u /* never printed */

/* Growable. One option of a plugin. The host checks all of them before create:
 * unknown keys, wrong types and missing values never reach the plugin. */
typedef struct tandem_option {
    uint32_t size;
    uint32_t type;
    uint32_t flags;
    uint32_t reserved;
    tandem_view name;          /* [a-z0-9_]+ */
    tandem_view default_value; /* as text; null: none */
    tandem_view description;   /* one line */
} tandem_option;

/* Growable. A living instance; made by create, owned by the plugin. */
typedef struct tandem_instance {
    uint32_t size;
    uint32_t reserved;
    void *self;
    /* [any] The table of a capability, or null. Legal from the end of create;
     * the same answer for the same id for the life of the instance. */
    const void *(*extension)(void *self, tandem_view id);
    /* [setup] Begins work: connections, threads. Not called twice. */
    tandem_status (*start)(void *self, tandem_error *error);
    /* [setup] Ends all work: when it returns, no thread of the plugin calls the
     * host any more and every pending completion was called. */
    void (*stop)(void *self);
} tandem_instance;

/* The host must not call one instance from two threads at once. */
#define TANDEM_PLUGIN_SERIAL 1u

/* Growable. A constant of the plugin; lives as long as the library, for ever. */
typedef struct tandem_descriptor {
    uint32_t size;
    uint32_t abi_minor_built;    /* TANDEM_ABI_MINOR of the headers used */
    uint32_t abi_minor_required; /* lowest host minor that suffices */
    uint32_t flags;
    tandem_view id; /* reverse DNS, lower case, fixed for life: com.example.channel */
    tandem_view name;
    tandem_view version;
    tandem_view vendor;
    tandem_view licence; /* SPDX */
    tandem_view homepage;
    const tandem_view *kinds; /* ids of the capabilities an instance can give */
    size_t kind_count;
    const tandem_option *const *options;
    size_t option_count;
    /* [setup] Makes an instance from checked options. No network, no threads.
     * On success *instance is set; on failure error tells why. */
    tandem_status (*create)(const tandem_host *host, tandem_view instance_name,
                            const tandem_instance **instance, tandem_error *error);
    /* [setup] Ends it; only after stop, or without start. */
    void (*destroy)(const tandem_instance *instance);
} tandem_descriptor;

/* The one exported symbol. [any] Callable at any time, without side effects; the
 * same constant each time. The major of the ABI is part of the name. */
#define TANDEM_ENTRY_SYMBOL "tandem_plugin_v1"
typedef const tandem_descriptor *(*tandem_entry)(void);

#ifdef __cplusplus
}
#endif

#endif
