#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "observe/observe.h"
#include "serve/serve.h"
#include "settings/settings.h"

/// The HTTP server as boot puts it together: options, route table, furniture.
namespace tandem::serve {

/// Every bound of the server. Durations are totals from the first byte on, not pauses
/// between bytes: a client that sends a byte now and then still meets them.
struct ServerOptions {
    std::vector<std::string> listen{"127.0.0.1:8080"};
    std::string control;                       // path of a unix socket for tandemctl; or none
    std::string tls_certificate, tls_key;      // both or none; PEM files
    std::vector<std::string> trusted_proxies;  // CIDR; whose X-Forwarded-For is believed
    std::vector<std::string> cors_origins;     // exact; none: no CORS
    bool public_https = false;                 // trusted proxies end TLS for us
    unsigned loops = 1;                        // event loops, sharing the port
    unsigned workers = 0;                      // 0: chosen by the machine
    size_t queued_requests = 1024;             // waiting for a worker; beyond: 503

    size_t header_bytes = 32 * 1024;
    size_t fields = 64;
    size_t request_line_bytes = 8 * 1024;
    /// Of all requests in hand, also of those whose client went away before their handler was done,
    /// and a quarter of it of one address, but for trusted proxies; beyond: 503.
    size_t buffered_bytes = 256 * 1024 * 1024;
    size_t connections = 19000;
    size_t connections_per_address = 1000;  // 0: no cap; IPv6: of a /64; proxies are exempt

    std::chrono::milliseconds header_time{10'000};
    std::chrono::milliseconds body_time{30'000};  // longer only at 1 KiB/s or more all along
    std::chrono::milliseconds idle_time{75'000};
    std::chrono::milliseconds answer_time{60'000};  // a handler; beyond: 500
    std::chrono::milliseconds write_time{30'000};   // without the peer taking a byte
    std::chrono::milliseconds linger_time{2'000};   // for a refusal to be read
    int stream_send_buffer = 64 * 1024;             // SO_SNDBUF of a stream
};
ServerOptions server_options(const settings::Server& server, const settings::Limits& limits);

/// What the server is lent; all of it outlives `stop`.
struct Furniture {
    Guard* guard = nullptr;  // needed as soon as a route is guarded
    observe::Log* log = nullptr;
    observe::Metrics* metrics = nullptr;
    /// Called once when draining begins, on the drainer's thread: whoever has streams
    /// ends them.
    std::function<void()> on_drain;
};

/// Start, stop and drain belong to one thread, the lifecycle's.
class Server {
public:
    /// Checks the route table; throws std::invalid_argument naming the route that is
    /// guarded without a permission, or stands twice.
    Server(ServerOptions options, std::vector<Route> routes, Furniture furniture);
    ~Server();

    /// Binds and serves; throws std::runtime_error naming what could not be had.
    void start();
    /// Of the first listener; what port 0 became.
    uint16_t port() const;
    std::vector<std::string> addresses() const;
    /// Shows another certificate to who connects from now on; the paths may be the same, for
    /// files that changed. On failure, which names the file, the former one stays. Only for who
    /// began with TLS.
    Result<void> renew_certificate(const std::string& certificate, const std::string& key);

    /// No new connections from now on; new requests on open ones get 503 SHUTTING_DOWN;
    /// what is in hand is finished, streams are ended by `on_drain`. True when all of it
    /// was done before the deadline.
    bool drain(std::chrono::milliseconds deadline);
    /// Cuts what is left and joins all threads.
    void stop();

private:
    class Life;
    std::unique_ptr<Life> life_;
};

}  // namespace tandem::serve
