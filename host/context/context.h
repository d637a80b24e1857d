#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/organization.h"
#include "store/store.h"

/// What the AI is told before it speaks or writes.
namespace tandem::context {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// How many messages of a conversation are read to make the variables: more than they show,
/// because drafts and lines of the record stand between.
constexpr unsigned messages_needed = 50;

/// All nine dynamic variables of the contract, in its order, every value a string. Pure:
/// the same snapshot gives the same text. `without` are ids of messages that are being
/// answered and therefore left out of the conversation's text. Of the conversation at most
/// the organisation's `history_limit` is shown.
Variables dynamic_variables(const domain::Organization& organization,
                            const store::Snapshot& snapshot,
                            const std::vector<std::string>& without = {});

}  // namespace tandem::context
