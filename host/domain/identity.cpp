#include "domain/identity.h"

#include <algorithm>

namespace tandem::domain {

bool Identity::may(std::string_view permission) const {
    return std::any_of(permissions.begin(), permissions.end(),
                       [&](const std::string& own) { return own == permission || own == "admin"; });
}

}  // namespace tandem::domain
