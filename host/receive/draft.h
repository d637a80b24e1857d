#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "publish/payload.h"
#include "receive/record.h"

namespace tandem::receive {

/// One ChangeSet in the making, with the person it is about as they will be after it.
/// Borrows scope and moment.
class Draft {
public:
    Draft(const ProviderEvent& event, const Scope& scope, const store::Snapshot& snapshot,
          const Moment& moment);

    /// The conversation changes: nothing else may have changed it since the snapshot.
    void under_version();
    /// Somebody we have not met becomes a lead, in the same commit as what they said. Two
    /// first contacts at once meet at the conversation's version.
    void meet(std::string_view name, std::string_view source);

    publish::Scene scene() const;

    template <typename Written>
    void write(Written operation) {
        set_.operations.push_back(std::move(operation));
    }
    void require(store::Precondition condition) {
        set_.preconditions.push_back(std::move(condition));
    }

    /// The conversation is written as it is now, but before the messages that it counts.
    store::ChangeSet finished();
    /// Without touching the conversation.
    store::ChangeSet finished_apart() { return std::move(set_); }

    bool is_new_lead() const { return !known_; }

    domain::Conversation conversation;
    domain::Lead lead;

private:
    const Scope& scope_;
    const Moment& moment_;
    store::ChangeSet set_;
    bool known_ = false;
};

}  // namespace tandem::receive
