// X-Twilio-Signature: HMAC-SHA1 over the URL as Twilio called it and the sorted form fields.
//
// It has no timestamp: a captured request stays genuine for ever, and only the dedupe key
// keeps it from having a second effect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::twilio {

struct SignedRequest {
    std::string_view url;           ///< Public, with the raw query.
    std::string_view content_type;  ///< Empty: none.
    std::string_view body;
    std::string_view signature;
};

/// What nobody needs a token to see: a signature that is none. Empty: there is nothing.
/// Throws LIMITED for a body that is too large to be Twilio's.
std::string flaw_of(const SignedRequest& request);

/// Why the request is not genuine under any of these tokens, for the log; empty: it is.
/// Throws LIMITED for a body that is too large to be Twilio's.
std::string reason_against(const SignedRequest& request, const std::vector<std::string>& tokens);

/// Whether a Content-Type is this media type, whatever its parameters and case.
bool is_media_type(std::string_view content_type, std::string_view type);

}  // namespace tandem::twilio
