#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/webhook.hpp"

namespace acme {

/// Acme SMS, a provider that does not exist: texts in both directions and their status. All
/// members are constant after construction, so any number of threads may call at once.
class Acme : public tandem::plugin::Plugin,
             public tandem::plugin::Webhook,
             public tandem::plugin::Channel {
public:
    explicit Acme(tandem::plugin::Host host);
    static tandem::plugin::Description describe();

    std::vector<tandem::plugin::Route> routes() override;
    void verify(const tandem::plugin::WebhookRequest& request) override;
    void normalise(const tandem::plugin::WebhookRequest& request,
                   tandem::plugin::WebhookSink& sink) override;

    tandem::plugin::Receipt send(const tandem::plugin::OutboundMessage& message) override;
    std::uint32_t max_text_units() override;

private:
    tandem::plugin::Host host_;
    std::string base_url_;
    std::string api_key_;
    std::string webhook_secret_;
};

}  // namespace acme
