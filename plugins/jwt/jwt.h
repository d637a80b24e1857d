#pragma once

#include <string_view>

#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/plugin.hpp"
#include "token.h"

namespace tandem::jwt {

/// The auth scheme of signed tokens. Safe from any thread.
class Jwt : public plugin::Plugin, public plugin::Auth {
public:
    /// Throws Failure(INVALID) for a weak secret or an algorithm that is not offered.
    explicit Jwt(plugin::Host host);

    static plugin::Description describe();

    plugin::Identity authenticate(std::string_view token, tandem_time now) override;

private:
    const TokenReader reader_;
};

}  // namespace tandem::jwt
