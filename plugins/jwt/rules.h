#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "algorithm.h"

namespace tandem::jwt {

/// What the operator demands of a token; empty texts and lists demand nothing. Constant.
struct Rules {
    const Algorithm* algorithm = find_algorithm("HS256");
    std::string type;  // of the header; empty: JWT, at+jwt or none
    std::string issuer;
    std::string audience;
    std::string subject_claim = "sub";
    std::string organization_claim = "organizationId";
    std::string permissions_claim = "permissions";
    std::vector<std::string> organizations;  // for which this issuer may speak
    std::int64_t max_lifetime_s = 0;         // 0: any
};

}  // namespace tandem::jwt
