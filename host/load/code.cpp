#include "load/code.h"

namespace tandem::load {

Code code_of(tandem_status status) {
    switch (status) {
        case TANDEM_INVALID: return Code::Invalid;
        case TANDEM_NOT_FOUND: return Code::NotFound;
        case TANDEM_CONFLICT: return Code::Conflict;
        case TANDEM_UNAUTHORIZED: return Code::Unauthorized;
        case TANDEM_FORBIDDEN: return Code::Forbidden;
        case TANDEM_UNSUPPORTED: return Code::Unsupported;
        case TANDEM_UNAVAILABLE: return Code::Unavailable;
        case TANDEM_TIMEOUT: return Code::Timeout;
        case TANDEM_LIMITED: return Code::Limited;
        case TANDEM_CANCELLED: return Code::Cancelled;
        case TANDEM_CORRUPT: return Code::Corrupt;
        default: return Code::Internal;
    }
}

tandem_status status_of(Code code) {
    switch (code) {
        case Code::Ok: return TANDEM_OK;
        case Code::Invalid: return TANDEM_INVALID;
        case Code::NotFound: return TANDEM_NOT_FOUND;
        case Code::Conflict: return TANDEM_CONFLICT;
        case Code::Unauthorized: return TANDEM_UNAUTHORIZED;
        case Code::Forbidden: return TANDEM_FORBIDDEN;
        case Code::Unsupported: return TANDEM_UNSUPPORTED;
        case Code::Unavailable: return TANDEM_UNAVAILABLE;
        case Code::Timeout: return TANDEM_TIMEOUT;
        case Code::Limited: return TANDEM_LIMITED;
        case Code::Cancelled: return TANDEM_CANCELLED;
        case Code::Corrupt: return TANDEM_CORRUPT;
        case Code::Internal: break;
    }
    return TANDEM_INTERNAL;
}

}  // namespace tandem::load
