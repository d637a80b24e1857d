#pragma once

#include <exception>
#include <string>
#include <utility>

#include "tandem/abi/base.h"
#include "tandem/host/view.hpp"

namespace tandem::host {

/// What a call into a plugin came to.
struct Outcome {
    tandem_status status = TANDEM_OK;
    std::string text;  // of a failure; never empty then
    uint32_t retry_after_ms = 0;

    bool ok() const { return status >= 0; }
};

/// The word for a status, for messages.
inline const char* word(tandem_status status) {
    switch (status) {
        case TANDEM_OK: return "ok";
        case TANDEM_STOP: return "stop";
        case TANDEM_PENDING: return "pending";
        case TANDEM_INVALID: return "invalid";
        case TANDEM_NOT_FOUND: return "not_found";
        case TANDEM_CONFLICT: return "conflict";
        case TANDEM_UNAUTHORIZED: return "unauthorized";
        case TANDEM_FORBIDDEN: return "forbidden";
        case TANDEM_UNSUPPORTED: return "unsupported";
        case TANDEM_UNAVAILABLE: return "unavailable";
        case TANDEM_TIMEOUT: return "timeout";
        case TANDEM_LIMITED: return "limited";
        case TANDEM_CANCELLED: return "cancelled";
        case TANDEM_CORRUPT: return "corrupt";
        default: return "internal";
    }
}

/// Calls a function of a plugin, `function(tandem_error*) -> tandem_status`, and keeps
/// its fault out of the host: an exception that crosses although the waist forbids it
/// becomes INTERNAL, as does a status nobody knows.
template <typename Function>
Outcome guarded(Function&& function) noexcept {
    tandem_error error = sized<tandem_error>();
    Outcome outcome;
    try {
        outcome.status = std::forward<Function>(function)(&error);
        if (outcome.ok()) return outcome;
        if (outcome.status < TANDEM_INTERNAL) outcome.status = TANDEM_INTERNAL;
        const size_t used = std::min<size_t>(error.text_size, sizeof error.text);
        outcome.text = text({error.text, used});
        outcome.retry_after_ms = error.retry_after_ms;
        if (outcome.text.empty()) {
            outcome.text = std::string("the plugin gave no reason (") + word(outcome.status) + ")";
        }
    } catch (const std::exception& escaped) {
        outcome.status = TANDEM_INTERNAL;
        outcome.text = std::string("an exception left the plugin: ") + escaped.what();
    } catch (...) {
        outcome.status = TANDEM_INTERNAL;
        outcome.text = "an exception that is no std::exception left the plugin";
    }
    return outcome;
}

/// Runs the body of a callback that a plugin calls; what it throws never reaches the
/// plugin.
template <typename Body>
tandem_status shielded(Body&& body) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (...) {
        return TANDEM_INTERNAL;
    }
}

/// Fills a caller's error struct as far as it reaches, and gives back the status.
inline tandem_status fail(tandem_error* error, tandem_status status, std::string_view reason,
                          uint32_t retry_after_ms = 0) noexcept {
    if (!error || error->size < offsetof(tandem_error, text)) return status;
    error->code = status;
    error->retry_after_ms = retry_after_ms;
    const size_t room =
        std::min<size_t>(error->size - offsetof(tandem_error, text), sizeof error->text);
    error->text_size = static_cast<uint32_t>(std::min(room, reason.size()));
    std::memcpy(error->text, reason.data(), error->text_size);
    return status;
}

}  // namespace tandem::host
