#pragma once

#include <string>
#include <string_view>

#include "serve/framing.h"
#include "serve/serve.h"

/// Answers as bytes: the status line and every header that serve itself sets.
namespace tandem::serve {

/// What of the request and the connection an answer depends on.
struct AnswerFrame {
    std::string_view request_id;
    std::string_view path;            // empty where the request had none that can be shown
    std::string_view allowed_origin;  // CORS; empty: none
    bool vary_origin = false;
    bool close = false;
    bool old_version = false;  // HTTP/1.0: keep-alive must be said
    bool head_only = false;    // HEAD: the length is told, the body is not sent
    bool secure = false;       // the peer came by TLS: HSTS is said (RFC 6797 section 7)
    bool stream = false;       // no length; the connection's end is the body's
};

/// A header that would split the answer, or is none; empty when all are sound.
std::string_view unsound_header(const Response& response);
/// The head in bytes. Completes a problem's body with request id and instance first.
std::string render_head(Response& response, const AnswerFrame& frame);

Response refused(const Refusal& refusal);
/// What the status line and a problem's title say; never empty.
std::string_view reason_phrase(int status);

}  // namespace tandem::serve
