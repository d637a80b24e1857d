#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/conversation.h"
#include "domain/event.h"
#include "domain/message.h"
#include "store/store.h"

/// The texts of events: the one place that knows the contract's JSON for screens. Pure
/// functions; each gives an event whose payload is final but for its position. Bytes
/// that are no UTF-8 become U+FFFD; nothing here throws for what a customer wrote. An event
/// above 256 KiB loses its long contents and says `"truncated": true`.
namespace tandem::publish {

/// What every event says.
struct Scene {
    std::string event_id;
    std::string organization;
    std::string address;  // empty: null, an event of the whole organisation
    std::string lead_id;  // empty: null
    std::string customer_name;
    std::string lead_status;
    Time at{};
};
/// Of a conversation as it was read. Where it is not there, or its lead, what they would say
/// is empty.
Scene scene_of(std::string event_id, const domain::OrganizationId& organization,
               const store::Snapshot& snapshot, Time at);

struct ReceivedState {
    bool is_new_lead = false;
    bool under_human_control = false;
    int64_t queue_depth = 0;
};

domain::Event sms_received(const Scene& scene, const domain::Message& message,
                           const ReceivedState& state);
/// `ai_message_sent` or `human_message_sent`, by the message's author.
domain::Event message_sent(const Scene& scene, const domain::Message& message);
/// With the message's delivery, provider id and error as they are from now on.
domain::Event sms_status_update(const Scene& scene, const domain::Message& message);
domain::Event call_initiated(const Scene& scene, const domain::Call& call,
                             std::string_view call_reason, std::string_view initiated_by,
                             const std::vector<std::pair<std::string, std::string>>& variables);
/// An analysis that is no JSON, or nests deeper than 64, is left out (null).
domain::Event call_ended(const Scene& scene, const domain::Call& call,
                         std::string_view failure_reason, std::string_view analysis_json,
                         const std::vector<domain::SpokenTurn>& transcript);
domain::Event lead_auto_created(const Scene& scene);
domain::Event lead_updated(const Scene& scene);
domain::Event needs_human(const Scene& scene, std::string_view reason);
/// `customer_opted_out` or `customer_opted_in`.
domain::Event customer_opted(const Scene& scene, domain::OptWord word, std::string_view keyword);

/// `human_control_started`, with the reason of the session's record.
domain::Event human_control_started(const Scene& scene, const domain::ControlSession& session,
                                    int64_t customers_waiting);
/// `human_control_ended`, or `human_control_timeout`, by the session's state.
domain::Event human_control_over(const Scene& scene, const domain::ControlSession& session);
/// `human_control_transferred`; the session is the new holder's already.
domain::Event human_control_transferred(const Scene& scene, const domain::ControlSession& session,
                                        std::string_view from_agent_id,
                                        std::string_view from_agent_name,
                                        int64_t customers_waiting);

/// The contract's Message as JSON text.
std::string message_json(const domain::Message& message);

/// A call as `activeCall` and lists show it, as JSON text.
std::string call_json(const domain::Call& call);

/// The contract's session as JSON text. `record_json` of the session gives what the
/// record itself has no member for, under the contract's names (messageCount,
/// handoffReason, customMessage, summary, nextSteps, handoffSuccess); the duration of an
/// open session runs until the scene's time.
std::string session_json(const Scene& scene, const domain::ControlSession& session,
                         int64_t customers_waiting);

// What a stream says of itself, made for one reader and never part of a journal. Each is
// the event's JSON.

std::string connected(const Scene& scene, std::string_view connection_id);
std::string heartbeat(const Scene& scene);
std::string stream_reset(const Scene& scene, std::string_view reason);
std::string stream_end(const Scene& scene, std::string_view reason);

/// A conversation as a screen first sees it. Borrows all it points to.
struct History {
    const std::vector<domain::Message>& messages;  // newest last
    std::string_view summary;                      // empty: null
    const domain::ControlSession* session = nullptr;
    const domain::Call* active_call = nullptr;
    int64_t customers_waiting = 0;
};
std::string conversation_history(const Scene& scene, const History& history);

}  // namespace tandem::publish
