#include "receive/record.h"

#include <algorithm>
#include <utility>

#include "context/context.h"
#include "publish/payload.h"

namespace tandem::receive {

namespace {

using domain::OptWord;

/// One ChangeSet in the making, with the person it is about as they will be after it.
class Draft {
public:
    Draft(const ProviderEvent& event, const Scope& scope, const store::Snapshot& snapshot,
          const Moment& moment)
        : scope_(scope), moment_(moment) {
        const auto& incident =
            std::visit([](const auto& one) -> const Incident& { return one; }, event);
        set_.organization = scope.organization->id;
        const std::string hash = body_hash(event);
        set_.preconditions.push_back(store::DedupeNew{scope.instance, incident.dedupe_key, hash});
        set_.operations.push_back(
            store::Dedupe{scope.instance, incident.dedupe_key, hash, moment.now});
        if (snapshot.conversation) conversation = *snapshot.conversation;
        if (snapshot.lead) lead = *snapshot.lead;
        known_ = snapshot.lead.has_value();
    }

    /// The conversation changes: nothing else may have changed it since the snapshot.
    void under_version() {
        conversation.address = scope_.customer;
        set_.preconditions.push_back(store::VersionIs{conversation.address, conversation.version});
    }

    /// Somebody we have not met becomes a lead, in the same commit as what they said. Two
    /// first contacts at once meet at the conversation's version.
    void meet(std::string_view name, std::string_view source) {
        if (conversation.version == 0) conversation.created_at = moment_.now;
        conversation.last_activity_at = std::max(conversation.last_activity_at, moment_.now);
        if (!known_) {
            lead.id = moment_.ids->next();
            lead.address = scope_.customer;
            lead.customer_name = clean_text(name);
            lead.source = source;
            lead.created_at = lead.updated_at = moment_.now;
            set_.operations.insert(set_.operations.begin() + 1, lead);
            write(publish::lead_auto_created(scene()));
        }
        conversation.lead_id = lead.id;
    }

    publish::Scene scene() const {
        return {moment_.ids->next(), set_.organization, scope_.customer, lead.id,
                lead.customer_name,  lead.status,       moment_.now};
    }

    template <typename Written>
    void write(Written operation) {
        set_.operations.push_back(std::move(operation));
    }

    void require(store::Precondition condition) {
        set_.preconditions.push_back(std::move(condition));
    }

    /// The conversation is written as it is now, but before the messages that it counts.
    store::ChangeSet finished() {
        const bool with_lead =
            set_.operations.size() > 1 && std::holds_alternative<domain::Lead>(set_.operations[1]);
        const auto place = set_.operations.begin() + (with_lead ? 2 : 1);
        set_.operations.insert(place, conversation);
        return std::move(set_);
    }
    /// Without touching the conversation.
    store::ChangeSet finished_apart() { return std::move(set_); }

    bool is_new_lead() const { return !known_; }

