/* tandem/abi/auth.h: tandem.auth/1, who is calling our API.
 *
 * The plugin says whose credential it is and until when it holds; the host
 * judges expiry, permissions and organisations.
 */
#ifndef TANDEM_ABI_AUTH_H
#define TANDEM_ABI_AUTH_H

#include "tandem/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TANDEM_AUTH "tandem.auth/1"

/* Growable. */
typedef struct tandem_identity {
    uint32_t size;
    uint32_t reserved;
    tandem_view subject;
    tandem_view organization;
    tandem_view name;  /* or absent */
    tandem_view email; /* or absent */
    const tandem_view *permissions;
    size_t permission_count;
    tandem_time issued_at;  /* zero: not said */
    tandem_time expires_at; /* zero: never, for keys that are revoked otherwise */
    tandem_view credential_id; /* jti, key id; or absent */
} tandem_identity;

/* Growable. */
typedef struct tandem_identity_sink {
    uint32_t size;
    uint32_t reserved;
    void *context;
    /* [sink] Exactly once when the call returns OK. */
    void (*identity)(void *context, const tandem_identity *identity);
} tandem_identity_sink;

/* Growable. */
typedef struct tandem_auth {
    uint32_t size;
    uint32_t reserved;
    /* [worker] OK: genuine (an expired credential is genuine too). UNSUPPORTED:
     * not of this scheme, ask the next plugin. UNAUTHORIZED: of this scheme and
     * wrong; error->text says why, for the log alone. */
    tandem_status (*authenticate)(void *self, tandem_view token, tandem_time now,
                                  const tandem_identity_sink *sink, tandem_error *error);
} tandem_auth;

#ifdef __cplusplus
}
#endif

#endif
