#pragma once

#include <memory>
#include <string_view>

#include "key_set.h"
#include "rotating_keys.h"
#include "rules.h"
#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/plugin.hpp"

namespace tandem::jwt {

/// The auth scheme of signed tokens of one issuer. Safe from any thread.
class Jwt : public plugin::Plugin, public plugin::Auth {
public:
    /// Throws Failure(INVALID) for rules that contradict each other, and for keys that are
    /// weak or cannot be read.
    explicit Jwt(plugin::Host host);

    static plugin::Description describe();

    void start() override;
    void stop() override;
    /// UNAVAILABLE where no key is at hand, for an empty text as well.
    plugin::Identity authenticate(std::string_view token, tandem_time now) override;

private:
    const plugin::Host host_;
    const Rules rules_;
    KeySetPointer fixed_;                     // of a secret; null: they rotate
    std::unique_ptr<RotatingKeys> rotating_;  // null: they are fixed
    bool unnamed_ = false;                    // one key at a time, whatever `kid` says
};

}  // namespace tandem::jwt
