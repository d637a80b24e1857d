#include <utility>

#include <nlohmann/json.hpp>

#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

using Json = nlohmann::json;

constexpr std::string_view message_scope = "parked-status";
constexpr std::string_view line_scope = "parked-line";
constexpr std::chrono::hours keep_for{24};
// A provider's word and code are short; what is longer is nobody's.
constexpr size_t max_word_bytes = 64;
// What is said of one message or line in a day, and what one look of the sweep takes.
constexpr unsigned max_notes_of_one = 64;
constexpr unsigned max_notes_of_sweep = 1000;

std::string cut(const std::string& text) {
    return clean_text(text.substr(0, max_word_bytes));
}

/// Everything of the event but the addresses: the store has them with what it is about.
store::Note note_of(const ProviderEvent& event, const std::string& instance,
                    const std::string& customer, Time now) {
    Json value;
    value["instance"] = instance;
    const Incident& incident = incident_of(event);
    value["dedupeKey"] = incident.dedupe_key;
    value["at"] = incident.happened_at.time_since_epoch().count();
    store::Note note;
    note.at = now;
    note.expires_at = now + keep_for;
    note.address = customer;  // it goes with them
    if (const auto* status = std::get_if<MessageStatus>(&event)) {
        value["id"] = status->provider_id;
        value["delivery"] = static_cast<int>(status->delivery);
        value["known"] = status->known_word;
        value["optedOut"] = status->opted_out;
        value["word"] = cut(status->provider_word);
        value["messageId"] = status->message_id;
        value["errorCode"] = cut(status->error_code);
        value["errorText"] = clean_text(status->error_text);
        note.scope = message_scope;
        note.key = instance + '/' + status->provider_id + '/' + cut(status->provider_word) + '/' +
                   cut(status->error_code);
    } else {
        const auto& line = std::get<CallStatus>(event);
        value["id"] = line.call_id;
        value["line"] = static_cast<int>(line.line);
        value["duration"] = line.duration_s;
        value["word"] = cut(line.provider_word);
        value["errorCode"] = cut(line.error_code);
        note.scope = line_scope;
        note.key = line.call_id + '/' + instance + '/' + cut(line.provider_word);
    }
    note.value = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return note;
}

/// Throws nlohmann's exceptions where a member is missing or of another type.
ProviderEvent event_of(const store::Note& note, std::string& instance) {
    const Json value = Json::parse(note.value);
    instance = value.at("instance").get<std::string>();
    const auto fill = [&](auto event) {
        event.dedupe_key = value.at("dedupeKey").get<std::string>();
        event.happened_at = Time{Milliseconds{value.at("at").get<int64_t>()}};
        event.provider_word = value.at("word").get<std::string>();
        event.error_code = value.at("errorCode").get<std::string>();
        return event;
    };
    if (note.scope == line_scope) {
        auto line = fill(CallStatus{});
        line.call_id = value.at("id").get<std::string>();
        line.line = static_cast<domain::Line>(value.at("line").get<int>());
        line.duration_s = value.at("duration").get<unsigned>();
        return line;
    }
    auto status = fill(MessageStatus{});
    status.provider_id = value.at("id").get<std::string>();
    status.message_id = value.at("messageId").get<std::string>();
    status.delivery = static_cast<domain::Delivery>(value.at("delivery").get<int>());
    status.known_word = value.at("known").get<bool>();
    status.opted_out = value.at("optedOut").get<bool>();
    status.error_text = value.at("errorText").get<std::string>();
    return status;
}

/// Whether what it is about may still be on its way to the store. A message has its own id
/// before any provider hears of it: if the id is unknown the message is gone, and whoever was
/// erased with it must not come back as a note.
bool may_come(const ProviderEvent& event) {
    const auto* status = std::get_if<MessageStatus>(&event);
    return !status || status->message_id.empty();
}

std::string id_of(const ProviderEvent& event) {
    if (const auto* status = std::get_if<MessageStatus>(&event)) return status->provider_id;
    return std::get<CallStatus>(event).call_id;
}

}  // namespace

