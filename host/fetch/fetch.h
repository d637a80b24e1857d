#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// Requests to providers: the only way out of the house.
namespace tandem::fetch {

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

/// Stands in the text of a failure of a peer whose certificate is not believed: time alone
/// mends that seldom.
inline constexpr std::string_view distrust = "TLS: ";

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method, url;
    Fields headers;
    std::string body;
    uint32_t deadline_ms = 0;  // 0: the longest there is
};

/// Either an answer of any status, or a failure and how far it came.
struct Answer {
    Error failure{Code::Ok, {}};  // Ok: an answer came
    bool maybe_sent = false;      // of a failure: a byte of the request can have left
    int status = 0;
    Fields headers;
    std::string body;

    bool ok() const { return failure.code == Code::Ok; }
};

class Handle;

/// Asks those who may be asked: TLS always verified, redirects never followed, no proxy
/// from the environment, every answer bounded. Each plugin instance has its own, so that
/// connections and what they were allowed never mix. Safe from any thread.
class Client {
public:
    static constexpr uint32_t max_deadline_ms = 60'000;  // a worker waits for it
    static constexpr uint32_t max_connect_ms = 10'000;
    static constexpr size_t max_body_bytes = 8 << 20;     // as plugins are promised
    static constexpr size_t max_header_fields = 100;      // as other clients
    static constexpr size_t max_header_bytes = 64 << 10;  // as other clients
    static constexpr size_t max_idle_handles = 4;         // kept for their connections

    /// `authorities`: a PEM file to be trusted instead of the system's; empty: the system's.
    explicit Client(std::vector<Origin> allowed, std::string authorities = {});
    ~Client();

    /// Blocks. Any answer is success.
    Answer send(const Request& request);
    /// Ends the connections that are kept and keeps none from now on.
    void close();

private:
    class Exchange;

    std::unique_ptr<Handle> take();
    void give_back(std::unique_ptr<Handle> handle);

    const std::vector<Origin> allowed_;
    const std::string authorities_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Handle>> idle_;  // guarded by mutex_
    bool closed_ = false;                        // guarded by mutex_
};

}  // namespace tandem::fetch
