#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "receive/intake.h"

namespace tandem::receive {

/// One request's events on their way to the store. Handed from thread to thread by the
/// lanes and the committer; only `answered` is shared.
struct Intake::Delivery {
    std::shared_ptr<WebhookSource> source;  // null for emitted events
    std::string instance;
    WebhookRequest request;
    std::vector<ProviderEvent> events;
    std::vector<Scope> scopes;  // of the events
    size_t next = 0;            // the event in hand
    unsigned attempts = 0;      // of this event, after the first
    bool parked = false;        // this event is kept as a note
    limit::Charge charge;       // where this event ends a call: its minutes
    WebhookAnswer answer;
    Answered tell;
    EventRecorder::Done done;  // instead of `tell`, where somebody waits for one event
    Recorded recorded_as = Recorded::Nobodys;
    std::atomic<bool> answered{false};
    bool asks_context = false;
    Instant begun{};
};

/// The contract's word of an event, for metrics and logs.
inline std::string_view event_name(const ProviderEvent& event) {
    static constexpr std::string_view names[] = {"message_received", "message_status",
                                                 "call_started", "call_ended", "call_status"};
    return names[event.index()];
}

inline const Incident& incident_of(const ProviderEvent& event) {
    return std::visit([](const auto& one) -> const Incident& { return one; }, event);
}

/// What failed only for now: the provider, or whoever told it, shall come again.
inline bool is_passing(Code code) {
    return code == Code::Unavailable || code == Code::Timeout || code == Code::Cancelled;
}

/// The answer to a request that was not taken, in the contract's form.
serve::Response refusal(const Error& error);

}  // namespace tandem::receive
