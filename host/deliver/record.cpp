#include <algorithm>
#include <thread>
#include <utility>

#include "deliver/retry.h"
#include "deliver/scene.h"
#include "deliver/sender.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;
using Kind = Receipt::Kind;

constexpr std::string_view room = "deliver";

constexpr unsigned tries_when_stopping = 3;

std::string_view word(Kind kind) {
    switch (kind) {
        case Kind::Accepted: return "accepted";
        case Kind::Refused: return "refused";
        case Kind::NotSent: return "not_sent";
        case Kind::Unknown: return "unknown";
    }
    return "unknown";
}

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
    }
    return message;
}

}  // namespace

/// What the provider did is true whether the store can be written or not: this is tried for
/// half of the lease and more. What is still not recorded then ends as unknown.
void Sender::record(const store::Owed& owed, const Receipt& receipt) {
    count(owed.instance, word(receipt.kind));
    if (receipt.kind != Kind::Accepted)
        ground_.log->warn(room, "a text was not accepted by its provider",
                          {{"provider", owed.instance},
                           {"organization", owed.organization},
                           {"message", owed.subject_id},
                           {"result", std::string(word(receipt.kind))},
                           {"code", receipt.error_code},
                           {"reason", receipt.error_text}});
    bool claimed = true;
    bool with_id = true;
    for (unsigned i = 0; i < options_.record_tries; ++i) {
        switch (record_once(owed, receipt, claimed, with_id)) {
            case Commit::Done: return;
            case Commit::Again: continue;
            case Commit::Lost: claimed = false; continue;
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

Sender::Commit Sender::record_once(const store::Owed& owed, const Receipt& receipt, bool& claimed,
                                   bool& with_id) {
    const auto scene = look(owed);
    if (!scene) return Commit::Failed;
    // Somebody else settled the row meanwhile; only what we know more is still to be said.
    if (!claimed && receipt.kind == Kind::NotSent) return Commit::Done;
    store::ChangeSet set = outcome_of(*scene, receipt, claimed, with_id);
    const auto outcome = ground_.committer->commit(std::move(set));
    if (!outcome) return Commit::Failed;
    switch (outcome->kind) {
        case store::Outcome::Kind::Committed:
            if (receipt.kind == Kind::Unknown)
                ground_.metrics
                    ->counter("tandem_outbox_unknown_outcomes_total",
                              "Messages of which nobody knows whether they were sent.")
                    .add();
            return Commit::Done;
        case store::Outcome::Kind::PreconditionFailed:
            return claimed && outcome->failed_precondition == 0 ? Commit::Lost : Commit::Again;
        case store::Outcome::Kind::Refused: break;
    }
    ground_.log->error(
        room, "the store refused what became of a message",
        {{"owed", owed.id}, {"provider_id", receipt.provider_id}, {"reason", outcome->text}});
    // A provider that gives one id to two messages must not make us forget the second.
    if (!with_id) return Commit::Failed;
    with_id = false;
    return Commit::Again;
}

store::ChangeSet Sender::outcome_of(const Scene& scene, const Receipt& receipt, bool claimed,
                                    bool with_id) {
    const Time now = ground_.clock->now();
    const domain::Message& before = scene.message;
    domain::Message after = message_after(before, receipt);
    store::ChangeSet set;
    set.organization = scene.owed.organization;
    if (claimed) set.preconditions.push_back(store::OwedClaimed{scene.owed.id, options_.worker});

    store::Status status;
    status.message_id = before.id;
    status.keep_delivery = after.delivery == before.delivery;
    status.delivery = after.delivery;
    status.error_code = receipt.error_code;
    status.error_text = receipt.error_text;
    status.at = now;
    if (with_id && before.provider_id.empty())
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
    if (!claimed) return set;

    switch (receipt.kind) {
        case Kind::Accepted:
        case Kind::Refused:
            set.operations.push_back(
                store::Settle{scene.owed.id, store::Settlement::Done, {}, receipt.error_text});
            break;
        case Kind::NotSent: retry(scene, receipt, set); break;
        case Kind::Unknown:
            set.operations.push_back(
                store::Settle{scene.owed.id, store::Settlement::Dead, {}, receipt.error_text});
            break;
    }
    return set;
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
