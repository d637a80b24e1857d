#pragma once

#include "control/orders.h"
#include "serve/described.h"
#include "serve/serve.h"

/// The verbs of the room as answers to requests. Each blocks, and throws serve::Refused.
namespace tandem::control {

using Verb = serve::Response (*)(Asked&);

serve::Response join(Asked& asked);
serve::Response leave(Asked& asked);
serve::Response send_message(Asked& asked);
/// A human's text without a takeover.
serve::Response plain_message(Asked& asked);
serve::Response transfer(Asked& asked);
serve::Response process(Asked& asked);
serve::Response status(Asked& asked);
serve::Response queue(Asked& asked);
serve::Response sessions(Asked& asked);

/// What the API's description says of a verb; `suffix` tells its second path apart.
serve::Described described_verb(Verb verb, const char* suffix);

}  // namespace tandem::control
