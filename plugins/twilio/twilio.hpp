// Twilio: texts in and out (Programmable Messaging).
#pragma once

#include <string>
#include <vector>

#include "form.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::twilio {

/// Constant after construction; safe from any thread.
class Twilio : public plugin::Plugin, public plugin::Webhook, public plugin::Channel {
public:
    explicit Twilio(plugin::Host host);
    static plugin::Description describe();

    std::vector<plugin::Route> routes() override;
    void verify(const plugin::WebhookRequest& request) override;
    void normalise(const plugin::WebhookRequest& request, plugin::WebhookSink& sink) override;

    plugin::Receipt send(const plugin::OutboundMessage& message) override;
    std::uint32_t max_text_units() override;

private:
    plugin::MessageReceived message_of(const Form& form) const;
    plugin::MessageStatus status_of(const Form& form, std::string_view target) const;
    std::string form_of(const plugin::OutboundMessage& message) const;

    const plugin::Host host_;
    const std::string account_sid_;
    const std::vector<std::string> auth_tokens_;  // the first one sends, all of them verify
    const std::string from_;
    const std::string messaging_service_sid_;
    const std::string api_base_url_;
};

/// What became of a message, from the answer of Messages.json.
plugin::Receipt receipt_of(const plugin::HttpResult& result);

/// Twilio's words of a message's life; Other for one that is not known.
plugin::Delivery delivery_of(std::string_view word);

}  // namespace tandem::twilio
