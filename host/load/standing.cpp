#include "load/standing.h"

#include <algorithm>
#include <string>
#include <thread>

namespace tandem::load {
namespace {

constexpr std::chrono::milliseconds between_looks{5};

template <typename Port>
using BehindPointer = std::shared_ptr<Behind<Port>>;

class StandingWebhook : public receive::WebhookSource {
public:
    StandingWebhook(BehindPointer<WebhookSource> behind, const WebhookSource& first)
        : behind_(std::move(behind)),
          instance_(first.instance()),
          plugin_(first.plugin()),
          routes_(first.routes()) {}

    const std::string& instance() const override { return instance_; }
    const std::string& plugin() const override { return plugin_; }
    const std::vector<receive::WebhookRoute>& routes() const override { return routes_; }
    Result<void> verify(const receive::WebhookRequest& request) override {
        return behind_->now()->verify(request);
    }
    Result<receive::Normalised> normalise(const receive::WebhookRequest& request) override {
        return behind_->now()->normalise(request);
    }
    Result<receive::WebhookAnswer> render_context(
        const receive::WebhookRequest& request,
        const std::vector<std::pair<std::string, std::string>>& variables) override {
        return behind_->now()->render_context(request, variables);
    }

private:
    const BehindPointer<WebhookSource> behind_;
    const std::string instance_, plugin_;
    const std::vector<receive::WebhookRoute> routes_;
};

class StandingChannel : public deliver::Channel {
public:
    StandingChannel(BehindPointer<Channel> behind, const Channel& first)
        : behind_(std::move(behind)),
          instance_(first.instance()),
          max_text_units_(first.max_text_units()) {}

    const std::string& instance() const override { return instance_; }
    deliver::Receipt send(const deliver::OutboundMessage& message) override {
        return behind_->now()->send(message);
    }
    deliver::Receipt look_up(const deliver::OutboundMessage& message, Time begun_at) override {
        return behind_->now()->look_up(message, begun_at);
    }
    unsigned max_text_units() const override { return max_text_units_; }

private:
    const BehindPointer<Channel> behind_;
    const std::string instance_;
    const unsigned max_text_units_;
};

class StandingVoice : public call::Voice {
public:
    StandingVoice(BehindPointer<Voice> behind, const Voice& first)
        : behind_(std::move(behind)), instance_(first.instance()) {}

    const std::string& instance() const override { return instance_; }
    deliver::Receipt start_call(const call::OutboundCall& call) override {
        return behind_->now()->start_call(call);
    }
    deliver::Receipt look_up(const call::OutboundCall& call, Time begun_at) override {
        return behind_->now()->look_up(call, begun_at);
    }
    Result<void> hang_up(const std::string& provider_call_id) override {
        return behind_->now()->hang_up(provider_call_id);
    }
    Result<void> transfer(const std::string& provider_call_id, const std::string& to) override {
        return behind_->now()->transfer(provider_call_id, to);
    }

private:
    const BehindPointer<Voice> behind_;
    const std::string instance_;
};

class StandingResponder : public reply::TurnResponder {
public:
    StandingResponder(BehindPointer<TurnResponder> behind, const TurnResponder& first)
        : behind_(std::move(behind)), instance_(first.instance()) {}

    const std::string& instance() const override { return instance_; }
    Result<reply::Answer> respond(const reply::Turn& turn) override {
        return behind_->now()->respond(turn);
    }

private:
    const BehindPointer<TurnResponder> behind_;
    const std::string instance_;
};

class StandingReconcile : public reconcile::Source {
public:
    StandingReconcile(BehindPointer<Source> behind, const Source& first)
        : behind_(std::move(behind)), instance_(first.instance()) {}

    const std::string& instance() const override { return instance_; }
    Result<std::optional<Time>> missed(const reconcile::MissedQuery& query,
                                       const reconcile::MissedSink& sink) override {
        return behind_->now()->missed(query, sink);
    }
    Result<std::optional<receive::ProviderEvent>> call(const std::string& conversation_id,
                                                       Milliseconds deadline) override {
        return behind_->now()->call(conversation_id, deadline);
    }

private:
    const BehindPointer<Source> behind_;
    const std::string instance_;
};

class StandingAuthenticator : public admit::Authenticator {
public:
    StandingAuthenticator(BehindPointer<Authenticator> behind, const Authenticator& first)
        : behind_(std::move(behind)), instance_(first.instance()) {}

    const std::string& instance() const override { return instance_; }
    Result<domain::Identity> authenticate(std::string_view token, Time now) override {
        return behind_->now()->authenticate(token, now);
    }

private:
    const BehindPointer<Authenticator> behind_;
    const std::string instance_;
};

/// Puts a standing port in the place of `port`, if there is one.
template <typename StandingPort, typename Port>
BehindPointer<Port> stand(std::shared_ptr<Port>& port) {
    if (!port) return nullptr;
    auto behind = std::make_shared<Behind<Port>>(port);
    port = std::make_shared<StandingPort>(behind, *port);
    return behind;
}

bool same_route(const receive::WebhookRoute& one, const receive::WebhookRoute& other) {
    return one.method == other.method && one.path == other.path && one.internal == other.internal;
}

bool same_webhooks(const Instance& one, const Instance& other) {
    if (!one.webhook || !other.webhook) return !one.webhook == !other.webhook;
    const auto &a = one.webhook->routes(), &b = other.webhook->routes();
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_route);
}

bool same_channels(const Instance& one, const Instance& other) {
    if (!one.channel || !other.channel) return !one.channel == !other.channel;
    return one.channel->max_text_units() == other.channel->max_text_units();
}

/// Replaces, and waits for those who are on their way to the former port.
template <typename Port>
bool exchange(const BehindPointer<Port>& behind, const std::shared_ptr<Port>& next,
              std::chrono::steady_clock::time_point end) {
    if (!behind) return true;
    const std::shared_ptr<Port> former = behind->replace(next);
    // Nobody can take hold of it any more, so the count only falls.
    while (former.use_count() > 1) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(between_looks);
    }
    return true;
}

}  // namespace

Standing::Standing(Instance first)
    : ports_(std::move(first)),
      webhook_(stand<StandingWebhook>(ports_.webhook)),
      channel_(stand<StandingChannel>(ports_.channel)),
      voice_(stand<StandingVoice>(ports_.voice)),
      responder_(stand<StandingResponder>(ports_.responder)),
      reconcile_(stand<StandingReconcile>(ports_.reconcile)),
      authenticator_(stand<StandingAuthenticator>(ports_.authenticator)) {}

bool Standing::fits(const Instance& other) const {
    return !other.store && same_webhooks(ports_, other) && same_channels(ports_, other) &&
           !ports_.voice == !other.voice && !ports_.responder == !other.responder &&
           !ports_.reconcile == !other.reconcile && !ports_.authenticator == !other.authenticator;
}

bool Standing::replace(const Instance& next, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    bool left = exchange(webhook_, next.webhook, end);
    left = exchange(channel_, next.channel, end) && left;
    left = exchange(voice_, next.voice, end) && left;
    left = exchange(responder_, next.responder, end) && left;
    left = exchange(reconcile_, next.reconcile, end) && left;
    return exchange(authenticator_, next.authenticator, end) && left;
}

}  // namespace tandem::load
