#include <utility>

#include "context/context.h"
#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

// Each lost race means that another commit of the same conversation went through, so eight
// in a row are more than a burst: then the provider shall try again later.
constexpr unsigned max_rebuilds = 8;

template <typename T>
Result<std::optional<T>> optional_of(Result<T> found) {
    if (found) return std::optional<T>(std::move(*found));
    if (found.error().code == Code::NotFound) return std::optional<T>();
    return found.error();
}

}  // namespace

void Intake::advance(const DeliveryPtr& delivery) {
    if (delivery->next == delivery->events.size()) return answer(delivery, delivery->answer);
    const Scope& scope = delivery->scopes[delivery->next];
    const bool queued = ground_.lanes->run(
        scope.organization->id, scope.customer,
        [this, delivery](store::Lanes::Release release) { attempt(delivery, release); });
    if (!queued) fail(delivery, {Code::Unavailable, "the queue of conversations is full"});
}

void Intake::attempt(const DeliveryPtr& delivery, const store::Lanes::Release& release) {
    auto change_set = build(*delivery);
    if (!change_set) {
        fail(delivery, change_set.error());
        return release();
    }
    if (!*change_set) {
        recorded(delivery, "unknown_message");
        return release();
    }
    const bool queued = ground_.committer->submit(
        std::move(**change_set), [this, delivery, release](Result<store::Outcome> outcome) {
            settle(delivery, outcome);
            release();
        });
    if (queued) return;
    fail(delivery, {Code::Unavailable, "the queue of the committer is full"});
    release();
}

/// What the event in hand changes as the conversation is now; nothing if it is about a
/// message that is not ours.
Result<std::optional<store::ChangeSet>> Intake::build(Delivery& delivery) {
    Scope& scope = delivery.scopes[delivery.next];
    const ProviderEvent& event = delivery.events[delivery.next];
    const Moment moment{ground_.clock->now(), ground_.ids, options_.coalesce};
    const auto* started = std::get_if<CallStarted>(&event);
    const auto* status = std::get_if<MessageStatus>(&event);
    if (std::holds_alternative<CallStatus>(event)) return std::optional<store::ChangeSet>();

    if (status) {
        // Only to learn whose conversation it is; what counts is read after the snapshot.
        auto message = message_of(delivery, *status);
        if (!message) return message.error();
        if (!*message) return std::optional<store::ChangeSet>();
        scope.customer = (*message)->address;
    }
    const auto snapshot = ground_.store->snapshot(scope.organization->id, scope.customer,
                                                  started ? context::messages_needed : 0);
    if (!snapshot) return snapshot.error();
    if (started && delivery.asks_context) {
        auto rendered = delivery.source->render_context(
            delivery.request, context::dynamic_variables(*scope.organization, *snapshot));
        if (!rendered) return rendered.error();
        delivery.answer = std::move(*rendered);
    }
    if (const auto* message = std::get_if<MessageReceived>(&event))
        return std::optional(record(*message, scope, *snapshot, moment));
    if (status) {
        // Read after the snapshot: a change in between shows as another version.
        auto message = message_of(delivery, *status);
        if (!message) return message.error();
        if (!*message) return std::optional<store::ChangeSet>();
        return std::optional(record(*status, scope, *snapshot, **message, moment));
    }
    if (started) {
        auto known = call_of(delivery, started->call_id, started->conversation_id);
        if (!known) return known.error();
        return std::optional(record(*started, scope, *snapshot, *known, moment));
    }
    const auto& ended = std::get<CallEnded>(event);
    auto known = call_of(delivery, ended.call_id, ended.conversation_id);
    if (!known) return known.error();
    return std::optional(record(ended, scope, *snapshot, *known, moment));
}

Result<std::optional<domain::Message>> Intake::message_of(const Delivery& delivery,
                                                          const MessageStatus& event) {
    const std::string& organization = delivery.scopes[delivery.next].organization->id;
    if (!event.message_id.empty()) {
        auto found = optional_of(ground_.store->message(organization, event.message_id));
        if (!found || *found) return found;
    }
    if (event.provider_id.empty()) return std::optional<domain::Message>();
    return optional_of(
        ground_.store->message_by_provider_id(organization, delivery.instance, event.provider_id));
}

Result<std::optional<domain::Call>> Intake::call_of(const Delivery& delivery,
                                                    const std::string& call_id,
                                                    const std::string& conversation_id) {
    const std::string& organization = delivery.scopes[delivery.next].organization->id;
    for (const std::string& id : {call_id, conversation_id}) {
        if (id.empty()) continue;
        auto found =
            optional_of(ground_.store->call_by_provider_id(organization, delivery.instance, id));
        if (!found || *found) return found;
    }
    return std::optional<domain::Call>();
}

/// On the committer's thread: nothing here may block.
void Intake::settle(const DeliveryPtr& delivery, const Result<store::Outcome>& outcome) {
    using Kind = store::Outcome::Kind;
    if (!outcome) return fail(delivery, outcome.error());
    if (outcome->kind == Kind::Committed) return recorded(delivery, "new");
    if (outcome->kind == Kind::PreconditionFailed &&
        outcome->failed_precondition == dedupe_precondition)
        return recorded(delivery, outcome->same_body ? "duplicate" : "conflict");
    // Somebody else changed the conversation, or met the same stranger: look again.
    if (delivery->attempts++ < max_rebuilds) return advance(delivery);
    if (outcome->kind == Kind::Refused)
        return fail(delivery, {Code::Internal, "the store refused an event: " + outcome->text});
    fail(delivery, {Code::Unavailable, "the conversation changed too often to record an event"});
}

void Intake::recorded(const DeliveryPtr& delivery, std::string_view result) {
    const ProviderEvent& event = delivery->events[delivery->next];
    count(delivery->instance, event_name(event), result);
    if (result == "conflict")
        ground_.log->warn("receive",
                          "an event came again and says something else; the first stands",
                          {{"provider", delivery->instance},
                           {"event", std::string(event_name(event))},
                           {"organization", delivery->scopes[delivery->next].organization->id}});
    ++delivery->next;
    delivery->attempts = 0;
    advance(delivery);
}

void Intake::fail(const DeliveryPtr& delivery, Error error) {
    const ProviderEvent& event = delivery->events[delivery->next];
    const bool unavailable = error.code == Code::Unavailable || error.code == Code::Timeout;
    count(delivery->instance, event_name(event), unavailable ? "unavailable" : "failed");
    ground_.log->error("receive", "an event could not be recorded",
                       {{"provider", delivery->instance},
                        {"event", std::string(event_name(event))},
                        {"reason", error.text}});
    // A call must not fail for lack of context: it gets the safe defaults.
    if (delivery->asks_context) return answer_without_storage(delivery);
    // What the store says of itself is no failure of the request's.
    if (!unavailable) error.code = Code::Internal;
    answer(delivery, std::move(error));
}

}  // namespace tandem::receive
