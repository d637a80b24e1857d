#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tandem/host/services.hpp"

namespace tandem::load {

/// A place that a plugin may talk to: scheme, host and port of a URL.
struct Origin {
    std::string scheme, host;
    uint16_t port = 0;
    /// The operator wrote the URL: plain http and any address are taken as written.
    /// Otherwise the plugin's default did: https only, and public addresses only.
    bool written_by_operator = false;
};

/// The origin of an http or https URL; nothing for other text.
std::optional<Origin> origin_of(const std::string& url, bool written_by_operator);

/// Whether everybody may be let talk to this address: not loopback, private, link-local,
/// shared (RFC 6598), multicast, reserved, documentation, nor an IPv6 form of such a one.
bool is_public(const sockaddr& address);

/// The one way from a plugin to the network: TLS always verified, redirects never
/// followed, no proxy from the environment, every answer bounded. Each instance has its
/// own, so that connections and what they were allowed never mix. Safe from any thread.
class HttpClient {
public:
    static constexpr uint32_t max_deadline_ms = 60'000;  // a worker waits for it
    static constexpr uint32_t max_connect_ms = 10'000;
    static constexpr size_t max_body_bytes = 8 << 20;     // the waist's promise
    static constexpr size_t max_header_fields = 100;      // as other clients
    static constexpr size_t max_header_bytes = 64 << 10;  // as other clients
    static constexpr size_t max_idle_handles = 4;         // kept for their connections

    explicit HttpClient(std::vector<Origin> allowed);
    ~HttpClient();

    /// Any answer is success. A failure says in `progress` whether a byte of the request
    /// can have left.
    host::HttpResult send(const host::HttpRequest& request);

private:
    struct Handle;
    class Exchange;

    std::unique_ptr<Handle> take();
    void give_back(std::unique_ptr<Handle> handle);

    const std::vector<Origin> allowed_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Handle>> idle_;  // guarded by mutex_
};

}  // namespace tandem::load
