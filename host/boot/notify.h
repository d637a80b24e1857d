#pragma once

#include <string_view>

namespace tandem::boot {

/// Tells the service manager of this process's state by the socket that it named in
/// NOTIFY_SOCKET (sd_notify(3)): READY=1, STOPPING=1, STATUS=…. Nothing happens without
/// one. The protocol is one datagram, which spares the daemon a library.
void notify_service_manager(std::string_view state);

}  // namespace tandem::boot