/// The event in hand is about what is not ours, or not yet: it is kept, and then looked at
/// again, because whoever records what it is about may have looked just before.
void Intake::park(const DeliveryPtr& delivery, const store::Lanes::Release& release) {
    const ProviderEvent& event = delivery->events[delivery->next];
    const domain::OrganizationId& organization = delivery->scopes[delivery->next].organization->id;
    const bool too_early = !delivery->parked && !id_of(event).empty() && may_come(event);
    const auto known =
        ground_.store->remembered(organization, delivery->instance, incident_of(event).dedupe_key);
    if (too_early && known && *known) {
        // Its effect came and went, with who was erased or with what is too old.
        recorded(delivery, "duplicate");
        return release();
    }
    if (!too_early) {
        recorded(delivery, delivery->parked ? "parked" : "unknown_message");
        return release();
    }
    store::ChangeSet set;
    set.organization = organization;
    set.operations.push_back(note_of(event, delivery->instance,
                                     delivery->scopes[delivery->next].customer,
                                     ground_.clock->now()));
    const bool queued = ground_.committer->submit(std::move(set), [this, delivery,
                                                                   release](Result<store::Outcome>
                                                                                outcome) {
        if (!outcome) {
            fail(delivery, outcome.error());
        } else if (outcome->kind == store::Outcome::Kind::Committed) {
            delivery->parked = true;
            advance(delivery);
        } else {
            fail(delivery, {Code::Internal, "the store refused an early status: " + outcome->text});
        }
        release();
    });
    if (queued) return;
    fail(delivery, {Code::Unavailable, "the queue of the committer is full"});
    release();
}

void Intake::apply(const domain::OrganizationId& organization, const std::string& instance,
                   const std::string& provider_id) {
    if (provider_id.empty()) return;
    unpark(organization, std::string(message_scope), instance + '/' + provider_id + '/');
}

void Intake::apply_line(const domain::OrganizationId& organization, const std::string& line_id) {
    if (line_id.empty()) return;
    unpark(organization, std::string(line_scope), line_id + '/');
}

/// On a lane of its own, for it reads. Where there is no room the sweep finds them later.
void Intake::unpark(const domain::OrganizationId& organization, const std::string& scope,
                    const std::string& prefix) {
    const domain::Organization* owner = ground_.organizations->by_id(organization);
    if (!owner) return;
    const auto look = [this, owner, scope, prefix](store::Lanes::Release release) {
        const unsigned limit = prefix.empty() ? max_notes_of_sweep : max_notes_of_one;
        const auto notes =
            ground_.store->notes(owner->id, scope, prefix, ground_.clock->now(), limit);
        if (!notes)
            ground_.log->warn("receive", "parked statuses could not be read",
                              {{"reason", notes.error().text}});
        if (notes)
            for (const store::Note& note : *notes) take_parked(*owner, note);
        release();
    };
    static_cast<void>(ground_.lanes->run(organization, scope + '/' + prefix, look));
}

void Intake::take_parked(const domain::Organization& organization, const store::Note& note) {
    auto delivery = std::make_shared<Delivery>();
    try {
        delivery->events.push_back(event_of(note, delivery->instance));
    } catch (const Json::exception& mistake) {
        return ground_.log->error("receive", "a parked status cannot be read",
                                  {{"reason", mistake.what()}});
    }
    delivery->scopes.push_back(
        {&organization, delivery->instance, {}, "parked:" + id_of(delivery->events.front()), true});
    delivery->parked = true;
    delivery->tell = [](const Result<WebhookAnswer>&) {};
    delivery->begun = ground_.clock->steady();
    advance(delivery);
}

/// The other side was faster; the note has done its work.
void Intake::forget_parked(const Delivery& delivery) {
    const store::Note note =
        note_of(delivery.events[delivery.next], delivery.instance, {}, ground_.clock->now());
    store::ChangeSet set;
    set.organization = delivery.scopes[delivery.next].organization->id;
    set.operations.push_back(store::ForgetNote{note.scope, note.key});
    static_cast<void>(ground_.committer->submit(std::move(set), [](const auto&) {}));
}

/// What a crash left between the two commits.
void Intake::sweep_parked() {
    for (const domain::Organization& organization : ground_.organizations->all())
        for (const std::string_view scope : {message_scope, line_scope})
            unpark(organization.id, std::string(scope), {});
}

}  // namespace tandem::receive
