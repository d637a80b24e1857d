#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/workers.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "observe/observe.h"
#include "store/store.h"

/// What the API reads and edits: conversations, their messages, leads.
namespace tandem::converse {

/// What the room stands on; everything outlives it.
struct Ground {
    store::Store* store = nullptr;
    store::Committer* committer = nullptr;
    const Clock* clock = nullptr;
    IdSource* ids = nullptr;
    const domain::Organizations* organizations = nullptr;
    observe::Log* log = nullptr;
    Workers* workers = nullptr;  // for what waits for a commit
    unsigned history_limit = 50;
    bool sandbox = false;                 // there is a customer to play with
    limit::Spending* spending = nullptr;  // null: nobody counts a call's minutes
};

/// The address that a caller of the API means: a phone number in any form, or an address of
/// another kind exactly as we gave it out. Refuses MISSING_PHONE_NUMBER and
/// INVALID_PHONE_NUMBER.
std::string address_of(store::Store& store, const domain::Organization& organization,
                       std::string_view number);

}  // namespace tandem::converse
