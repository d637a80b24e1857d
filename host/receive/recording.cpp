#include <utility>

#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

// Each lost race means that another commit of the same conversation went through, so eight
// in a row are more than a burst: then the provider shall try again later.
constexpr unsigned max_rebuilds = 8;

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
    auto change_set = std::visit([&](const auto& event) { return build(*delivery, event); },
                                 delivery->events[delivery->next]);
    if (!change_set) {
        fail(delivery, change_set.error());
        return release();
    }
    if (!*change_set) return park(delivery, release);
    if (const auto settled = settle_calls(*delivery, **change_set); !settled) {
        fail(delivery, settled.error());
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

/// What a call that is over cost stands in the commit that says so, as often as that is told.
Result<void> Intake::settle_calls(Delivery& delivery, store::ChangeSet& set) const {
    delivery.charge = {};
    if (!ground_.spending) return {};
    const domain::Call* over = nullptr;
    for (const store::Operation& operation : set.operations)
        if (const auto* call = std::get_if<domain::Call>(&operation);
            call && !call->active && call->ended_at != Time{})
            over = call;
    if (!over) return {};
    auto charge = ground_.spending->settle(*delivery.scopes[delivery.next].organization, *over);
    if (!charge) return charge.error();
    delivery.charge = std::move(*charge);
    delivery.charge.write(set);
    return {};
}

/// On the committer's thread: nothing here may block.
void Intake::settle(const DeliveryPtr& delivery, const Result<store::Outcome>& outcome) {
    using Kind = store::Outcome::Kind;
    if (!outcome) return fail(delivery, outcome.error());
    if (outcome->kind == Kind::Committed) {
        delivery->charge.keep();
        learned_line(delivery);
        return recorded(delivery, "new");
    }
    if (outcome->kind == Kind::PreconditionFailed &&
        outcome->failed_precondition == dedupe_precondition)
        return recorded(delivery, outcome->same_body ? "duplicate" : "conflict");
    // Somebody else changed the conversation, or met the same stranger: look again.
    if (delivery->attempts++ < max_rebuilds) return advance(delivery);
    if (outcome->kind == Kind::Refused)
        return fail(delivery, {Code::Internal, "the store refused an event: " + outcome->text});
    fail(delivery, {Code::Unavailable, "the conversation changed too often to record an event"});
}

/// What was said of the line before its call was known here may now be said of the call.
void Intake::learned_line(const DeliveryPtr& delivery) {
    const ProviderEvent& event = delivery->events[delivery->next];
    const domain::OrganizationId& organization = delivery->scopes[delivery->next].organization->id;
    if (const auto* started = std::get_if<CallStarted>(&event))
        apply_line(organization, started->call_id);
    if (const auto* ended = std::get_if<CallEnded>(&event))
        apply_line(organization, ended->call_id);
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
    if (result == "new") delivery->recorded_as = Recorded::New;
    if (result == "duplicate" || result == "conflict") delivery->recorded_as = Recorded::Known;
    if (delivery->parked && delivery->recorded_as != Recorded::Nobodys) forget_parked(*delivery);
    ++delivery->next;
    delivery->attempts = 0;
    delivery->parked = false;
    advance(delivery);
}

void Intake::fail(const DeliveryPtr& delivery, Error error) {
    const ProviderEvent& event = delivery->events[delivery->next];
    const bool unavailable = is_passing(error.code);
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
