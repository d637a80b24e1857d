#include <utility>

#include "control/draft.h"
#include "domain/segments.h"
#include "publish/screen_json.h"

namespace tandem::control {

using publish::call_object;
using publish::Json;
using publish::session_object;
using publish::text;
using publish::text_or_null;

using domain::MessageType;

namespace {

/// The text and the answer to whoever asked for it are one commit.
void remember(Control::Draft& draft, Keyed* key, const Json& data) {
    if (!key) return;
    admit::keep(key->once, key->answer(text(data)));
    draft.key = key;
}

}  // namespace

void Control::must_be_allowed(const domain::Organization& organization,
                              const std::string& address) {
    const std::string_view objection = organization.objection_to(address);
    if (!objection.empty()) throw serve::Refused{limit::refusal_of_number(objection)};
}

void Control::take_one(const Person& person, const std::string& address, bool& taken) const {
    if (taken || !ground_.limits) return;
    const limit::Verdict verdict = ground_.limits->message(*person.organization, address);
    if (!verdict.passes) throw serve::Refused{limit::refusal(verdict)};
    taken = true;
}

/// A human's text: in the record, on the screens, and owed to the customer. At a cap of the
/// day it is refused, but an announcement ends as failed: a takeover waits for no midnight.
domain::Message Control::say(Draft& draft, const std::string& words, MessageType type) {
    const domain::Organization& organization = *draft.person.organization;
    if (channels_.count(organization.channel) == 0)
        refuse(502, "PROVIDER_FAILED", "The organisation has no provider for texts.");
    domain::Message message;
    message.id = ground_.ids->next();
    message.address = draft.conversation.address;
    message.author = domain::Author::Human;
    message.type = type;
    message.direction = domain::Direction::Outbound;
    message.delivery = domain::Delivery::Queued;
    message.content = words;
    message.instance = organization.channel;
    message.agent_id = draft.person.agent_id;
    // Who joined under a name keeps it.
    message.agent_name =
        draft.session.id.empty() ? draft.person.agent_name : draft.session.agent_name;
    message.session_id = draft.session.id;
    message.at = draft.before.now;

    store::Owed owed;
    owed.id = ground_.ids->next();
    owed.kind = store::OwedKind::Send;
    owed.address = message.address;
    owed.instance = message.instance;
    owed.subject_id = message.id;
    owed.due_at = draft.before.now;
    owed.expires_at = draft.before.now + options_.validity;

    if (ground_.spending) {
        const auto segments = static_cast<unsigned>(domain::segments_of(words).count);
        auto charge = ground_.spending->spend(organization, {1, segments, 0}, message.id);
        const bool waives = type == MessageType::System;
        if (!charge && !(waives && charge.error().code == Code::Limited))
            throw serve::Refused{limit::refusal(charge.error())};
        if (!charge) {
            draft.unsent = charge.error().text + '.';
            write_unsent(draft, message);
            return message;
        }
        draft.charge = std::move(*charge);
    }
    if (!draft.session.id.empty()) ++draft.record.message_count;
    draft.write(message);
    draft.write(publish::message_sent(draft.scene(), message));
    draft.write(store::Owe{std::move(owed)});
    draft.audit("send", message.id);
    return message;
}

/// As a text that was committed and failed, which is what screens know.
void Control::write_unsent(Draft& draft, domain::Message message) const {
    draft.write(message);
    draft.write(publish::message_sent(draft.scene(), message));
    message.delivery = domain::Delivery::Failed;
    message.error_code = "DAILY_LIMIT";
    message.error_text = draft.unsent;
    store::Status line;
    line.message_id = message.id;
    line.delivery = message.delivery;
    line.error_code = message.error_code;
    line.error_text = message.error_text;
    line.at = draft.before.now;
    draft.write(std::move(line));
    draft.write(publish::sms_status_update(draft.scene(), message));
}

std::string Control::send(const Person& person, const SendOrder& order, Keyed* key) {
    Json data;
    must_be_allowed(*person.organization, order.address);
    bool taken = false;
    decide(person, order.address, [&](Draft& draft) {
        must_hold(draft.before, person);
        if (draft.conversation.opted_out)
            refuse(409, "OPTED_OUT", "The customer opted out; nothing may be sent.");
        take_one(person, order.address, taken);
        draft.conversation.waiting = 0;
        draft.conversation.last_activity_at = draft.before.now;
        draft.writes_session = true;
        draft.session.last_activity_at = draft.before.now;
        const domain::Message message = say(draft, order.text, MessageType::Text);
        const auto held = draft.before.now - draft.session.started_at;
        data = Json{{"messageId", message.id},
                    {"smsId", nullptr},
                    {"phoneNumber", message.address},
                    {"leadId", text_or_null(draft.lead.id)},
                    {"messageType", order.message_type},
                    {"priority", text_or_null(order.priority)},
                    {"agentName", message.agent_name},
                    {"agentId", message.agent_id},
                    {"timestamp", iso8601(message.at)},
                    {"smsStatus", domain::word(message.delivery)},
                    {"sessionInfo",
                     Json{{"sessionId", draft.session.id},
                          {"messageCount", draft.record.message_count},
                          {"duration", std::chrono::floor<std::chrono::seconds>(held).count()}}}};
        remember(draft, key, data);
        return true;
    });
    count("send");
    return text(data);
}

std::string Control::send_plain(const Person& person, const SendOrder& order, Keyed* key) {
    Json data;
    must_be_allowed(*person.organization, order.address);
    bool taken = false;
    decide(person, order.address, [&](Draft& draft) {
        if (draft.before.snapshot.session) must_hold(draft.before, person);
        if (draft.conversation.opted_out)
            refuse(409, "OPTED_OUT", "The customer opted out; nothing may be sent.");
        take_one(person, order.address, taken);
        meet(draft);
        // Somebody answered: an AI turn that was computed before finds another version.
        draft.conversation.needs_human.clear();
        draft.conversation.waiting = 0;
        draft.conversation.last_activity_at = draft.before.now;
        if (draft.before.snapshot.session) {
            draft.writes_session = true;
            draft.session.last_activity_at = draft.before.now;
        }
        const domain::Message message = say(draft, order.text, MessageType::Text);
        data = Json{{"messageId", message.id},
                    {"smsId", nullptr},
                    {"phoneNumber", message.address},
                    {"status", domain::word(message.delivery)},
                    {"timestamp", iso8601(message.at)}};
        remember(draft, key, data);
        return true;
    });
    count("send");
    return text(data);
}

}  // namespace tandem::control
