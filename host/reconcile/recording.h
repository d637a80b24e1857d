#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "reconcile/round.h"

namespace tandem::reconcile {

/// Events on their way to the store, and whether all of them arrived. Each event's callback
/// keeps it alive, so that one that comes too late finds it.
class Round::Recording : public std::enable_shared_from_this<Round::Recording> {
public:
    Recording(const Ground& ground, std::string instance, size_t in_hand, Milliseconds patience);

    /// Waits for room. False, with the event dropped: one before it could not be recorded.
    bool add(receive::ProviderEvent event);
    /// All that was added is durable or can never be; else why not.
    Result<void> wait();
    /// How many had an effect.
    size_t recovered() const;

private:
    void done(const Result<receive::Recorded>& result);

    const Ground& ground_;
    const std::string instance_;
    const size_t most_in_hand_;
    const Milliseconds patience_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    size_t in_hand_ = 0;            // guarded by mutex_
    size_t recovered_ = 0;          // guarded by mutex_
    std::optional<Error> failure_;  // guarded by mutex_: the first
};

}  // namespace tandem::reconcile
