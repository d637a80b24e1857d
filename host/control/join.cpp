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

/// What a join's answer tells.
struct Control::Joined {
    domain::ControlSession session;
    publish::Scene scene;
    size_t waiting = 0;
    std::optional<domain::Call> active_call;
    std::vector<std::string> on_wire;
    Json taken;          // null: no call was to be taken
    std::string unsent;  // why the announcement is not sent; empty: it is, or there is none
};

std::string Control::join(const Person& person, const JoinOrder& order, Keyed* key) {
    // The message waits for its turn like the AI's, and fails at a cap of the day: a takeover is
    // refused for neither.
    if (!order.custom_message.empty()) must_be_allowed(*person.organization, order.address);
    Joined joined;
    int64_t control_epoch = 0;
    bool began = false;
    decide(person, order.address, [&](Draft& draft) {
        const Look& seen = draft.before;
        draft.key = key;
        joined.active_call = seen.snapshot.active_call;
        joined.waiting = seen.waiting.size();
        if (seen.snapshot.session) must_hold(seen, person);
        began = !seen.snapshot.session;
        control_epoch = draft.conversation.control_epoch + (began ? 1 : 0);
        if (began) begin(draft, order);
        joined.session = draft.session;
        joined.unsent = draft.unsent;
        joined.scene = draft.scene();
        return began || key;
    });
    // For who joins again too: their first join may still stand between commit and gate.
    joined.on_wire = ground_.gate->close(person.organization->id, order.address, control_epoch,
                                         options_.patience);
    if (began) count("join");
    if (!order.call_action.empty()) {
        joined.taken = Json{{"action", order.call_action}, {"done", false}};
        const auto done =
            joined.active_call ? take_call(person, order, *joined.active_call) : std::nullopt;
        if (!done)
            joined.taken["reason"] =
                joined.active_call ? "no provider can reach the line" : "there is no call";
        else if (*done)
            joined.taken["done"] = true;
        else
            joined.taken["reason"] = "the provider did not do it";
    }
    return answer_of(joined);
}

/// A new session of the draft's person.
void Control::begin(Draft& draft, const JoinOrder& order) {
    const Look& seen = draft.before;
    if (!order.custom_message.empty() && draft.conversation.opted_out)
        refuse(409, "OPTED_OUT", "The customer opted out; nothing may be sent.");
    meet(draft);
    draft.conversation.last_activity_at = seen.now;
    draft.conversation.needs_human.clear();
    draft.conversation.waiting = static_cast<int64_t>(seen.waiting.size());
    draft.writes_session = true;
    draft.session.id = ground_.ids->next();
    draft.session.address = order.address;
    draft.session.agent_id = draft.person.agent_id;
    draft.session.agent_name = draft.person.agent_name;
    draft.session.state = domain::SessionState::Open;
    draft.session.started_at = draft.session.last_activity_at = seen.now;
    draft.record.handoff_reason = order.handoff_reason;
    draft.record.custom_message = order.custom_message;
    draft.record.queue_from =
        seen.waiting.empty() ? seen.newest_number() + 1 : seen.waiting.front()->number;
    draft.note_down(draft.person.agent_name + " took the conversation over.");
    if (!order.custom_message.empty())
        // An announcement is no answer: what the customer asked still waits.
        say(draft, order.custom_message, domain::MessageType::System);
    draft.session.record_json = to_json(draft.record);
    draft.write(
        publish::human_control_started(draft.scene(), draft.session, draft.conversation.waiting));
    draft.audit("join", draft.session.id);
}

/// Nothing is done but to wait at the gate, where the process that died did not.
std::string Control::joined(const Person& person, const JoinOrder& order) {
    const Look seen = look(person, order.address);
    store::ListQuery theirs;
    theirs.address = order.address;
    theirs.agent_id = person.agent_id;
    theirs.limit = 1;
    auto newest = ground_.store->sessions(person.organization->id, theirs);
    if (!newest) refuse_without_storage();
    // The key goes with whom it is about, so there is a session, unless it was passed on.
    if (newest->empty()) {
        must_hold(seen, person);
        newest->push_back(*seen.snapshot.session);
    }
    Joined joined;
    joined.session = std::move(newest->front());
    joined.scene = {{}, person.organization->id, order.address, {}, {}, {}, seen.now};
    if (seen.snapshot.conversation) {
        joined.scene.lead_id = seen.snapshot.conversation->lead_id;
        joined.on_wire =
            ground_.gate->close(person.organization->id, order.address,
                                seen.snapshot.conversation->control_epoch, options_.patience);
    }
    joined.waiting = seen.waiting.size();
    joined.active_call = seen.snapshot.active_call;
    if (!order.call_action.empty())
        joined.taken = Json{{"action", order.call_action},
                            {"done", false},
                            {"reason", "the gateway stopped before it knew"}};
    return answer_of(joined);
}

std::string Control::answer_of(const Joined& joined) const {
    Json data;
    data["session"] =
        session_object(joined.scene, joined.session, static_cast<int64_t>(joined.waiting));
    data["queuedMessages"] = joined.waiting;
    data["activeCall"] = joined.active_call ? call_object(*joined.active_call) : Json(nullptr);
    data["pendingSends"] = joined.on_wire;
    if (!joined.unsent.empty())
        data["customMessage"] = {{"sent", false}, {"reason", joined.unsent}};
    if (!joined.taken.is_null()) data["takeCall"] = joined.taken;
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
