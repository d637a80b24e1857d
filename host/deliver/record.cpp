#include <algorithm>
#include <thread>
#include <utility>

#include "deliver/retry.h"
#include "deliver/scene.h"
#include "deliver/sender.h"
#include "fetch/fetch.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;
using Kind = Receipt::Kind;

constexpr std::string_view room = "deliver";

constexpr unsigned tries_when_stopping = 3;

/// What the receipt says of the message. A status callback may have been faster: then its
/// word stays.
domain::Message message_after(domain::Message message, const Receipt& receipt) {
    Delivery next = Delivery::Unknown;
    if (receipt.kind == Kind::Accepted) next = receipt.delivery;
    if (receipt.kind == Kind::Refused) next = Delivery::Failed;
    if (receipt.kind == Kind::NotSent) next = message.delivery;
    if (domain::climbs(message.delivery, next)) {
        message.delivery = next;
        message.error_code = receipt.error_code;
        message.error_text = receipt.error_text;
    } else if (receipt.kind == Kind::Accepted && message.delivery == Delivery::Unknown) {
        // The provider has it and says no more; unknown it is not.
        message.delivery = Delivery::Sending;
    }
    return message;
}

/// A provider whose certificate was not believed three times is not the one we mean, or
/// somebody stands between.
bool distrusted_for_good(const store::Owed& owed, const Receipt& receipt) {
    constexpr int64_t tries = 3;
    return receipt.kind == Kind::NotSent && owed.attempts + 1 >= tries &&
           receipt.error_text.find(fetch::distrust) != std::string::npos;
}

}  // namespace

/// What the send says of the instance: its outlet learns it, and an operator does where that
/// changes something.
void Sender::judge(const store::Owed& owed, Receipt& receipt, Outlet::Pass& pass) {
    Health health = Health::Works;
    if (receipt.account_refused) {
        health = Health::AccountRefused;
        // It is not the text that is refused: it waits until somebody mended the account.
        if (receipt.kind == Kind::Refused) receipt.kind = Kind::NotSent;
    } else if (receipt.kind == Kind::NotSent || receipt.kind == Kind::Unknown) {
        health = Health::Fails;
    }
    if (distrusted_for_good(owed, receipt)) {
        receipt.kind = Kind::Refused;
        receipt.error_code = "TLS_FAILED";
    }
    if (!pass.tell(health, ground_.clock->steady())) return;
    switch (health) {
        case Health::Works:
            ground_.log->info(room, "a provider works again", {{"provider", owed.instance}});
            break;
        case Health::Fails:
            ground_.log->error(room, "a provider does not work; what is owed through it waits",
                               {{"provider", owed.instance},
                                {"code", receipt.error_code},
                                {"reason", receipt.error_text}});
            break;
        case Health::AccountRefused:
            ground_.log->error(room,
                               "a provider refuses the account; correct its settings or ask the "
                               "provider; what is owed through it waits",
                               {{"provider", owed.instance},
                                {"code", receipt.error_code},
                                {"reason", receipt.error_text}});
            ground_.metrics
                ->counter("tandem_provider_account_refusals_total",
                          "Times that a provider began to refuse the account.",
                          {{"provider", owed.instance}})
                .add();
            break;
    }
}

/// What the provider did is true whether the store can be written or not: this is tried for
/// half of the lease and more. What is still not recorded then is asked for as unknown.
void Sender::record(const store::Owed& owed, Told told) {
    const Receipt& receipt = told.receipt;
    if (!told.looked_up) count(owed.instance, word(receipt.kind));
    if (receipt.kind != Kind::Accepted)
        ground_.log->warn(room,
                          told.looked_up ? "a text of unknown outcome was looked up"
                                         : "a text was not accepted by its provider",
                          {{"provider", owed.instance},
                           {"organization", owed.organization},
                           {"message", owed.subject_id},
                           {"result", std::string(word(receipt.kind))},
                           {"code", receipt.error_code},
                           {"reason", receipt.error_text}});
    for (unsigned i = 0; i < options_.record_tries; ++i) {
        switch (record_once(owed, told)) {
            case Commit::Done: return;
            case Commit::Again: continue;
            case Commit::Lost: told.claimed = false; continue;
            case Commit::Failed: break;
        }
        // A stop takes what may still be on its way to the disk, and no more.
        if (stopping_ && i >= tries_when_stopping) break;
        std::this_thread::sleep_for(options_.record_pause);
    }
    ground_.log->error(room, "what became of a message could not be recorded",
                       {{"owed", owed.id},
                        {"message", owed.subject_id},
                        {"result", std::string(word(receipt.kind))},
                        {"provider_id", receipt.provider_id}});
}

