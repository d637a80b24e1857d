/* tandem/abi/http.h: tandem.host.http/1, requests to a provider.
 *
 * Only the host opens sockets: one TLS policy, one egress list, one pool. The
 * host of the URL must be named by the plugin's options; redirects are never
 * followed.
 */
#ifndef TANDEM_ABI_HTTP_H
#define TANDEM_ABI_HTTP_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_HTTP "tandem.host.http/1"

/* Growable. */
typedef struct tandem_http_request {
    uint32_t size;
    uint32_t deadline_ms; /* for the whole exchange; the host caps it */
    tandem_view method;
    tandem_view url;
    const tandem_pair *headers;
    size_t header_count;
    tandem_view body;
} tandem_http_request;

/* How far a failed exchange came. */
#define TANDEM_HTTP_NOTHING_SENT 0 /* the provider has seen nothing of the request */
#define TANDEM_HTTP_MAYBE_SENT 1   /* bytes left; whether they were acted on is unknown */

/* Growable. Receives a complete answer, once. */
typedef struct tandem_http_response {
    uint32_t size;
    int32_t status;
    const tandem_pair *headers;
    size_t header_count;
    tandem_view body;
} tandem_http_response;

/* Growable. */
typedef struct tandem_http_sink {
    uint32_t size;
    uint32_t progress; /* written by the host on failure: TANDEM_HTTP_* */
    void *context;
    /* [sink] */
    void (*response)(void *context, const tandem_http_response *response);
} tandem_http_sink;

/* Growable. */
typedef struct tandem_host_http {
    uint32_t size;
    uint32_t reserved;
    /* [worker] Blocks until the whole answer was read, or fails; an answer of
     * any HTTP status is success. On failure sink->progress says how far it
     * came. The answer's body is at most 8 MiB, else CORRUPT. */
    tandem_status (*send)(void *self, const tandem_http_request *request, tandem_http_sink *sink,
                          tandem_error *error);
} tandem_host_http;

#ifdef __cplusplus
}
#endif

#endif
