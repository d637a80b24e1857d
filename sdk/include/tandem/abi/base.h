/* tandem/abi/base.h: the vocabulary of the waist.
 *
 * Conventions, for every header in this folder:
 *  1. C11 that is also C++17. Integers of explicit width only; no bool, enum,
 *     bit-field or float in a struct.
 *  2. What the caller passes is the callee's to read until it returns. What the
 *     callee gives goes through a sink that the caller passed, and is copied
 *     inside that sink. Nobody frees what another allocated.
 *  3. "Frozen" types never change and may stand in arrays. "Growable" types
 *     begin with their size, are passed by pointer, and stand in arrays only as
 *     pointers. Read a member only if it lies inside `size`.
 *  4. Text is UTF-8 in a view and is not NUL-terminated. A null pointer means
 *     absent; a pointer with length zero means empty.
 *  5. No exception and no signal crosses a function of the waist.
 *  6. Each function carries one thread tag:
 *       [setup]    the host's lifecycle thread; nothing else runs on the instance
 *       [worker]   any host thread, several at once; may block until its deadline
 *       [any]      any thread, also the plugin's own; must not block
 *       [sink]     only within the call that received it, on that thread
 *       [retained] any thread until the barrier that its text names returns
 */
#ifndef TANDEM_ABI_BASE_H
#define TANDEM_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The minor of these headers. Before SDK 1.0 a host takes a plugin only if both
 * were built with the same minor. */
#define TANDEM_ABI_MINOR 2

/* Frozen. Bytes that somebody else owns. */
typedef struct tandem_view {
    const char *data;
    size_t size;
} tandem_view;

/* Frozen. A name and a value: a header field, an extra, a variable. */
typedef struct tandem_pair {
    tandem_view name;
    tandem_view value;
} tandem_pair;

/* Milliseconds since 1970-01-01T00:00:00Z. Zero means "not known". */
typedef int64_t tandem_time;

/* Zero and above: went well. Below: failed, with the reason in tandem_error.
 * A receiver treats a negative code that it does not know as TANDEM_INTERNAL. */
typedef int32_t tandem_status;

#define TANDEM_OK 0
#define TANDEM_STOP 1             /* a sink wants no more rows */
#define TANDEM_PENDING 2          /* done will be called later */
#define TANDEM_INVALID (-1)       /* the input is wrong; repeating it is useless */
#define TANDEM_NOT_FOUND (-2)
#define TANDEM_CONFLICT (-3)      /* somebody else was faster, or it exists */
#define TANDEM_UNAUTHORIZED (-4)  /* not genuine */
#define TANDEM_FORBIDDEN (-5)
#define TANDEM_UNSUPPORTED (-6)   /* this side does not offer it; for auth: not mine */
#define TANDEM_UNAVAILABLE (-7)   /* try again later; retry_after_ms may say when */
#define TANDEM_TIMEOUT (-8)
#define TANDEM_LIMITED (-9)       /* a bound was reached; retry_after_ms may say when */
#define TANDEM_CANCELLED (-10)
#define TANDEM_CORRUPT (-11)      /* stored or received bytes are damaged */
#define TANDEM_INTERNAL (-12)

/* Growable. Allocated and zeroed by the caller, who sets `size`. The callee
 * fills what fits. `text` is for an administrator: what was attempted, with
 * what, what to do; never a secret, never a payload. */
typedef struct tandem_error {
    uint32_t size;
    int32_t code;
    uint32_t retry_after_ms;
    uint32_t text_size; /* bytes used of text */
    char text[496];
} tandem_error;

#ifdef __cplusplus
}
#endif

#endif
