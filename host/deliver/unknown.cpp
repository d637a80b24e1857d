#include <algorithm>
#include <string>
#include <utility>

#include "deliver/scene.h"
#include "deliver/sender.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;
using Kind = Receipt::Kind;

constexpr std::string_view room = "deliver";
// What a process that died left on the wire arrives, or not, within it.
constexpr Milliseconds wire_time{2000};

}  // namespace

/// A row whose claim was lost with its process: nobody knows what became of the message, and
/// screens are told so.
Sender::Commit Sender::own_up(const Scene& scene) {
    const Time now = ground_.clock->now();
    // What began long ago, the provider shows by now; by our clock, which may have been set.
    const Time due = std::max(scene.course.begun_at.value_or(now) + first_look_up, now + wire_time);
    End end{Delivery::Unknown, store::Settlement::Retry, "UNKNOWN_OUTCOME",
            "The gateway stopped while the message was handed over."};
    end.due_at = due;
    return finish(scene, end, false);
}

/// The provider is asked; nothing is sent, so neither fence nor pace is passed.
Sender::Commit Sender::ask(const Scene& scene) {
    const store::Owed& owed = scene.owed;
    const auto channel = channels_.find(owed.instance);
    const auto* organization = ground_.organizations->by_id(owed.organization);
    Told told;
    told.looked_up = true;
    if (!scene.message.provider_id.empty()) {
        // A callback brought the id: that is an acceptance.
        told.receipt.kind = Kind::Accepted;
        told.receipt.provider_id = scene.message.provider_id;
    } else if (channel == channels_.end() || !organization || organization->numbers.empty()) {
        return finish(scene, {Delivery::Unknown, store::Settlement::Dead, {}, {}, false}, false);
    }

    const Time now = ground_.clock->now();
    store::ChangeSet set = dispatch::while_unclaimed(owed, now);
    set.operations.push_back(store::Claim{owed.id, options_.worker, now + options_.lease});
    if (const Commit claimed = commit(std::move(set), owed); claimed != Commit::Done)
        return claimed;

    if (told.receipt.kind == Kind::Unknown) {
        try {
            told.receipt =
                channel->second->look_up(outbound(scene), scene.course.begun_at.value_or(now));
        } catch (const std::exception& failure) {
            told.receipt.error_text = failure.what();
        }
    }
    record(owed, std::move(told));
    return Commit::Done;
}

void Sender::settle_unknown(const Scene& scene, const Told& told, store::ChangeSet& set) {
    const store::Owed& owed = scene.owed;
    const Time now = ground_.clock->now();
    const auto again = [&](Time due, std::string_view why) {
        set.operations.push_back(
            store::Settle{owed.id, store::Settlement::Retry, due, std::string(why)});
    };
    if (told.receipt.kind == Kind::NotSent) return again(now, "the provider does not have it");
    if (const auto next = next_look_up(scene.course.unknown_since.value_or(now), now))
        return again(*next, "nobody knows whether it was sent");

    const auto* organization = ground_.organizations->by_id(owed.organization);
    if (!organization || !organization->resend_unknown || scene.course.resent) {
        set.operations.push_back(store::Settle{
            owed.id, store::Settlement::Dead, {}, "nobody knows whether it was sent"});
        return;
    }
    store::Status line;
    line.message_id = scene.message.id;
    line.delivery = Delivery::Unknown;
    line.keep_delivery = true;
    line.error_code = resent_mark;
    line.error_text = "Nobody knows whether it was sent; the organisation wants it sent again.";
    line.at = now;
    set.operations.push_back(line);
    again(now, "sent again, as the organisation wants");
    ground_.metrics
        ->counter("tandem_outbox_possible_duplicates_total",
                  "Messages of unknown outcome that are sent once more.")
        .add();
    ground_.log->warn(room, "a message of unknown outcome is sent again",
                      {{"organization", owed.organization}, {"message", scene.message.id}});
}

void Sender::count_unknown() {
    ground_.metrics
        ->counter("tandem_outbox_unknown_outcomes_total",
                  "Messages of which nobody knew whether they were sent.")
        .add();
}

}  // namespace tandem::deliver
