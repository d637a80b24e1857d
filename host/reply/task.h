#pragma once

#include <string>
#include <vector>

#include "domain/waiting.h"
#include "reply/turns.h"

namespace tandem::reply {

struct Turns::Task {
    const store::Owed& owed;
    const domain::Organization* organization = nullptr;
    store::Snapshot snapshot{};
    std::vector<const domain::Message*> unanswered{};  // of the snapshot, oldest first
    bool claimed = false;
    int64_t control_epoch = 0;         // of the claim
    std::vector<std::string> asked{};  // ids of the messages that the answer is for

    const domain::Conversation& conversation() const { return *snapshot.conversation; }
    bool fenced() const {
        return snapshot.session || conversation().control_epoch != control_epoch;
    }
};

}  // namespace tandem::reply
