#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fetch/fetch.h"

struct sockaddr;

/// What may not go out, whoever asks for it.
namespace tandem::fetch {

/// Whether everybody may be let talk to this address: not loopback, private, link-local,
/// shared (RFC 6598), multicast, reserved, documentation, nor an IPv6 form of such a one.
bool is_public(const sockaddr& address);

/// The origin of this URL as it is allowed. Invalid: no URL that can be asked; Forbidden: no
/// option names it.
Result<Origin> permitted(const std::string& url, const std::vector<Origin>& allowed);

/// What is wrong with these fields; empty: nothing.
std::string fields_fault(const Fields& fields);

/// What is wrong with the method or the fields of a request; empty: nothing.
std::string request_fault(const Request& request);

/// Control characters end lines, and so begin headers of somebody's choice.
bool has_control(std::string_view text);

}  // namespace tandem::fetch
