/* tandem/abi/websocket.h: tandem.host.websocket/1, a conversation with a provider.
 *
 * RFC 6455, as client, text messages only. As with tandem.host.http/1 only the host
 * opens sockets, under the same rules: wss is held to what https is held to.
 */
#ifndef TANDEM_ABI_WEBSOCKET_H
#define TANDEM_ABI_WEBSOCKET_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_HOST_WEBSOCKET "tandem.host.websocket/1"

/* Growable. */
typedef struct tandem_websocket_request {
    uint32_t size;
    uint32_t deadline_ms; /* for connection and handshake; the host caps it */
    tandem_view url;      /* wss://… or ws://…; its host is judged as that of https or http */
    const tandem_pair *headers; /* of the handshake, beside the host's own */
    size_t header_count;
} tandem_websocket_request;

/* One connection; the host's, until close. Used by one thread at a time. */
typedef struct tandem_websocket tandem_websocket;

/* Growable. */
typedef struct tandem_websocket_sink {
    uint32_t size;
    uint32_t close_code; /* written by the host when receive says CANCELLED */
    void *context;
    /* [sink] One complete message. */
    void (*message)(void *context, tandem_view text);
} tandem_websocket_sink;

/* Growable. */
typedef struct tandem_host_websocket {
    uint32_t size;
    uint32_t reserved;
    /* [worker] UNAUTHORIZED or FORBIDDEN: the server answered 401 or 403; UNAVAILABLE: it
     * could not be reached or would not speak; TIMEOUT: not in this time. INVALID or
     * FORBIDDEN, too, for what may not be asked; LIMITED: too many are open. */
    tandem_status (*open)(void *self, const tandem_websocket_request *request,
                          tandem_websocket **socket, tandem_error *error);
    /* [worker] UNAVAILABLE: the connection is broken. LIMITED: more than 1 MiB. */
    tandem_status (*send)(void *self, tandem_websocket *socket, tandem_view text,
                          tandem_error *error);
    /* [worker] OK: exactly one message was pushed. TIMEOUT: none came in this time.
     * CANCELLED: the server closed it, the code is in the sink and the reason in
     * error->text. UNAVAILABLE: the connection broke. CORRUPT: a message of more than 1 MiB
     * or of no UTF-8. The host answers the protocol's own pings. */
    tandem_status (*receive)(void *self, tandem_websocket *socket, uint32_t timeout_ms,
                             tandem_websocket_sink *sink, tandem_error *error);
    /* [worker] Says goodbye with this code where it can and frees the connection, always. */
    void (*close)(void *self, tandem_websocket *socket, uint32_t code);
} tandem_host_websocket;

#ifdef __cplusplus
}
#endif

#endif
