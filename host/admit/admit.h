#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "domain/identity.h"

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

}  // namespace tandem::admit
