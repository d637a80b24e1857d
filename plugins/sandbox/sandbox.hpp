// The sandbox: channel, voice and responder at once, offline, for trying and for tests. It
// invents nothing: what it does follows from what it is told, by the rules of README.md.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "later.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::sandbox {

/// Safe from any thread.
class Sandbox : public plugin::Plugin,
                public plugin::Webhook,
                public plugin::Channel,
                public plugin::Voice,
                public plugin::Responder {
public:
    explicit Sandbox(plugin::Host host);
    static plugin::Description describe();

    void start() override;
    void stop() override;

    std::vector<plugin::Route> routes() override;
    void verify(const plugin::WebhookRequest& request) override;
    void normalise(const plugin::WebhookRequest& request, plugin::WebhookSink& sink) override;

    plugin::Receipt send(const plugin::OutboundMessage& message) override;
    std::uint32_t max_text_units() override;

    plugin::Receipt start_call(const plugin::OutboundCall& call) override;
    void hang_up(std::string_view provider_call_id) override;
    void transfer(std::string_view provider_call_id, std::string_view to) override;

    void respond(const plugin::Turn& turn, plugin::ReplySink& sink) override;

private:
    const plugin::Host host_;
    const std::chrono::milliseconds delay_;  // between two steps of what a provider does
    const std::chrono::milliseconds slow_;   // how long "slow" takes
    Later later_;
};

/// What a customer said or wrote by the host's routes: pure.
void read_message(std::string_view body, plugin::WebhookSink& sink);
void read_call(std::string_view body, plugin::WebhookSink& sink);

/// What the AI of the sandbox answers.
struct Reply {
    std::string text;
    std::string needs_human;  // the reason; empty: nobody is asked for
    bool slow = false;
    bool fails = false;
};
Reply reply_to(std::string_view text, std::string_view customer, std::string_view organization);

}  // namespace tandem::sandbox
