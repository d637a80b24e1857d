#pragma once

#include <optional>

#include "listen/socket.h"
#include "operate/reach.h"

namespace tandem::operate {

/// The running gateway's socket; nothing if nobody listens there.
std::optional<listen::Descriptor> connected(const std::string& path);

/// Asks the gateway on a connection of its own: plain HTTP, one answer, closed.
Result<Reply> exchanged(const listen::Descriptor& socket, const Errand& errand);

/// Follows the organisation's stream on this connection.
Result<Followed> followed(const listen::Descriptor& socket, const std::string& organization,
                          const std::string& after, std::chrono::seconds patience,
                          const std::function<bool(const Told&)>& each);

}  // namespace tandem::operate
