// How the responder is set up.
#pragma once

#include <string>
#include <vector>

#include "conversation.h"
#include "tandem/plugin/plugin.hpp"

namespace tandem::elevenlabs {

/// What an operator says about turns. Constant after construction.
struct TurnOptions {
    Patience patience;
    std::string needs_human_tool;
    bool public_agent = false;

    /// Throws INVALID for what cannot be meant.
    static TurnOptions read(const plugin::Config& config);
    static std::vector<plugin::Option> describe();
};

}  // namespace tandem::elevenlabs
