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

/// How far clocks may be apart when a request's credential is judged. Streams have no
/// leeway: they would outlive their credential.
constexpr Milliseconds expiry_leeway{60000};

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

/// Looks at a credential again while a stream lives on it. Safe from any thread.
class Judge {
public:
    virtual ~Judge() = default;
    /// Empty while it holds; else why not, in the words of `stream_end`:
    /// `token_expired` or `access_revoked`.
    virtual std::string judge(const domain::Identity& identity, std::string_view permission,
                              Time now) const = 0;
    /// The same, by asking whoever vouched for this credential again: a key may have been taken
    /// out since, or sign no longer. Blocks as long as they do.
    virtual std::string ask_again(const std::string& token, const domain::Identity& identity,
                                  std::string_view permission, Time now) const = 0;
};

/// Whether an organisation named by the caller, in a body, a query or a header, is the
/// credential's own. An empty one counts as not named.
bool same_organization(const domain::Identity& identity, std::string_view named);

}  // namespace tandem::admit
