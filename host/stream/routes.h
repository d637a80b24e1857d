#pragma once

#include <vector>

#include "base/clock.h"
#include "domain/organization.h"
#include "serve/serve.h"
#include "store/store.h"
#include "stream/hub.h"
#include "stream/places.h"
#include "stream/tickets.h"

namespace tandem::stream {

/// What the routes use; all of it must outlive them.
struct Desk {
    Hub& hub;
    Tickets& tickets;
    Places& places;
    store::Store& store;
    const domain::Organizations& organizations;
};

/// The two streams and the tickets for them, as the contract's "Event stream" says.
std::vector<serve::Route> routes(const Desk& desk);

}  // namespace tandem::stream
