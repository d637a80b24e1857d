#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "fetch/fetch.h"
#include "load/load.h"
#include "load/options.h"
#include "load/websockets.h"
#include "tandem/host/services.hpp"

namespace tandem::load {

/// What one instance of a plugin is lent. Kept for ever once an instance has seen it: a
/// plugin that calls back after its end is refused and named in the log, not met by
/// freed memory. Safe from any thread.
class InstanceServices : public host::HostServices {
public:
    InstanceServices(std::shared_ptr<const Services> lent, std::string instance,
                     const Description& description, TypedOptions options);

    /// http, websocket and events work from here on.
    void open() { open_ = true; }
    /// Nothing works from here on but reading options; each call is a breach and logged.
    /// Connections end, WebSockets that the plugin left open as well.
    void close();
    /// The options are gone from here on, and the secrets among them. After `destroy`: until
    /// then the plugin may look at what it was given.
    void forget();
    /// Breaches are not logged any more either: the log may go now.
    void abandon();

    const tandem_host* table() const { return table_.get(); }

    bool log_enabled(int32_t level) override;
    void log(int32_t level, std::string_view text, const host::Pairs& pairs) override;
    tandem_status text(std::string_view name, tandem_view& value) override;
    tandem_status integer(std::string_view name, int64_t& value) override;
    tandem_status yes_no(std::string_view name, bool& value) override;
    tandem_status text_at(std::string_view name, size_t index, tandem_view& value) override;
    tandem_time now() override;
    int64_t monotonic_ms() override;
    host::HttpResult send(host::HttpRequest request) override;
    host::Outcome open_websocket(host::WebsocketRequest request,
                                 std::unique_ptr<host::WebsocketConnection>& to) override;
    tandem_status emit(const tandem_event* event) override;

private:
    bool refused(const char* service);
    /// What `read` makes of the option; NOT_FOUND where there is none.
    template <typename Read>
    tandem_status read_option(std::string_view name, Read read);

    const std::shared_ptr<const Services> lent_;
    const std::string instance_, plugin_;
    std::shared_mutex options_mutex_;
    TypedOptions options_;  // guarded by options_mutex_
    fetch::Client http_;
    WebSockets websockets_;
    host::HostTable table_;
    std::atomic<bool> open_{false}, closed_{false};
    std::mutex breach_mutex_;
    bool abandoned_ = false;  // guarded by breach_mutex_
};

}  // namespace tandem::load
