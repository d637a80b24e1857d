// tandem/plugin/webhook.hpp: a provider calls us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/webhook.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/events.hpp"

namespace tandem::plugin {

/// A path below /api/webhooks/{instance}/ that the provider is told to call.
struct Route {
    std::string method;  ///< POST or GET.
    /// Without a slash in front. Its last segment may be a parameter, `{secret}`.
    std::string path;
    bool internal = false;  ///< Only the host's own routes lead to it.
};

/// A complete request, checked only as HTTP. Its views are good until the call returns.
struct WebhookRequest {
    std::string_view method;
    std::string_view public_url;  ///< As the provider was told to call it, with the raw query.
    std::string_view target;      ///< As received: raw path and query.
    std::string_view path;        ///< Of the route that matched, as the route has it.
    std::vector<Field> headers;   ///< In wire order.
    std::string_view body;
    tandem_time received_at = 0;

    /// The value of the first header of this name, whatever the case of its letters.
    std::optional<std::string_view> header(std::string_view name) const {
        return find_field(headers, name);
    }
};

/// What the provider is told when everything is durable.
struct Answer {
    std::int32_t status = 200;
    std::string content_type;
    std::string body;
};

/// Takes what a request says; dead when the call that received it returns.
class WebhookSink {
public:
    explicit WebhookSink(const tandem_webhook_sink* sink) noexcept : sink_(sink) {}

    /// One event of any type of events.hpp. False: the host wants no more of this request.
    /// Throws where the host refuses it.
    template <typename Known>
    bool event(const Known& event) {
        const auto push = member(sink_, &tandem_webhook_sink::event);
        if (push == nullptr) throw Failure(TANDEM_UNSUPPORTED, "the host takes no events here");
        const tandem_status status = with_raw(
            event, [this, push](const tandem_event* raw) { return push(sink_->context, raw); });
        if (status < 0) throw Failure(status, "the host refused an event of this request");
        return status != TANDEM_STOP;
    }

    /// At most once. Without it the answer is an empty 200.
    void answer(const Answer& answer) {
        const auto give = member(sink_, &tandem_webhook_sink::answer);
        if (give == nullptr) throw Failure(TANDEM_UNSUPPORTED, "the host takes no answer here");
        auto raw = sized<tandem_webhook_answer>();
        raw.status = answer.status;
        raw.content_type = view_or_absent(answer.content_type);
        raw.body = view(answer.body);
        give(sink_->context, &raw);
    }

private:
    const tandem_webhook_sink* sink_;
};

/// tandem.webhook/1. `verify`, `normalise` and `render_context` are pure: the same bytes give
/// the same result, without network, store or clock. Several threads call them at once.
class Webhook {
public:
    virtual ~Webhook() = default;

    /// The same for the whole life of the instance.
    virtual std::vector<Route> routes() = 0;
    /// Returns for a genuine request; throws Failure(TANDEM_UNAUTHORIZED, reason) otherwise,
    /// the reason being for the log alone, or Failure(TANDEM_NOT_FOUND, reason) for a request
    /// of an account that is not this instance's: the host then asks the other instances of
    /// the plugin. Parses nothing that it does not need.
    virtual void verify(const WebhookRequest& request) = 0;
    /// Pushes what the request says, and the answer to give. Throws INVALID where it makes no
    /// sense. Called only for what `verify` found genuine.
    virtual void normalise(const WebhookRequest& request, WebhookSink& sink) = 0;
    /// Puts the host's variables into the provider's form and answers with it, for a call
    /// that asked for context.
    virtual void render_context(const WebhookRequest&, const std::vector<Field>& /*variables*/,
                                WebhookSink&) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin renders no context for calls");
    }
};

inline WebhookRequest from_raw(const tandem_webhook_request* raw) {
    WebhookRequest request;
    request.method = text(member(raw, &tandem_webhook_request::method));
    request.public_url = text(member(raw, &tandem_webhook_request::public_url));
    request.target = text(member(raw, &tandem_webhook_request::target));
    request.path = text(member(raw, &tandem_webhook_request::path));
    request.headers = fields(member(raw, &tandem_webhook_request::headers),
                             member(raw, &tandem_webhook_request::header_count));
    request.body = text(member(raw, &tandem_webhook_request::body));
    request.received_at = member(raw, &tandem_webhook_request::received_at);
    return request;
}

template <>
struct Capability<Webhook> {
    static constexpr std::string_view id = TANDEM_WEBHOOK;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_webhook made{sizeof(tandem_webhook), 0,
                                             &routes<Owner>,         &verify<Owner>,
                                             &normalise<Owner>,      &render_context<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static Webhook& of(void* self) noexcept {
        return *static_cast<Owner*>(self);
    }

    template <typename Owner>
    static tandem_status routes(void* self, const tandem_webhook_route_sink* sink,
                                tandem_error* error) noexcept {
        return guard(error, [&] {
            for (const Route& route : of<Owner>(self).routes()) {
                auto raw = sized<tandem_webhook_route>();
                raw.flags = route.internal ? TANDEM_ROUTE_INTERNAL : 0u;
                raw.method = view(route.method);
                raw.path = view(route.path);
                const tandem_status status = sink->route(sink->context, &raw);
                if (status < 0) throw Failure(status, "the host refused route " + route.path);
                if (status == TANDEM_STOP) return;
            }
        });
    }

    template <typename Owner>
    static tandem_status verify(void* self, const tandem_webhook_request* request,
                                tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).verify(from_raw(request)); });
    }

    template <typename Owner>
    static tandem_status normalise(void* self, const tandem_webhook_request* request,
                                   const tandem_webhook_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] {
            WebhookSink out(sink);
            of<Owner>(self).normalise(from_raw(request), out);
        });
    }

    template <typename Owner>
    static tandem_status render_context(void* self, const tandem_webhook_request* request,
                                        const tandem_pair* variables, std::size_t variable_count,
                                        const tandem_webhook_sink* sink,
                                        tandem_error* error) noexcept {
        return guard(error, [&] {
            WebhookSink out(sink);
            of<Owner>(self).render_context(from_raw(request), fields(variables, variable_count),
                                           out);
        });
    }
};

}  // namespace tandem::plugin
