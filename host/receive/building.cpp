#include <utility>

#include "admit/erased.h"
#include "call/call.h"
#include "context/context.h"
#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

template <typename T>
Result<std::optional<T>> optional_of(Result<T> found) {
    if (found) return std::optional<T>(std::move(*found));
    if (found.error().code == Code::NotFound) return std::optional<T>();
    return found.error();
}

// Between our clock and a provider's, and the seconds that it tells times in.
constexpr Milliseconds clock_slack{60'000};

/// An outbound call that was placed and whose ids nobody knows yet: an event about an outbound
/// call with this customer that names none of ours and began since can mean no other. `began`:
/// epoch zero where the event does not say.
std::optional<domain::Call> awaited(const store::Snapshot& snapshot,
                                    domain::CallDirection direction, const std::string& our_call_id,
                                    Time began) {
    const auto& call = snapshot.active_call;
    const bool meant = call && direction == domain::CallDirection::Outbound &&
                       call->direction == direction && call->line_id.empty() &&
                       call->conversation_id.empty() && our_call_id.empty();
    if (!meant) return std::nullopt;
    const auto asked_for = call::begun_at(*call);
    if (!asked_for) return std::nullopt;
    return began == Time{} || began + clock_slack >= *asked_for ? call : std::nullopt;
}

}  // namespace

Result<Moment> Intake::moment(const Scope& scope) {
    auto key = hash_key(scope.organization->id);
    if (!key) return key.error();
    return Moment{ground_.clock->now(), ground_.ids, options_.coalesce, options_.late,
                  *std::move(key)};
}

/// Read once: it never changes.
Result<std::string> Intake::hash_key(const domain::OrganizationId& organization) {
    {
        const std::lock_guard lock(mutex_);
        const auto known = hash_keys_.find(organization);
        if (known != hash_keys_.end()) return known->second;
    }
    auto key =
        admit::erasure_key(*ground_.store, *ground_.committer, organization, ground_.clock->now());
    // Nothing of such a store outlives the process.
    if (!key && key.error().code == Code::Unsupported) key = random_hex(32);
    if (!key) return key;
    const std::lock_guard lock(mutex_);
    return hash_keys_.emplace(organization, *std::move(key)).first->second;
}

/// Who was erased comes as a stranger, but their opt-out stands.
Result<store::Snapshot> Intake::look_at(const Scope& scope, unsigned message_limit) {
    const domain::OrganizationId& organization = scope.organization->id;
    auto snapshot = ground_.store->snapshot(organization, scope.customer, message_limit);
    if (!snapshot) return snapshot;
    const auto recalled = admit::recall(*ground_.store, organization, scope.customer,
                                        ground_.clock->now(), *snapshot);
    if (!recalled) return recalled.error();
    return snapshot;
}

Intake::Built Intake::build(Delivery& delivery, const MessageReceived& event) {
    const Scope& scope = delivery.scopes[delivery.next];
    const auto now = moment(scope);
    if (!now) return now.error();
    const auto snapshot = look_at(scope, messages_needed(event));
    if (!snapshot) return snapshot.error();
    return std::optional(receive::record(event, scope, *snapshot, *now));
}

Intake::Built Intake::build(Delivery& delivery, const MessageStatus& event) {
    Scope& scope = delivery.scopes[delivery.next];
    // Only to learn whose conversation it is; what counts is read after the snapshot.
    auto message = message_of(delivery, event);
    if (!message) return message.error();
    if (!*message) return std::optional<store::ChangeSet>();
    scope.customer = (*message)->address;
    const auto snapshot = look_at(scope, 0);
    if (!snapshot) return snapshot.error();
    // Read after the snapshot: a change in between shows as another version.
    message = message_of(delivery, event);
    if (!message) return message.error();
    if (!*message) return std::optional<store::ChangeSet>();
    const auto now = moment(scope);
    if (!now) return now.error();
    return std::optional(receive::record(event, scope, *snapshot, **message, *now));
}

