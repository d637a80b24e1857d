#pragma once

#include <string>
#include <vector>

#include "admit/idempotency.h"
#include "control/control.h"
#include "serve/serve.h"

/// What requests ask of the room: bodies and parameters, read and checked.
namespace tandem::control {

/// One request on its way: who asks, and of whom.
struct Asked {
    Control& control;
    admit::Idempotency& idempotency;
    Person person;
    serve::Request request;

    std::string address(const std::string& number, const std::string& lead_id) const {
        return control.address_of(*person.organization, number, lead_id);
    }
    std::string path_address() const {
        return address(std::string(request.path_parameter("phoneNumber")), {});
    }
};

/// Pages of a list.
constexpr unsigned max_page = 100000;

// Each reads one verb's request, and throws serve::Refused for what is amiss with it.

/// The person has the name that the body gives, from here on.
JoinOrder read_join(Asked& asked);
LeaveOrder read_leave(const Asked& asked);
SendOrder read_send(const Asked& asked);
/// Of a text without a takeover: the number stands in the path.
SendOrder read_plain_send(const Asked& asked);
TransferOrder read_transfer(const Asked& asked);
/// Ids of messages; none: all that waits.
std::vector<std::string> read_process(const Asked& asked);
SessionsOrder read_sessions(const Asked& asked);

}  // namespace tandem::control
