#include <algorithm>
#include <utility>

#include "control/draft.h"
#include "publish/screen_json.h"

namespace tandem::control {

using publish::call_object;
using publish::Json;
using publish::session_object;
using publish::text;
using publish::text_or_null;

std::string Control::join(const Person& person, const JoinOrder& order) {
    domain::ControlSession session;
    publish::Scene scene;
    size_t waiting = 0;
    int64_t control_epoch = 0;
    std::optional<domain::Call> active_call;
    bool began = false;
    decide(person, order.address, [&](Draft& draft) {
        const Look& seen = draft.before;
        active_call = seen.snapshot.active_call;
        waiting = seen.waiting.size();
        if (seen.snapshot.session) must_hold(seen, person);
        began = !seen.snapshot.session;
        scene = draft.scene();
        session = draft.session;
        control_epoch = draft.conversation.control_epoch;
        if (!began) return false;
        if (!order.custom_message.empty() && draft.conversation.opted_out)
            refuse(409, "OPTED_OUT", "The customer opted out; nothing may be sent.");
        meet(draft);
        draft.conversation.last_activity_at = seen.now;
        draft.conversation.needs_human.clear();
        draft.conversation.waiting = static_cast<int64_t>(waiting);
        draft.writes_session = true;
        draft.session.id = ground_.ids->next();
        draft.session.address = order.address;
        draft.session.agent_id = person.agent_id;
        draft.session.agent_name = person.agent_name;
        draft.session.state = domain::SessionState::Open;
        draft.session.started_at = draft.session.last_activity_at = seen.now;
        draft.record.handoff_reason = order.handoff_reason;
        draft.record.custom_message = order.custom_message;
        draft.record.queue_from =
            waiting > 0 ? seen.waiting.front()->number : seen.newest_number() + 1;
        draft.note_down(person.agent_name + " took the conversation over.");
        if (!order.custom_message.empty())
            // An announcement is no answer: what the customer asked still waits.
            say(draft, order.custom_message, domain::MessageType::System);
        draft.session.record_json = to_json(draft.record);
        draft.write(publish::human_control_started(draft.scene(), draft.session,
                                                   draft.conversation.waiting));
        draft.audit("join", draft.session.id);
        control_epoch = draft.conversation.control_epoch + 1;
        session = draft.session;
        scene = draft.scene();
        return true;
    });
    // For who joins again too: their first join may still stand between commit and gate.
    const std::vector<std::string> on_wire = ground_.gate->close(
        person.organization->id, order.address, control_epoch, options_.patience);
    if (began) count("join");
    Json data;
    data["session"] = session_object(scene, session, static_cast<int64_t>(waiting));
    data["queuedMessages"] = waiting;
    data["activeCall"] = active_call ? call_object(*active_call) : Json(nullptr);
    data["pendingSends"] = on_wire;
    if (!order.call_action.empty()) {
        Json taken{{"action", order.call_action}, {"done", false}};
        const auto done = active_call ? take_call(person, order, *active_call) : std::nullopt;
        if (!done)
            taken["reason"] = active_call ? "no provider can reach the line" : "there is no call";
        else if (*done)
            taken["done"] = true;
        else
            taken["reason"] = "the provider did not do it";
        data["takeCall"] = std::move(taken);
    }
    data["timestamp"] = iso8601(ground_.clock->now());
    return text(data);
}

/// Whoever carries the line can end or redirect it; the voice's own instance is asked first.
/// Nothing: no instance offers it, or the line is not known yet.
std::optional<Result<void>> Control::take_call(const Person& person, const JoinOrder& order,
                                               const domain::Call& call) const {
    if (call.line_id.empty()) return std::nullopt;
    for (const std::string& instance : {person.organization->voice, person.organization->channel}) {
        const auto voice = voices_.find(instance);
        if (voice == voices_.end()) continue;
        Result<void> done = order.call_action == "transfer"
                                ? voice->second->transfer(call.line_id, order.call_to)
                                : voice->second->hang_up(call.line_id);
        if (!done && done.error().code == Code::Unsupported) continue;
        if (!done)
            ground_.log->warn("control", "a call could not be taken over",
                              {{"provider", instance}, {"reason", done.error().text}});
        return done;
    }
    return std::nullopt;
}

}  // namespace tandem::control
