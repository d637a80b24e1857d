#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/organization_id.h"

namespace tandem::domain {

/// Who is calling the API, as their credential says.
struct Identity {
    std::string subject;
    OrganizationId organization;
    std::string name;
    std::string email;
    std::vector<std::string> permissions;
    std::optional<Time> expires_at;
    std::string credential_id;      // a token's jti, or a key's id; empty: it has none
    std::optional<Time> issued_at;  // nothing: the credential does not say it

    /// `admin` includes all.
    bool may(std::string_view permission) const;
};

}  // namespace tandem::domain
