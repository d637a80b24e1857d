#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace tandem::fetch {

class Handle;

/// Bytes to and from a provider, in TLS where the URL says https, under the same rules as
/// requests. Never blocks once it is open. One thread at a time.
class Connection {
public:
    struct Plan {
        std::string url;  // http or https; only its origin counts
        bool any_address = false;
        uint32_t deadline_ms = 0;
        std::string authorities;  // a PEM file instead of the system's; empty: the system's
    };
    static Result<std::unique_ptr<Connection>> open(const Plan& plan);
    ~Connection();

    enum class State { Moved, Blocked, Ended, Broken };
    struct Progress {
        State state = State::Broken;
        size_t bytes = 0;
    };
    /// What is there now. Blocked: nothing; wait until the socket can be read.
    Progress read(char* to, size_t room);
    /// As much as goes. Blocked: wait until the socket can be written, then give the same
    /// bytes again.
    Progress write(const char* from, size_t size);

    /// For waiting only; the connection's.
    int socket() const { return socket_; }

private:
    Connection();

    std::unique_ptr<Handle> handle_;
    int socket_ = -1;
};

}  // namespace tandem::fetch