    domain::Conversation conversation;
    domain::Lead lead;

private:
    const Scope& scope_;
    const Moment& moment_;
    store::ChangeSet set_;
    bool known_ = false;
};

/// What the text does to the customer's consent. The provider's own word wins, because it
/// has acted on it already.
struct Consent {
    OptWord word = OptWord::None;
    bool changes = false;     // opted out from now on, or no longer
    bool is_keyword = false;  // the provider answers it; the AI must not
};

std::string keyword_of(const MessageReceived& event, OptWord word) {
    const std::string text = clean_text(event.text);
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && domain::opt_word(text) == word) {
        std::string upper;
        for (const char letter : text.substr(first)) {
            if (letter >= 'a' && letter <= 'z') upper.push_back(static_cast<char>(letter - 32));
            if (letter >= 'A' && letter <= 'Z') upper.push_back(letter);
        }
        return upper;
    }
    return word == OptWord::Stop ? "STOP" : "START";
}

Consent consent_of(const MessageReceived& event, bool opted_out) {
    Consent consent;
    consent.word = event.opt != OptWord::None ? event.opt : domain::opt_word(event.text);
    switch (consent.word) {
        case OptWord::None: break;
        case OptWord::Help: consent.is_keyword = true; break;
        case OptWord::Stop:
            consent.is_keyword = true;
            consent.changes = !opted_out;
            break;
        case OptWord::Start:
            // Of somebody who never opted out YES is an answer to a question.
            consent.is_keyword = opted_out || event.opt == OptWord::Start ||
                                 keyword_of(event, OptWord::Start) != "YES";
            consent.changes = opted_out;
            break;
    }
    return consent;
}

domain::Message inbound_text(const MessageReceived& event, const Scope& scope,
                             const Moment& moment) {
    domain::Message message;
    message.id = moment.ids->next();
    message.address = scope.customer;
    message.content = clean_text(event.text);
    message.provider_id = event.provider_id;
    message.instance = scope.instance;
    for (const domain::Media& one : event.media)
        message.media.push_back({clean_text(one.url), clean_text(one.content_type)});
    message.at = moment.now;
    return message;
}

/// An AI turn, or a human where there is no AI. One turn answers all texts that come
/// before it is due.
void owe_answer(Draft& draft, const Scope& scope, const store::Snapshot& snapshot,
                const std::string& message_id, const Moment& moment) {
    if (scope.organization->responder.empty()) {
        if (!draft.conversation.needs_human.empty()) return;
        draft.conversation.needs_human = "no_responder";
        draft.write(publish::needs_human(draft.scene(), "no_responder"));
        return;
    }
    store::Owed turn;
    turn.id = moment.ids->next();
    turn.kind = store::OwedKind::AiTurn;
    turn.address = scope.customer;
    turn.instance = scope.organization->responder;
    turn.subject_id = message_id;
    turn.merge_key = "turn:" + scope.customer;
    turn.control_epoch = draft.conversation.control_epoch;
    turn.due_at = moment.now + moment.coalesce;
    if (snapshot.conversation) draft.require(store::EpochIs{scope.customer, turn.control_epoch});
    draft.write(store::Owe{std::move(turn)});
}

domain::Call call_of(const CallStarted& event, const Scope& scope,
                     const std::optional<domain::Call>& known, const Moment& moment) {
    domain::Call call;
    if (known) call = *known;
    if (!known) {
        call.id = moment.ids->next();
        call.address = scope.customer;
        call.instance = scope.instance;
        call.direction = event.direction;
        call.active = true;
        call.started_at = event.happened_at == Time{} ? moment.now : event.happened_at;
    }
    if (call.line_id.empty()) call.line_id = event.call_id;
    if (call.conversation_id.empty()) call.conversation_id = event.conversation_id;
    return call;
}

domain::Call call_of(const CallEnded& event, const Scope& scope,
                     const std::optional<domain::Call>& known, const Moment& moment) {
    domain::Call call;
    const Time told = event.happened_at == Time{} ? moment.now : event.happened_at;
    if (known) call = *known;
    if (!known) {
        call.id = moment.ids->next();
        call.address = scope.customer;
        call.instance = scope.instance;
        call.direction = event.direction;
        call.started_at = told - std::chrono::seconds(event.duration_s);
    }
    if (call.line_id.empty()) call.line_id = event.call_id;
    if (call.conversation_id.empty()) call.conversation_id = event.conversation_id;
    call.active = false;
    call.outcome = event.outcome;
    call.duration_s = event.duration_s;
    call.summary = clean_text(event.summary);
    call.ended_at = call.started_at + std::chrono::seconds(event.duration_s);
    return call;
}

domain::Message spoken(const domain::SpokenTurn& turn, const domain::Call& call, const Scope& scope,
                       const Moment& moment) {
    const bool by_customer = turn.speaker == domain::Author::Customer;
    domain::Message message;
    message.id = moment.ids->next();
    message.address = scope.customer;
    message.author = turn.speaker;
    message.type = domain::MessageType::Voice;
    message.direction = by_customer ? domain::Direction::Inbound : domain::Direction::Outbound;
    message.delivery = by_customer ? domain::Delivery::Received : domain::Delivery::Delivered;
    message.content = turn.text;
    message.instance = scope.instance;
    message.at = call.started_at + std::chrono::seconds(turn.seconds);
    return message;
}

}  // namespace

