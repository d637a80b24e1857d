#include <algorithm>
#include <utility>

#include "control/draft.h"
#include "domain/need.h"
#include "publish/screen_json.h"

namespace tandem::control {

using publish::call_object;
using publish::Json;
using publish::session_object;
using publish::text;
using publish::text_or_null;

using domain::SessionState;

/// What nobody answered goes back to the AI, as one turn, or waits for a human where there
/// is no AI.
void Control::owe_turn(Draft& draft) {
    const domain::Organization& organization = *draft.person.organization;
    if (draft.before.waiting.empty() || draft.conversation.opted_out) return;
    if (organization.responder.empty()) {
        if (domain::need_human(draft.conversation, domain::need::no_responder))
            draft.write(publish::needs_human(draft.scene(), domain::need::no_responder));
        return;
    }
    store::Owed turn;
    turn.id = ground_.ids->next();
    turn.kind = store::OwedKind::AiTurn;
    turn.address = draft.conversation.address;
    turn.instance = organization.responder;
    turn.subject_id = draft.before.waiting.back()->id;
    turn.merge_key = "turn:" + draft.conversation.address;
    turn.control_epoch = draft.conversation.control_epoch + 1;
    turn.due_at = draft.before.now;
    draft.write(store::Owe{std::move(turn)});
}

void Control::end(Draft& draft, const LeaveOrder& order, SessionState state) {
    const Time now = draft.before.now;
    draft.writes_session = true;
    draft.session.state = state;
    draft.session.ended_at = now;
    if (state == SessionState::Ended) draft.session.last_activity_at = now;
    draft.record.over = true;
    draft.record.summary = order.summary;
    draft.record.next_steps = order.next_steps;
    draft.record.handoff_success = order.success && state == SessionState::Ended;
    draft.conversation.waiting = 0;
    draft.conversation.last_activity_at = now;

    std::string line = state == SessionState::TimedOut
                           ? draft.session.agent_name + " was idle; the AI answers again."
                           : draft.session.agent_name + " handed the conversation back to the AI.";
    if (!order.summary.empty()) line += " Summary: " + order.summary;
    for (const std::string& step : order.next_steps) line += " Next: " + step;
    draft.note_down(line);
    owe_turn(draft);
    draft.session.record_json = to_json(draft.record);
    draft.write(publish::human_control_over(draft.scene(), draft.session));
    draft.audit(state == SessionState::TimedOut ? "timeout" : "leave", draft.session.id);
}

std::string Control::leave(const Person& person, const LeaveOrder& order) {
    Json data;
    decide(person, order.address, [&](Draft& draft) {
        must_hold(draft.before, person, order.force);
        const auto queue = queue_of(draft.before, draft.record);
        end(draft, order, SessionState::Ended);
        data["session"] = session_object(draft.scene(), draft.session, 0);
        const size_t unprocessed = draft.before.waiting.size();
        data["queuedMessages"] = Json{{"total", queue.size()},
                                      {"customerMessages", queue.size()},
                                      {"processed", queue.size() - unprocessed}};
        return true;
    });
    count("leave");
    data["timestamp"] = iso8601(ground_.clock->now());
    return text(data);
}

std::string Control::transfer(const Person& person, const TransferOrder& order) {
    Json data;
    decide(person, order.address, [&](Draft& draft) {
        must_hold(draft.before, person);
        const std::string from_id = draft.session.agent_id, from_name = draft.session.agent_name;
        draft.writes_session = true;
        draft.session.agent_id = order.to_agent_id;
        draft.session.agent_name = order.to_agent_name;
        draft.session.last_activity_at = draft.before.now;
        draft.session.record_json = to_json(draft.record);
        draft.note_down(from_name + " passed the conversation to " + order.to_agent_name + '.');
        draft.write(publish::human_control_transferred(draft.scene(), draft.session, from_id,
                                                       from_name, draft.conversation.waiting));
        draft.audit("transfer", draft.session.id);
        data["session"] = session_object(draft.scene(), draft.session, draft.conversation.waiting);
        return true;
    });
    count("transfer");
    return text(data);
}

}  // namespace tandem::control
