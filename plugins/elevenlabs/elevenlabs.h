// ElevenLabs Agents: calls in and out, what became of them, and the AI's answers to texts.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api.h"
#include "dismissed.h"
#include "respond.h"
#include "secrets.h"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/reconcile.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::elevenlabs {

/// The user id of a text conversation that the responder held begins like this; what
/// follows is the turn's id. Its post-call webhook is about no call.
inline constexpr std::string_view turn_mark = "tandem-turn:";

/// The dynamic variable by which a call of ours is known again, beside its user id.
inline constexpr const char* call_id_variable = "tandem_call_id";

/// Safe from any thread.
class ElevenLabs : public plugin::Plugin,
                   public plugin::Webhook,
                   public plugin::Voice,
                   public plugin::Reconcile,
                   public plugin::Responder {
public:
    explicit ElevenLabs(plugin::Host host);
    static plugin::Description describe();

    std::vector<plugin::Route> routes() override;
    void verify(const plugin::WebhookRequest& request) override;
    void normalise(const plugin::WebhookRequest& request, plugin::WebhookSink& sink) override;
    void render_context(const plugin::WebhookRequest& request,
                        const std::vector<plugin::Field>& variables,
                        plugin::WebhookSink& sink) override;

    plugin::Receipt start_call(const plugin::OutboundCall& call) override;
    plugin::Receipt look_up(const plugin::OutboundCall& call, tandem_time begun_at) override;

    void missed(const plugin::MissedQuery& query, plugin::MissedSink& sink) override;
    void call(std::string_view conversation_id, std::uint32_t deadline_ms,
              plugin::EventSink& sink) override;

    void respond(const plugin::Turn& turn, plugin::ReplySink& sink) override;

private:
    void verify_initiation(const plugin::WebhookRequest& request) const;
    void verify_post_call(const plugin::WebhookRequest& request) const;
    void read_post_call(const plugin::WebhookRequest& request, plugin::WebhookSink& sink) const;
    std::string conversation_url(std::int64_t deadline) const;
    plugin::Receipt found(const plugin::OutboundCall& call, tandem_time begun_at) const;

    // Constant after construction.
    const plugin::Host host_;
    const Api api_;
    const std::string agent_id_;
    const std::string agent_phone_number_id_;
    const Secrets initiation_secrets_;
    const Secrets post_call_secrets_;
    const std::int64_t longest_call_s_;
    const TurnOptions turn_options_;

    // Guards itself.
    Dismissed dismissed_;
    /// A text conversation began with a first message of the agent.
    std::atomic<bool> agent_greets_{false};
};

}  // namespace tandem::elevenlabs
