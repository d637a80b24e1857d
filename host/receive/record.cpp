#include "receive/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/need.h"
#include "domain/waiting.h"
#include "receive/draft.h"

namespace tandem::receive {

namespace {

using domain::OptWord;

// Among so many of the newest messages a contrary word is looked for.
constexpr unsigned words_looked_back = 50;

/// What the text does to the customer's consent. The provider's own word wins, because it
/// has acted on it already.
struct Consent {
    OptWord word = OptWord::None;
    bool changes = false;     // opted out from now on, or no longer
    bool is_keyword = false;  // the provider answers it; the AI must not
};

std::string keyword_of(const std::string& told, OptWord word) {
    const std::string text = clean_text(told);
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

bool is_yes(const std::string& text) {
    return domain::opt_word(text) == OptWord::Start && keyword_of(text, OptWord::Start) == "YES";
}

/// Numbers of the North American plan whose callers pay nothing: their carriers do not take
/// YES for consent, so neither may we.
bool is_toll_free(std::string_view business) {
    static constexpr std::array<std::string_view, 7> codes{"800", "833", "844", "855",
                                                           "866", "877", "888"};
    return business.size() == 12 && business.starts_with("+1") &&
           std::find(codes.begin(), codes.end(), business.substr(2, 3)) != codes.end();
}

OptWord word_of(const MessageReceived& event) {
    return event.opt != OptWord::None ? event.opt : domain::opt_word(event.text);
}

/// The customer wrote the contrary since: texts that got lost are told of in no order.
bool overtaken(const MessageReceived& event, const Scope& scope, const store::Snapshot& snapshot) {
    const OptWord contrary = word_of(event) == OptWord::Stop ? OptWord::Start : OptWord::Stop;
    return std::any_of(snapshot.messages.begin(), snapshot.messages.end(), [&](const auto& one) {
        return one.author == domain::Author::Customer && one.type == domain::MessageType::Text &&
               one.at > event.happened_at && domain::opt_word(one.content) == contrary &&
               !(is_toll_free(scope.business) && is_yes(one.content));
    });
}

Consent consent_of(const MessageReceived& event, const Scope& scope,
                   const store::Snapshot& snapshot) {
    const bool opted_out = snapshot.conversation && snapshot.conversation->opted_out;
    Consent consent;
    consent.word = word_of(event);
    switch (consent.word) {
        case OptWord::None: break;
        case OptWord::Help: consent.is_keyword = true; break;
        case OptWord::Stop:
            consent.is_keyword = true;
            consent.changes = !opted_out;
            break;
        case OptWord::Start:
            // Of somebody who never opted out YES is an answer to a question.
            consent.is_keyword = opted_out || event.opt == OptWord::Start || !is_yes(event.text);
            consent.changes = opted_out;
            if (event.opt == OptWord::None && is_yes(event.text) && is_toll_free(scope.business))
                consent.changes = false;
            break;
    }
    if (messages_needed(event) > 0 && overtaken(event, scope, snapshot)) consent.changes = false;
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
    // Of a clock that is ahead no text comes from the future.
    message.at = event.happened_at == Time{} ? moment.now : std::min(event.happened_at, moment.now);
    return message;
}

void ask_human(Draft& draft, std::string_view reason) {
    if (domain::need_human(draft.conversation, reason))
        draft.write(publish::needs_human(draft.scene(), reason));
}

/// An AI turn, or a human where there is no AI or where it would answer hours later as if
/// nothing were. One turn answers all texts that come before it is due.
void owe_answer(Draft& draft, const Scope& scope, const store::Snapshot& snapshot,
                const std::string& message_id, bool late, const Moment& moment) {
    if (scope.organization->responder.empty()) return ask_human(draft, domain::need::no_responder);
    if (late) return ask_human(draft, domain::need::late);
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

/// Written so long ago that a machine's answer would come as a surprise; only where the event says
/// when it happened.
bool is_late(const MessageReceived& event, const Moment& moment) {
    return event.happened_at != Time{} && moment.now - event.happened_at > moment.late;
}

}  // namespace

unsigned messages_needed(const MessageReceived& event) {
    const OptWord word = word_of(event);
    const bool consents = word == OptWord::Stop || word == OptWord::Start;
    return consents && event.happened_at != Time{} ? words_looked_back : 0;
}

store::ChangeSet record(const MessageReceived& event, const Scope& scope,
                        const store::Snapshot& snapshot, const Moment& moment) {
    Draft draft(event, scope, snapshot, moment);
    draft.under_version();
    draft.meet(event.sender_name, "sms");
    draft.conversation.business_number = scope.business;
    const bool late = is_late(event, moment);

    const bool held = snapshot.session.has_value();
    const domain::Message message = inbound_text(event, scope, moment);
    if (held && domain::wants_answer(message)) ++draft.conversation.waiting;
    draft.write(message);
    draft.write(
        publish::sms_received(draft.scene(), message,
                              {draft.is_new_lead(), held, held ? draft.conversation.waiting : 0}));

    const Consent consent = consent_of(event, scope, snapshot);
    if (consent.changes) {
        draft.conversation.opted_out = consent.word == OptWord::Stop;
        draft.write(publish::customer_opted(draft.scene(), consent.word,
                                            keyword_of(event.text, consent.word)));
    }
    const bool owed_an_answer = !held && !consent.is_keyword && !draft.conversation.opted_out;
    if (owed_an_answer && scope.can_be_answered)
        owe_answer(draft, scope, snapshot, message.id, late, moment);
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
    const bool opts_out = event.opted_out && !draft.conversation.opted_out;
    // What did not climb once never will: without effect there is nothing to guard.
    if (!climbs && !opts_out) return draft.finished_apart();

    draft.under_version();
    if (opts_out) {
        draft.conversation.opted_out = true;
        draft.write(publish::customer_opted(draft.scene(), OptWord::Stop, "STOP"));
    }
    if (!climbs) return draft.finished();
    domain::Message changed = message;
    changed.delivery = event.delivery;
    if (changed.provider_id.empty()) changed.provider_id = event.provider_id;
    changed.error_code = status.error_code;
    changed.error_text = status.error_text;
    draft.write(publish::sms_status_update(draft.scene(), changed));
    return draft.finished();
}

}  // namespace tandem::receive
