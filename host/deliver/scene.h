#pragma once

#include <string>

#include "deliver/sender.h"

namespace tandem::deliver {

struct Sender::Scene {
    store::Owed owed;
    store::Snapshot snapshot;
    domain::Message message;

    const domain::Conversation& conversation() const { return *snapshot.conversation; }
    bool by_ai() const { return owed.control_epoch >= 0; }
};

struct Sender::End {
    domain::Delivery delivery;
    store::Settlement settlement = store::Settlement::Done;
    std::string error_code, error_text;
    bool tell = true;  // screens see it
};

}  // namespace tandem::deliver