Sender::Commit Sender::record_once(const store::Owed& owed, Told& told) {
    const auto scene = look(owed);
    // Who was erased meanwhile left nothing to record it at.
    if (!scene) return scene.error().code == Code::NotFound ? Commit::Done : Commit::Failed;
    const Receipt& receipt = told.receipt;
    // Somebody else settled the row meanwhile; only what we know more is still to be said.
    const bool certain = receipt.kind == Kind::Accepted || receipt.kind == Kind::Refused;
    if (!told.claimed && !certain) return Commit::Done;
    const auto outcome = ground_.committer->commit(outcome_of(*scene, told));
    if (!outcome) return Commit::Failed;
    switch (outcome->kind) {
        case store::Outcome::Kind::Committed: recorded(*scene, told); return Commit::Done;
        case store::Outcome::Kind::PreconditionFailed:
            return told.claimed && outcome->failed_precondition == 0 ? Commit::Lost : Commit::Again;
        case store::Outcome::Kind::Refused: break;
    }
    ground_.log->error(
        room, "the store refused what became of a message",
        {{"owed", owed.id}, {"provider_id", receipt.provider_id}, {"reason", outcome->text}});
    // A provider that gives one id to two messages must not make us forget the second.
    if (!told.with_id) return Commit::Failed;
    told.with_id = false;
    return Commit::Again;
}

/// What follows from a record that is durable.
void Sender::recorded(const Scene& scene, const Told& told) {
    const store::Owed& owed = scene.owed;
    const Receipt& receipt = told.receipt;
    if (receipt.kind == Kind::Unknown && !told.looked_up) count_unknown();
    if (receipt.kind != Kind::Accepted) return;
    if (receipt.segments > 0)
        ground_.metrics
            ->counter("tandem_sms_segments_total", "Segments that providers bill.",
                      {{"provider", owed.instance}})
            .add(receipt.segments);
    if (options_.on_accepted && told.with_id)
        options_.on_accepted(owed.organization, owed.instance, receipt.provider_id);
}

store::ChangeSet Sender::outcome_of(const Scene& scene, const Told& told) {
    const Receipt& receipt = told.receipt;
    const domain::Message& before = scene.message;
    domain::Message after = message_after(before, receipt);
    store::ChangeSet set;
    set.organization = scene.owed.organization;
    if (told.claimed)
        set.preconditions.push_back(store::OwedClaimed{scene.owed.id, options_.worker});

    store::Status status;
    status.message_id = before.id;
    status.keep_delivery = after.delivery == before.delivery;
    status.delivery = after.delivery;
    status.error_code = receipt.error_code;
    status.error_text = receipt.error_text;
    status.at = ground_.clock->now();
    if (told.looked_up && receipt.kind == Kind::NotSent) status.error_code = not_sent_mark;
    if (told.with_id && before.provider_id.empty())
        status.provider_id = after.provider_id = receipt.provider_id;
    const bool changed = !status.keep_delivery || after.provider_id != before.provider_id;

    domain::Conversation conversation = scene.conversation();
    const bool opted_out = receipt.opted_out && !conversation.opted_out;
    conversation.opted_out = conversation.opted_out || receipt.opted_out;
    if (changed || opted_out) {
        set.preconditions.push_back(
            store::VersionIs{scene.owed.address, scene.conversation().version});
        set.operations.push_back(conversation);
    }
    set.operations.push_back(status);
    if (changed) tell(scene, after, set);
    if (opted_out)
        set.operations.push_back(
            publish::customer_opted(screen(scene), domain::OptWord::Stop, "STOP"));
    if (told.claimed) settle(scene, told, after, set);
    return set;
}

void Sender::settle(const Scene& scene, const Told& told, const domain::Message& after,
                    store::ChangeSet& set) {
    const Receipt& receipt = told.receipt;
    const bool certain = receipt.kind == Kind::Accepted || receipt.kind == Kind::Refused;
    const bool settled_meanwhile =
        receipt.kind == Kind::Unknown && after.delivery != Delivery::Unknown;
    if (certain || settled_meanwhile) {
        set.operations.push_back(
            store::Settle{scene.owed.id, store::Settlement::Done, {}, receipt.error_text});
    } else if (told.looked_up) {
        settle_unknown(scene, told, set);
    } else if (receipt.kind == Kind::Unknown) {
        set.operations.push_back(store::Settle{scene.owed.id, store::Settlement::Retry,
                                               ground_.clock->now() + first_look_up,
                                               receipt.error_text});
    } else {
        retry(scene, receipt, set);
    }
}

/// The row comes back when it may be tried again, or to expire.
void Sender::retry(const Scene& scene, const Receipt& receipt, store::ChangeSet& set) {
    Milliseconds delay{};
    {
        const std::lock_guard lock(random_mutex_);
        delay = retry_delay(scene.owed.attempts + 1, receipt.retry_after, random_);
    }
    Time due = ground_.clock->now() + delay;
    if (scene.owed.expires_at != Time{}) due = std::min(due, scene.owed.expires_at);
    set.operations.push_back(
        store::Settle{scene.owed.id, store::Settlement::Retry, due, receipt.error_text});
}

}  // namespace tandem::deliver
