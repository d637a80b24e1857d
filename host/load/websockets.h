#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "fetch/websocket.h"
#include "tandem/host/services.hpp"

namespace tandem::load {

/// The WebSockets that one instance has open. Those that it leaves open at its end are
/// closed under it, and each further use of them is a breach. Safe from any thread; each
/// connection is one thread's at a time. Lives as long as any connection.
class WebSockets {
public:
    /// `refused` says whether the instance has ended, and notes the breach.
    WebSockets(std::vector<fetch::Origin> allowed, std::function<bool()> refused);
    ~WebSockets();

    host::Outcome open(host::WebsocketRequest request,
                       std::unique_ptr<host::WebsocketConnection>& to);
    /// For the end of the instance, when no call of it is under way any more.
    void close_all();

private:
    class Lent;

    fetch::WebSocketClient client_;
    const std::function<bool()> refused_;
    std::mutex mutex_;
    std::set<Lent*> lent_;  // guarded by mutex_
};

}  // namespace tandem::load
