#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/clock.h"
#include "tandem/abi/config.h"
#include "tandem/abi/events.h"
#include "tandem/abi/host.h"
#include "tandem/abi/http.h"
#include "tandem/abi/log.h"
#include "tandem/abi/websocket.h"
#include "tandem/host/outcome.hpp"

/// The services that a host lends to one instance: a C++ interface, and the C tables
/// that lead to it.
namespace tandem::host {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method, url;
    Pairs headers;
    std::string body;
    uint32_t deadline_ms = 0;
};

/// Either an answer of any status, or a failure and how far it came.
struct HttpResult {
    Outcome outcome;
    uint32_t progress = TANDEM_HTTP_NOTHING_SENT;  // of a failure
    int status = 0;
    Pairs headers;
    std::string body;
};

struct WebsocketRequest {
    std::string url;
    Pairs headers;
    uint32_t deadline_ms = 0;
};

/// What a wait for a message came to. OK: `text` is one; TIMEOUT: none came; CANCELLED: the
/// server closed with `close_code`, its reason is the outcome's text; UNAVAILABLE: broken;
/// CORRUPT: a message of more than 1 MiB or of no UTF-8.
struct WebsocketReceived {
    Outcome outcome;
    std::string text;
    uint32_t close_code = 0;
};

/// One open connection. Used by one thread at a time; destroyed after `close`.
class WebsocketConnection {
public:
    virtual ~WebsocketConnection() = default;
    /// UNAVAILABLE: the connection is broken.
    virtual Outcome send(std::string_view text) = 0;
    virtual WebsocketReceived receive(uint32_t timeout_ms) = 0;
    /// Says goodbye where it can. Must not wait for long.
    virtual void close(uint32_t code) = 0;
};

/// Implemented by whoever hosts plugins: the gateway, the checker, a test. Each function
/// may be called from any thread, also at once.
class HostServices {
public:
    virtual ~HostServices() = default;

    /// Whether the service with this id is offered; the plugin sees null otherwise.
    virtual bool offers(std::string_view) { return true; }

    virtual bool log_enabled(int32_t level) = 0;
    virtual void log(int32_t level, std::string_view text, const Pairs& pairs) = 0;

    /// The answer's view lives until destroy of the instance has returned.
    virtual tandem_status text(std::string_view name, tandem_view& value) = 0;
    virtual tandem_status integer(std::string_view name, int64_t& value) = 0;
    virtual tandem_status yes_no(std::string_view name, bool& value) = 0;
    virtual tandem_status text_at(std::string_view name, size_t index, tandem_view& value) = 0;

    virtual tandem_time now() = 0;
    virtual int64_t monotonic_ms() = 0;

    virtual HttpResult send(HttpRequest request) = 0;

    /// On success `to` is set. UNAUTHORIZED or FORBIDDEN: the server answered 401 or 403;
    /// UNAVAILABLE: it could not be reached or would not speak.
    virtual Outcome open_websocket(WebsocketRequest /*request*/,
                                   std::unique_ptr<WebsocketConnection>& /*to*/) {
        return {TANDEM_UNAVAILABLE, "websocket: there is no network here", 0};
    }

    /// OK, or LIMITED. The event is the plugin's until this returns.
    virtual tandem_status emit(const tandem_event* event) = 0;
};

/// The tandem_host of one instance. Must outlive every call of the plugin, and so must
/// `services`; neither is copied.
class HostTable {
public:
    explicit HostTable(HostServices& services) : host_(sized<tandem_host>()) {
        host_.abi_minor = TANDEM_ABI_MINOR;
        host_.self = &services;
        host_.service = [](void* self, tandem_view id) noexcept -> const void* {
            return service(*static_cast<HostServices*>(self), bytes(id));
        };
    }
    HostTable(const HostTable&) = delete;
    HostTable& operator=(const HostTable&) = delete;

    const tandem_host* get() const { return &host_; }

private:
    static HostServices& of(void* self) { return *static_cast<HostServices*>(self); }

