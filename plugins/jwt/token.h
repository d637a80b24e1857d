#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "signature.h"
#include "tandem/plugin/auth.hpp"

namespace tandem::jwt {

/// What the operator demands of a token; empty texts demand nothing.
struct Rules {
    std::string issuer;
    std::string audience;
    std::string organization_claim = "organizationId";
    std::string permissions_claim = "permissions";
    std::int64_t max_lifetime_s = 0;  // 0: any
};

/// Reads signed tokens: the compact form of RFC 7515 with the claims of RFC 7519, by the
/// advice of RFC 8725. Immutable; safe from any thread.
class TokenReader {
public:
    TokenReader(Rules rules, std::unique_ptr<Verifier> verifier);

    /// Whose token it is, also when it has expired. Throws Failure: UNSUPPORTED for a text
    /// without dots, which is no JWT at all; UNAUTHORIZED with the reason for every other
    /// fault. The signature is looked at before the claims are read.
    plugin::Identity read(std::string_view token, tandem_time now) const;

private:
    void check_header(std::string_view json) const;
    plugin::Identity read_claims(std::string_view json, tandem_time now) const;

    const Rules rules_;
    const std::unique_ptr<Verifier> verifier_;
};

}  // namespace tandem::jwt
