#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/webhook.h"
#include "tandem/host/events.hpp"
#include "tandem/host/instance.hpp"

/// The webhook capability of an instance.
namespace tandem::host {

struct WebhookRoute {
    std::string method, path;
    bool internal = false;
};

/// All views live as long as the caller's bytes.
struct WebhookRequest {
    std::string_view method, public_url, target, path;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    std::string_view body;
    tandem_time received_at = 0;
};

struct WebhookAnswer {
    int32_t status = 200;
    std::string content_type, body;
};

struct Normalised {
    std::vector<Event> events;
    size_t unknown_events = 0;  // of kinds that this host does not know; left out
    std::optional<WebhookAnswer> answer;
};

/// One request of a provider carries one event, or some dozen in a batch.
constexpr size_t max_events = 1000;
constexpr size_t max_routes = 100;

/// As safe from threads as the instance behind it. Lives no longer than it.
class Webhook {
public:
    Webhook() = default;
    Webhook(void* self, const void* table)
        : self_(self), table_(known_part<tandem_webhook>(table)) {}

    bool complete() const {
        return table_.routes && table_.verify && table_.normalise && table_.render_context;
    }

    Outcome routes(std::vector<WebhookRoute>& to) const {
        auto sink = sized<tandem_webhook_route_sink>();
        sink.context = &to;
        sink.route = [](void* context, const tandem_webhook_route* raw) noexcept {
            return shielded([&]() -> tandem_status {
                auto& list = *static_cast<std::vector<WebhookRoute>*>(context);
                if (list.size() == max_routes) return TANDEM_LIMITED;
                const auto route = known_part<tandem_webhook_route>(raw);
                list.push_back({text(route.method), text(route.path),
                                (route.flags & TANDEM_ROUTE_INTERNAL) != 0});
                return TANDEM_OK;
            });
        };
        return guarded([&](tandem_error* error) { return table_.routes(self_, &sink, error); });
    }

    Outcome verify(const WebhookRequest& request) const {
        return with(request, [&](const tandem_webhook_request* raw, tandem_error* error) {
            return table_.verify(self_, raw, error);
        });
    }

    Outcome normalise(const WebhookRequest& request, Normalised& to) const {
        const tandem_webhook_sink sink = sink_of(to);
        return with(request, [&](const tandem_webhook_request* raw, tandem_error* error) {
            return table_.normalise(self_, raw, &sink, error);
        });
    }

    Outcome render_context(
        const WebhookRequest& request,
        const std::vector<std::pair<std::string_view, std::string_view>>& variables,
        Normalised& to) const {
        const std::vector<tandem_pair> pairs = views(variables);
        const tandem_webhook_sink sink = sink_of(to);
        return with(request, [&](const tandem_webhook_request* raw, tandem_error* error) {
            return table_.render_context(self_, raw, pairs.data(), pairs.size(), &sink, error);
        });
    }

private:
    static std::vector<tandem_pair> views(
        const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
        std::vector<tandem_pair> made;
        made.reserve(pairs.size());
        for (const auto& [name, value] : pairs) made.push_back({view(name), view(value)});
        return made;
    }

    template <typename Call>
    static Outcome with(const WebhookRequest& request, Call&& call) {
        const std::vector<tandem_pair> headers = views(request.headers);
        auto raw = sized<tandem_webhook_request>();
        raw.method = view(request.method);
        raw.public_url = view(request.public_url);
        raw.target = view(request.target);
        raw.path = view(request.path);
        raw.headers = headers.data();
        raw.header_count = headers.size();
        raw.body = view(request.body);
        raw.received_at = request.received_at;
        return guarded([&](tandem_error* error) { return call(&raw, error); });
    }

    static tandem_webhook_sink sink_of(Normalised& to) {
        auto sink = sized<tandem_webhook_sink>();
        sink.context = &to;
        sink.event = [](void* context, const tandem_event* raw) noexcept {
            return shielded([&]() -> tandem_status {
                auto& normalised = *static_cast<Normalised*>(context);
                if (normalised.events.size() == max_events) return TANDEM_LIMITED;
                Event event;
                if (read_event(raw, event)) {
                    normalised.events.push_back(std::move(event));
                } else {
                    ++normalised.unknown_events;
                }
                return TANDEM_OK;
            });
        };
        sink.answer = [](void* context, const tandem_webhook_answer* raw) noexcept {
            shielded([&] {
                const auto answer = known_part<tandem_webhook_answer>(raw);
                static_cast<Normalised*>(context)->answer =
                    WebhookAnswer{answer.status, std::string(bytes(answer.content_type)),
                                  std::string(bytes(answer.body).substr(0, (1 << 20) + 1))};
                return TANDEM_OK;
            });
        };
        return sink;
    }

    void* self_ = nullptr;
    tandem_webhook table_{};
};

}  // namespace tandem::host
