#pragma once

#include <string>

#include "deliver/course.h"
#include "deliver/sender.h"

namespace tandem::deliver {

struct Sender::Scene {
    store::Owed owed;
    store::Snapshot snapshot;
    domain::Message message;
    bool has_predecessor = false;  // an earlier part of the AI's answer still waits
    Course course;                 // of a message that left, or may have

    const domain::Conversation& conversation() const { return *snapshot.conversation; }
    bool by_ai() const { return owed.control_epoch >= 0; }
    /// Somebody claimed it, handed it over or not, and is gone. A claim that was given back
    /// after a certain failure has no worker any more.
    bool orphaned() const {
        return message.delivery == domain::Delivery::Sending && !owed.worker.empty();
    }
    /// Whoever wrote it was not asked to come again: it waits for the organisation's rate.
    /// What was on its way once was counted.
    bool waits_for_rate() const {
        const bool announcement =
            message.author == domain::Author::Human && message.type == domain::MessageType::System;
        return message.delivery == domain::Delivery::Queued && (by_ai() || announcement);
    }
    bool unknown() const { return message.delivery == domain::Delivery::Unknown; }
};

struct Sender::End {
    domain::Delivery delivery;
    store::Settlement settlement = store::Settlement::Done;
    std::string error_code, error_text;
    bool tell = true;  // screens see it
    Time due_at{};     // with Retry
};

struct Sender::Told {
    Receipt receipt;
    bool looked_up = false;  // nothing was sent, the provider was only asked
    bool claimed = true;     // by us, still
    bool with_id = true;     // the provider's id is recorded
};

}  // namespace tandem::deliver