    static const void* service(HostServices& services, std::string_view id) noexcept {
        try {
            if (!services.offers(id)) return nullptr;
        } catch (...) {
            return nullptr;
        }
        if (id == TANDEM_HOST_LOG) return log_table();
        if (id == TANDEM_HOST_CONFIG) return config_table();
        if (id == TANDEM_HOST_CLOCK) return clock_table();
        if (id == TANDEM_HOST_HTTP) return http_table();
        if (id == TANDEM_HOST_WEBSOCKET) return websocket_table();
        if (id == TANDEM_HOST_EVENTS) return events_table();
        return nullptr;
    }

    static Pairs pairs_of(const tandem_pair* pairs, size_t count) {
        Pairs made;
        // More fields than this are a mistake, and a log line must stay one.
        constexpr size_t most = 256;
        for (size_t i = 0; pairs && i < std::min(count, most); ++i) {
            made.emplace_back(std::string(bytes(pairs[i].name)),
                              std::string(bytes(pairs[i].value)));
        }
        return made;
    }

    static const tandem_host_log* log_table() {
        static const tandem_host_log table = [] {
            auto made = sized<tandem_host_log>();
            made.enabled = [](void* self, int32_t level) noexcept -> int32_t {
                return shielded([&] { return of(self).log_enabled(level) ? 1 : 0; }) == 1;
            };
            made.write = [](void* self, int32_t level, tandem_view line, const tandem_pair* pairs,
                            size_t count) noexcept {
                shielded([&] {
                    of(self).log(level, host::text(line, 4096), pairs_of(pairs, count));
                    return TANDEM_OK;
                });
            };
            return made;
        }();
        return &table;
    }

    static const tandem_host_config* config_table() {
        static const tandem_host_config table = [] {
            auto made = sized<tandem_host_config>();
            made.text = [](void* self, tandem_view name, tandem_view* value) noexcept {
                return shielded([&] { return of(self).text(bytes(name), *value); });
            };
            made.integer = [](void* self, tandem_view name, int64_t* value) noexcept {
                return shielded([&] { return of(self).integer(bytes(name), *value); });
            };
            made.yes_no = [](void* self, tandem_view name, int32_t* value) noexcept {
                return shielded([&] {
                    bool yes = false;
                    const tandem_status status = of(self).yes_no(bytes(name), yes);
                    if (status == TANDEM_OK) *value = yes ? 1 : 0;
                    return status;
                });
            };
            made.text_at = [](void* self, tandem_view name, size_t index,
                              tandem_view* value) noexcept {
                return shielded([&] { return of(self).text_at(bytes(name), index, *value); });
            };
            return made;
        }();
        return &table;
    }

    static const tandem_host_clock* clock_table() {
        static const tandem_host_clock table = [] {
            auto made = sized<tandem_host_clock>();
            made.now = [](void* self) noexcept -> tandem_time { return of(self).now(); };
            made.monotonic_ms = [](void* self) noexcept { return of(self).monotonic_ms(); };
            return made;
        }();
        return &table;
    }

    static tandem_status send(void* self, const tandem_http_request* raw, tandem_http_sink* sink,
                              tandem_error* error) {
        const auto given = known_part<tandem_http_request>(raw);
        HttpRequest request;
        request.method = bytes(given.method);
        request.url = bytes(given.url);
        request.headers = pairs_of(given.headers, given.header_count);
        request.body = bytes(given.body);
        request.deadline_ms = given.deadline_ms;
        const HttpResult result = of(self).send(std::move(request));
        if (!result.outcome.ok()) {
            sink->progress = result.progress;
            return fail(error, result.outcome.status, result.outcome.text,
                        result.outcome.retry_after_ms);
        }
        std::vector<tandem_pair> headers;
        for (const auto& [name, value] : result.headers)
            headers.push_back({view(name), view(value)});
        auto response = sized<tandem_http_response>();
        response.status = result.status;
        response.headers = headers.data();
        response.header_count = headers.size();
        response.body = view(result.body);
        sink->response(sink->context, &response);
        return TANDEM_OK;
    }

