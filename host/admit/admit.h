#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "domain/identity.h"
#include "serve/serve.h"

/// Who is calling, and what they may do.
namespace tandem::admit {

/// An instance of an auth plugin. Safe from any thread.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    virtual const std::string& instance() const = 0;
    /// A genuine identity, perhaps expired; Unsupported: not of this scheme, ask the
    /// next; Unauthorized: of this scheme and wrong, with the reason for the log.
    virtual Result<domain::Identity> authenticate(std::string_view token, Time now) = 0;
};

/// Where stream tickets are honoured (routes with serve::Access::Stream). Safe from any
/// thread; never blocks.
class TicketOffice {
public:
    virtual ~TicketOffice() = default;
    /// Takes the ticket of `?ticket=` for this request and tells who stands behind it.
    /// Nothing if it is spent, expired, unknown, malformed or for another URL: the
    /// answer is 204 in every such case, on which an EventSource stops. The credential
    /// behind it has not expired; its permission is still to be checked by the caller.
    virtual std::optional<domain::Identity> redeem(const std::string& ticket,
                                                   const serve::Request& request) = 0;
};

}  // namespace tandem::admit
