#pragma once

#include <string_view>

#include "domain/identity.h"
#include "serve/serve.h"

namespace tandem::admit {

/// Whether two names of header fields are one: in any case of their ASCII letters.
bool same_name(std::string_view one, std::string_view other);

/// Whether a request names another organisation than its credential's: in the query, in an
/// `organizationId` header, or as a member of its JSON body. An empty name counts as none.
bool names_another_organization(const serve::Request& request, const domain::Identity& identity);

}  // namespace tandem::admit