Intake::Built Intake::build(Delivery& delivery, const CallStarted& event) {
    Scope& scope = delivery.scopes[delivery.next];
    const auto look = [&] {
        return call_of(delivery, event.our_call_id, event.call_id, event.conversation_id);
    };
    auto known = look();
    if (!known) return known.error();
    if (*known) scope.customer = (*known)->address;
    const auto snapshot = look_at(scope, context::messages_needed);
    if (!snapshot) return snapshot.error();
    if (delivery.asks_context) {
        auto rendered = delivery.source->render_context(
            delivery.request, context::dynamic_variables(*scope.organization, *snapshot));
        if (!rendered) return rendered.error();
        delivery.answer = std::move(*rendered);
    }
    known = look();
    if (!known) return known.error();
    if (!*known) known = awaited(*snapshot, event.direction, event.our_call_id, event.happened_at);
    const auto now = moment(scope);
    if (!now) return now.error();
    return std::optional(receive::record(event, scope, *snapshot, *known, *now));
}

Intake::Built Intake::build(Delivery& delivery, const CallEnded& event) {
    Scope& scope = delivery.scopes[delivery.next];
    const auto look = [&] {
        return call_of(delivery, event.our_call_id, event.call_id, event.conversation_id);
    };
    auto known = look();
    if (!known) return known.error();
    if (*known) scope.customer = (*known)->address;
    const auto snapshot = look_at(scope, 0);
    if (!snapshot) return snapshot.error();
    known = look();
    if (!known) return known.error();
    const Time began = event.happened_at == Time{}
                           ? Time{}
                           : event.happened_at - std::chrono::seconds(event.duration_s);
    if (!*known) known = awaited(*snapshot, event.direction, event.our_call_id, began);
    const auto now = moment(scope);
    if (!now) return now.error();
    return std::optional(receive::record(event, scope, *snapshot, *known, *now));
}

Intake::Built Intake::build(Delivery& delivery, const CallStatus& event) {
    Scope& scope = delivery.scopes[delivery.next];
    auto known = call_of(delivery, {}, event.call_id, {});
    if (!known) return known.error();
    if (!*known) return std::optional<store::ChangeSet>();
    scope.customer = (*known)->address;
    const auto snapshot = look_at(scope, 0);
    if (!snapshot) return snapshot.error();
    known = call_of(delivery, {}, event.call_id, {});
    if (!known) return known.error();
    if (!*known) return std::optional<store::ChangeSet>();
    const auto now = moment(scope);
    if (!now) return now.error();
    return std::optional(receive::record(event, scope, *snapshot, **known, *now));
}

Result<std::optional<domain::Message>> Intake::message_of(const Delivery& delivery,
                                                          const MessageStatus& event) {
    const domain::OrganizationId& organization = delivery.scopes[delivery.next].organization->id;
    if (!event.message_id.empty()) {
        auto found = optional_of(ground_.store->message(organization, event.message_id));
        if (!found) return found;
        // One account's word on another account's message is no word.
        const bool ours =
            *found && ((*found)->instance.empty() || (*found)->instance == delivery.instance);
        if (ours) return found;
    }
    if (event.provider_id.empty()) return std::optional<domain::Message>();
    return optional_of(
        ground_.store->message_by_provider_id(organization, delivery.instance, event.provider_id));
}

/// Our own id is the surest, for we gave it; a line has one call, whoever speaks on it.
Result<std::optional<domain::Call>> Intake::call_of(const Delivery& delivery,
                                                    const std::string& ours,
                                                    const std::string& line_id,
                                                    const std::string& conversation_id) {
    const domain::OrganizationId& organization = delivery.scopes[delivery.next].organization->id;
    store::Store& store = *ground_.store;
    if (!ours.empty()) {
        auto found = store.call(organization, ours);
        // A provider hands back whatever stands in that place, also what is no call of ours.
        if (found) return std::optional(std::move(*found));
        if (found.error().code != Code::NotFound) return found.error();
    }
    if (!line_id.empty()) {
        auto known = optional_of(store.call_by_line(organization, line_id));
        if (!known || *known) return known;
    }
    if (conversation_id.empty()) return std::optional<domain::Call>();
    return optional_of(store.call_by_provider_id(organization, delivery.instance, conversation_id));
}

}  // namespace tandem::receive
