/* tandem/abi/webhook.h: tandem.webhook/1, a provider calls us.
 *
 * Two pure calls: the same bytes give the same result, without network, store
 * or clock. The host answers the provider only when what `normalise` gave is
 * durable; the plugin never waits for that.
 */
#ifndef TANDEM_ABI_WEBHOOK_H
#define TANDEM_ABI_WEBHOOK_H

#include "tandem/abi/base.h"
#include "tandem/abi/events.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_WEBHOOK "tandem.webhook/1"

/* Not reachable from outside; only the host's own routes lead to it (the
 * sandbox). Such a request was authorised before. */
#define TANDEM_ROUTE_INTERNAL 1u

/* Growable. */
typedef struct tandem_webhook_route {
    uint32_t size;
    uint32_t flags;
    tandem_view method; /* POST or GET */
    tandem_view path;   /* below /api/webhooks/{instance}/, without a slash in front */
} tandem_webhook_route;

/* Growable. */
typedef struct tandem_webhook_route_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] */
    tandem_status (*route)(void *context, const tandem_webhook_route *route);
} tandem_webhook_route_sink;

/* Growable. A complete request, checked only as HTTP. */
typedef struct tandem_webhook_request {
    uint32_t size;
    uint32_t reserved;
    tandem_view method;
    tandem_view public_url; /* as the provider was told to call it, with the raw query */
    tandem_view target;     /* as received: raw path and query */
    tandem_view path;       /* of the route that matched */
    const tandem_pair *headers; /* in wire order */
    size_t header_count;
    tandem_view body;
    tandem_time received_at;
} tandem_webhook_request;

/* Growable. What the provider is told when all is durable. */
typedef struct tandem_webhook_answer {
    uint32_t size;
    int32_t status;
    tandem_view content_type;
    tandem_view body;
} tandem_webhook_answer;

/* Growable. */
typedef struct tandem_webhook_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] */
    tandem_status (*event)(void *context, const tandem_event *event);
    /* [sink] Once. Without it the answer is an empty 200. */
    void (*answer)(void *context, const tandem_webhook_answer *answer);
} tandem_webhook_sink;

/* Growable. */
typedef struct tandem_webhook {
    uint32_t size;
    uint32_t reserved;
    /* [setup] Pushes every route of this instance. */
    tandem_status (*routes)(void *self, const tandem_webhook_route_sink *sink, tandem_error *error);
    /* [worker] OK: genuine. UNAUTHORIZED: not, error->text says why, for the log
     * alone. NOT_FOUND: of an account that is not this instance's; the host asks the other
     * instances of the plugin. Reads the raw bytes; parses nothing that it does not need. */
    tandem_status (*verify)(void *self, const tandem_webhook_request *request, tandem_error *error);
    /* [worker] Pushes what the request says. INVALID: it makes no sense, the
     * provider gets a 400. Called only for what verify found genuine. */
    tandem_status (*normalise)(void *self, const tandem_webhook_request *request,
                               const tandem_webhook_sink *sink, tandem_error *error);
    /* [worker] Puts the host's variables into the provider's form, for a call
     * that asked for context. */
    tandem_status (*render_context)(void *self, const tandem_webhook_request *request,
                                    const tandem_pair *variables, size_t variable_count,
                                    const tandem_webhook_sink *sink, tandem_error *error);
} tandem_webhook;

#ifdef __cplusplus
}
#endif

#endif