store::ChangeSet record(const MessageReceived& event, const Scope& scope,
                        const store::Snapshot& snapshot, const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet(event.sender_name, "sms");

    const bool held = snapshot.session.has_value();
    if (held) ++draft.conversation.waiting;
    const domain::Message message = inbound_text(event, scope, moment);
    draft.write(message);
    draft.write(
        publish::sms_received(draft.scene(), message,
                              {draft.is_new_lead(), held, held ? draft.conversation.waiting : 0}));

    const Consent consent = consent_of(event, draft.conversation.opted_out);
    if (consent.changes) {
        draft.conversation.opted_out = consent.word == OptWord::Stop;
        draft.write(
            publish::customer_opted(draft.scene(), consent.word, keyword_of(event, consent.word)));
    }
    const bool wants_answer = !held && !consent.is_keyword && !draft.conversation.opted_out;
    if (wants_answer && scope.can_be_answered)
        owe_answer(draft, scope, snapshot, message.id, moment);
    return draft.finished();
}

store::ChangeSet record(const MessageStatus& event, const Scope& scope,
                        const store::Snapshot& snapshot, const domain::Message& message,
                        const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    const bool climbs = event.known_word && domain::climbs(message.delivery, event.delivery);
    store::Status status;
    status.message_id = message.id;
    status.delivery = climbs ? event.delivery : message.delivery;
    status.keep_delivery = !climbs;
    status.provider_id = message.provider_id.empty() ? event.provider_id : std::string();
    status.provider_word = clean_text(event.provider_word);
    status.error_code = clean_text(event.error_code);
    status.error_text = clean_text(event.error_text);
    status.at = moment.now;
    draft.write(status);
    // What did not climb once never will: without effect there is nothing to guard.
    if (!climbs) return draft.finished_apart();

    draft.under_version();
    domain::Message changed = message;
    changed.delivery = event.delivery;
    if (changed.provider_id.empty()) changed.provider_id = event.provider_id;
    changed.error_code = status.error_code;
    changed.error_text = status.error_text;
    draft.write(publish::sms_status_update(draft.scene(), changed));
    return draft.finished();
}

store::ChangeSet record(const CallStarted& event, const Scope& scope,
                        const store::Snapshot& snapshot, const std::optional<domain::Call>& known,
                        const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet({}, "call");
    const domain::Call call = call_of(event, scope, known, moment);
    draft.write(call);
    // Whoever placed a call announced it then.
    if (!known)
        draft.write(
            publish::call_initiated(draft.scene(), call, {}, {},
                                    context::dynamic_variables(*scope.organization, snapshot)));
    return draft.finished();
}

store::ChangeSet record(const CallEnded& event, const Scope& scope, const store::Snapshot& snapshot,
                        const std::optional<domain::Call>& known, const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet({}, "call");
    const domain::Call call = call_of(event, scope, known, moment);
    draft.write(call);
    std::vector<domain::SpokenTurn> turns = event.turns;
    for (domain::SpokenTurn& turn : turns) {
        turn.text = clean_text(turn.text);
        draft.write(spoken(turn, call, scope, moment));
    }
    if (!call.summary.empty()) draft.conversation.summary = call.summary;
    draft.write(publish::call_ended(draft.scene(), call, clean_text(event.failure_reason),
                                    clean_text(event.analysis_json), turns));
    return draft.finished();
}

}  // namespace tandem::receive
