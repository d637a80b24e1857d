// Twilio: texts in and out (Programmable Messaging), and the lines of calls (Programmable
// Voice). Who speaks on a line is another plugin's matter.
#pragma once

#include <string>
#include <vector>

#include "accounts.hpp"
#include "api.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/reconcile.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::twilio {

/// Constant after construction; safe from any thread.
class Twilio : public plugin::Plugin,
               public plugin::Webhook,
               public plugin::Channel,
               public plugin::Voice,
               public plugin::Reconcile {
public:
    explicit Twilio(plugin::Host host);
    static plugin::Description describe();

    // Webhook: inbound.cpp
    std::vector<plugin::Route> routes() override;
    void verify(const plugin::WebhookRequest& request) override;
    void normalise(const plugin::WebhookRequest& request, plugin::WebhookSink& sink) override;

    // Channel: send.cpp, look_up.cpp
    plugin::Receipt send(const plugin::OutboundMessage& message) override;
    plugin::Receipt look_up(const plugin::OutboundMessage& message, tandem_time begun_at) override;
    std::uint32_t max_text_units() override;

    // Voice: voice.cpp. It starts no calls, so that none is looked up.
    using plugin::Voice::look_up;
    void hang_up(std::string_view call_sid) override;
    void transfer(std::string_view call_sid, std::string_view to) override;

    // Reconcile: missed.cpp
    void missed(const plugin::MissedQuery& query, plugin::MissedSink& sink) override;

private:
    /// Who a message is from, as Twilio is told; empty: the service chooses.
    std::string sender_of(const plugin::OutboundMessage& message) const;
    static std::string receiver_of(const plugin::OutboundMessage& message);
    std::string callback_of(const plugin::OutboundMessage& message) const;
    Parameters form_of(const plugin::OutboundMessage& message) const;
    plugin::HttpResult change_call(std::string_view call_sid, const Parameters& form) const;

    const plugin::Host host_;
    const std::vector<Account> accounts_;  // the first one sends, all of them verify
    const Api api_;
    const std::string from_;
    const std::string messaging_service_sid_;
    const bool service_picks_sender_;
    const std::int64_t validity_s_;
    const std::int64_t transfer_ring_s_;
};

}  // namespace tandem::twilio