    static const tandem_host_http* http_table() {
        static const tandem_host_http table = [] {
            auto made = sized<tandem_host_http>();
            made.send = [](void* self, const tandem_http_request* request, tandem_http_sink* sink,
                           tandem_error* error) noexcept -> tandem_status {
                if (!request || !sink || !sink->response) {
                    return fail(error, TANDEM_INVALID, "http: no request or no sink");
                }
                const tandem_status status =
                    shielded([&] { return send(self, request, sink, error); });
                // Thrown on the way: whether bytes left is not known.
                if (status == TANDEM_INTERNAL) sink->progress = TANDEM_HTTP_MAYBE_SENT;
                return status;
            };
            return made;
        }();
        return &table;
    }

    // A connection crosses the waist as a pointer to it.
    static WebsocketConnection* connection(tandem_websocket* socket) {
        return reinterpret_cast<WebsocketConnection*>(socket);
    }

    static tandem_status open_websocket(void* self, const tandem_websocket_request* raw,
                                        tandem_websocket** socket, tandem_error* error) {
        const auto given = known_part<tandem_websocket_request>(raw);
        WebsocketRequest request;
        request.url = bytes(given.url);
        request.headers = pairs_of(given.headers, given.header_count);
        request.deadline_ms = given.deadline_ms;
        std::unique_ptr<WebsocketConnection> opened;
        const Outcome outcome = of(self).open_websocket(std::move(request), opened);
        if (!outcome.ok()) return fail(error, outcome.status, outcome.text, outcome.retry_after_ms);
        if (!opened) return fail(error, TANDEM_INTERNAL, "websocket: no connection was made");
        *socket = reinterpret_cast<tandem_websocket*>(opened.release());
        return TANDEM_OK;
    }

    static tandem_status receive_websocket(tandem_websocket* socket, uint32_t timeout_ms,
                                           tandem_websocket_sink* sink, tandem_error* error) {
        const WebsocketReceived received = connection(socket)->receive(timeout_ms);
        if (received.outcome.ok()) {
            sink->message(sink->context, view(received.text));
            return TANDEM_OK;
        }
        sink->close_code = received.close_code;
        return fail(error, received.outcome.status, received.outcome.text);
    }

    static const tandem_host_websocket* websocket_table() {
        static const tandem_host_websocket table = [] {
            auto made = sized<tandem_host_websocket>();
            made.open = [](void* self, const tandem_websocket_request* request,
                           tandem_websocket** socket, tandem_error* error) noexcept {
                if (!request || !socket) {
                    return fail(error, TANDEM_INVALID, "websocket: no request or no place for it");
                }
                return shielded([&] { return open_websocket(self, request, socket, error); });
            };
            made.send = [](void*, tandem_websocket* socket, tandem_view text,
                           tandem_error* error) noexcept {
                if (!socket) return fail(error, TANDEM_INVALID, "websocket: no connection");
                return shielded([&] {
                    const Outcome outcome = connection(socket)->send(bytes(text));
                    return outcome.ok() ? TANDEM_OK : fail(error, outcome.status, outcome.text);
                });
            };
            made.receive = [](void*, tandem_websocket* socket, uint32_t timeout_ms,
                              tandem_websocket_sink* sink, tandem_error* error) noexcept {
                if (!socket || !sink || !sink->message) {
                    return fail(error, TANDEM_INVALID, "websocket: no connection or no sink");
                }
                return shielded([&] { return receive_websocket(socket, timeout_ms, sink, error); });
            };
            made.close = [](void*, tandem_websocket* socket, uint32_t code) noexcept {
                const std::unique_ptr<WebsocketConnection> ended(connection(socket));
                if (!ended) return;
                shielded([&] {
                    ended->close(code);
                    return TANDEM_OK;
                });
            };
            return made;
        }();
        return &table;
    }

    static const tandem_host_events* events_table() {
        static const tandem_host_events table = [] {
            auto made = sized<tandem_host_events>();
            made.emit = [](void* self, const tandem_event* event) noexcept -> tandem_status {
                if (!event) return TANDEM_INVALID;
                return shielded([&] { return of(self).emit(event); });
            };
            return made;
        }();
        return &table;
    }

    tandem_host host_;
};

}  // namespace tandem::host
