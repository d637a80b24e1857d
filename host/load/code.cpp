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

}  // namespace tandem::load
