#include <algorithm>
#include <utility>

#include "context/context.h"
#include "receive/call_details.h"
#include "receive/draft.h"

namespace tandem::receive {

namespace {

using domain::CallOutcome;
using domain::Line;
using Told = CallDetails::Told;

Time told_at(const Incident& incident, const Moment& moment) {
    return incident.happened_at == Time{} ? moment.now : incident.happened_at;
}

domain::Call new_call(const Scope& scope, domain::CallDirection direction, const Moment& moment) {
    domain::Call call;
    call.id = moment.ids->next();
    call.address = scope.customer;
    call.instance = scope.instance;
    call.direction = direction;
    return call;
}

void learn_ids(domain::Call& call, const std::string& line_id, const std::string& conversation_id) {
    if (call.line_id.empty()) call.line_id = line_id;
    if (call.conversation_id.empty()) call.conversation_id = conversation_id;
}

/// A call that we placed, of whose provider nobody heard until now: whoever learns its ids
/// first tells screens of it. One that was given up here is over for them.
bool is_news(const std::optional<domain::Call>& known) {
    return known && known->direction == domain::CallDirection::Outbound && known->active &&
           known->conversation_id.empty() && known->line_id.empty();
}

/// An end that tells what was said, not only that it is over.
bool is_full(const CallEnded& event) {
    return !event.turns.empty() || !event.summary.empty();
}

/// The end as the event tells it.
void end_by(domain::Call& call, CallDetails& details, const CallEnded& event,
            const Moment& moment) {
    const unsigned duration = event.duration_s > 0 ? event.duration_s : details.line_duration_s;
    call.active = false;
    call.outcome = event.outcome;
    call.duration_s = duration;
    call.summary = clean_text(event.summary);
    if (call.started_at == Time{})
        call.started_at = told_at(event, moment) - std::chrono::seconds(duration);
    call.ended_at = duration > 0 ? call.started_at + std::chrono::seconds(duration)
                                 : std::max(call.started_at, told_at(event, moment));
    details.failure_reason = clean_text(event.failure_reason);
    details.analysis_json = clean_text(event.analysis_json);
    details.told = is_full(event) ? Told::Full : Told::Bare;
}

/// What a second, poorer end still adds.
void add_details(domain::Call& call, CallDetails& details, const CallEnded& event) {
    if (call.outcome == CallOutcome::Unknown) call.outcome = event.outcome;
    if (call.duration_s == 0 && event.duration_s > 0) {
        call.duration_s = event.duration_s;
        call.ended_at = call.started_at + std::chrono::seconds(event.duration_s);
    }
    if (details.failure_reason.empty()) details.failure_reason = clean_text(event.failure_reason);
    if (details.analysis_json.empty()) details.analysis_json = clean_text(event.analysis_json);
}

domain::Message spoken(const domain::SpokenTurn& turn, const domain::Call& call,
                       const Moment& moment) {
    const bool by_customer = turn.speaker == domain::Author::Customer;
    domain::Message message;
    message.id = moment.ids->next();
    message.address = call.address;
    message.author = turn.speaker;
    message.type = domain::MessageType::Voice;
    message.direction = by_customer ? domain::Direction::Inbound : domain::Direction::Outbound;
    message.delivery = by_customer ? domain::Delivery::Received : domain::Delivery::Delivered;
    message.content = turn.text;
    message.instance = call.instance;
    message.call_id = call.id;
    message.at = call.started_at + std::chrono::seconds(turn.seconds);
    return message;
}

bool never_connected(Line line) {
    return line == Line::Busy || line == Line::NoAnswer || line == Line::Failed ||
           line == Line::Canceled;
}

/// The contract's word where the provider gave none.
std::string reason_of(const CallStatus& event) {
    if (!event.provider_word.empty()) return clean_text(event.provider_word);
    switch (event.line) {
        case Line::Busy: return "busy";
        case Line::NoAnswer: return "no-answer";
        case Line::Canceled: return "canceled";
        default: return "failed";
    }
}

void note_line(CallDetails& details, const CallStatus& event, const Moment& moment) {
    const Time at = told_at(event, moment);
    if (event.line == Line::Ringing && details.ringing_at == Time{}) details.ringing_at = at;
    if (event.line == Line::Answered && details.answered_at == Time{}) details.answered_at = at;
    const bool over = event.line == Line::Completed || never_connected(event.line);
    // Callbacks overtake each other: what is over is not ringing again.
    if (over || details.line_ended_at == Time{})
        details.line_word = clean_text(event.provider_word);
    if (!over) return;
    if (details.line_ended_at == Time{}) details.line_ended_at = at;
    if (event.line == Line::Completed) details.line_duration_s = event.duration_s;
    details.line_error = clean_text(event.error_code);
}

}  // namespace

store::ChangeSet record(const CallStarted& event, const Scope& scope,
                        const store::Snapshot& snapshot, const std::optional<domain::Call>& known,
                        const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet({}, "call");
    if (event.direction == domain::CallDirection::Inbound)
        draft.conversation.business_number = scope.business;
    domain::Call call = known ? *known : new_call(scope, event.direction, moment);
    if (!known) {
        call.active = true;
        call.started_at = told_at(event, moment);
    }
    learn_ids(call, event.call_id, event.conversation_id);
    draft.write(call);
    if (!known || is_news(known)) {
        const CallDetails details = details_of(call);
        draft.write(
            publish::call_initiated(draft.scene(), call, details.reason, details.initiated_by,
                                    context::dynamic_variables(*scope.organization, snapshot)));
    }
    return draft.finished();
}

store::ChangeSet record(const CallEnded& event, const Scope& scope, const store::Snapshot& snapshot,
                        const std::optional<domain::Call>& known, const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet({}, "call");
    domain::Call call = known ? *known : new_call(scope, event.direction, moment);
    CallDetails details = known ? details_of(call) : CallDetails{};
    learn_ids(call, event.call_id, event.conversation_id);
    // It began and ended before its provider's answer was recorded.
    if (is_news(known))
        draft.write(
            publish::call_initiated(draft.scene(), call, details.reason, details.initiated_by, {}));

    const bool first = details.told == Told::Nothing;
    const bool richer = details.told == Told::Bare && is_full(event);
    if (!first && !richer) {
        add_details(call, details, event);
        keep(call, details);
        draft.write(call);
        return draft.finished();
    }
    end_by(call, details, event, moment);
    keep(call, details);
    draft.write(call);
    std::vector<domain::SpokenTurn> turns = event.turns;
    for (domain::SpokenTurn& turn : turns) {
        turn.text = clean_text(turn.text);
        draft.write(spoken(turn, call, moment));
    }
    if (!call.summary.empty()) draft.conversation.summary = call.summary;
    draft.write(publish::call_ended(draft.scene(), call, details.failure_reason,
                                    details.analysis_json, turns));
    return draft.finished();
}

store::ChangeSet record(const CallStatus& event, const Scope& scope,
                        const store::Snapshot& snapshot, const domain::Call& known,
                        const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    if (event.line == Line::Other) return draft.finished_apart();
    draft.under_version();
    if (draft.conversation.version == 0) draft.meet({}, "call");
    domain::Call call = known;
    CallDetails details = details_of(call);
    note_line(details, event, moment);
    // A line that broke after somebody took it has a conversation to be told of.
    const bool failed = never_connected(event.line) && details.answered_at == Time{};
    const bool ends = failed && call.active && details.told == Told::Nothing;
    if (ends) {
        call.active = false;
        call.outcome = CallOutcome::NeverConnected;
        call.ended_at = told_at(event, moment);
        details.failure_reason = reason_of(event);
        details.told = Told::Bare;
    }
    keep(call, details);
    draft.write(call);
    if (ends) draft.write(publish::call_ended(draft.scene(), call, details.failure_reason, {}, {}));
    return draft.finished();
}

}  // namespace tandem::receive
