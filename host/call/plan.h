#pragma once

#include <string>
#include <string_view>

#include "domain/conversation.h"

/// What a call that we place is for, and how far it came: the part of its record that this
/// room writes, in `record_json` beside what other rooms keep there.
namespace tandem::call {

struct Plan {
    enum class State {
        Scheduled,  // for later; nobody was told yet
        Queued,     // may be started, or started again: the provider certainly has it not
        Starting,   // the provider is being asked
        Asking,     // nobody knows whether the provider has it; only asked for, never repeated
        Started,    // the provider has it
        Over,       // it ended here, without the provider or without knowing
    };
    State state = State::Queued;
    std::string reason, message, priority;
    std::string service_details;  // JSON text of an object, or empty
    std::string initiated_by;
    Time scheduled_for{};  // epoch zero: at once
    Time begun_at{};       // of the last try
    unsigned asks = 0;     // how often the provider was asked what became of it
    std::string failure_reason;
};

/// The contract's word: `scheduled`, `queued`, `initiated` …
std::string_view word(Plan::State state);

/// All empty, with Started, for a call whose record is not of this room: an inbound one.
Plan plan_of(const domain::Call& call);
/// Leaves what others keep there as it is.
void keep(domain::Call& call, const Plan& plan);

}  // namespace tandem::call
