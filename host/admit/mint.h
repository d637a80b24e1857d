#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tandem::admit {

/// What a token shall say. Empty texts are left out.
struct TokenOrder {
    std::string subject;
    std::string organization;
    std::vector<std::string> permissions;
    std::string name;
    std::string issuer;
    std::string audience;
    std::string type = "JWT";
    std::string subject_claim = "sub";
    std::string organization_claim = "organizationId";
    std::string permissions_claim = "permissions";
    Time issued_at;
    std::chrono::seconds lifetime{3600};  // negative: already expired, for trying that out
};

/// A signed JWT in its compact form (RFC 7515 section 7.1), HS256 with the secret's text
/// as the key; for development and for operators, since it knows the gateway's secret.
/// Invalid: a secret of less than 32 bytes (RFC 7518 section 3.2).
Result<std::string> mint_token(const TokenOrder& order, const std::string& secret);

/// A key for a server, and what may be written down of it.
struct ApiKey {
    std::string key;   // `tandem_` and 43 letters and digits: 256 random bits
    std::string hash;  // `sha256:` and hexadecimal digits
};

/// A new one each time, as the apikey plugin knows them. Internal: no random bytes.
Result<ApiKey> mint_api_key();

}  // namespace tandem::admit
