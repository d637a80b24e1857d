#pragma once

#include <memory>
#include <string_view>

#include "key_file.h"
#include "keys.h"
#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/plugin.hpp"

namespace tandem::apikey {

/// The auth scheme of keys that servers keep. Safe from any thread.
class ApiKey : public plugin::Plugin, public plugin::Auth {
public:
    /// Throws Failure(INVALID) where the keys cannot be read.
    explicit ApiKey(plugin::Host host);

    static plugin::Description describe();

    /// What does not begin as a key is not mine; every other text that is no known key is
    /// refused with one reason.
    plugin::Identity authenticate(std::string_view token, tandem_time now) override;

private:
    std::shared_ptr<const Keys> written_;  // in the settings
    std::unique_ptr<KeyFile> file_;        // or null
};

}  // namespace tandem::apikey
