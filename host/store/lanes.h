#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "observe/observe.h"
#include "store/store.h"

namespace tandem::store {

struct LanesLimits {
    /// Of one conversation: a customer who floods does not fill the memory of all.
    size_t waiting_per_lane = 256;
    /// Of all together.
    size_t waiting = 16384;
};

/// The lanes of one process. A lane exists only while it has a task.
class ConversationLanes : public Lanes {
public:
    /// Runs what it is given soon, on another thread, or in the calling one only if nothing
    /// is locked there. It must take everything: at most one entry a lane is with it, and
    /// the limits here bound the lanes.
    using Executor = std::function<void(std::function<void()>)>;

    ConversationLanes(Executor executor, observe::Log& log, observe::Metrics& metrics,
                      LanesLimits limits = {});
    ~ConversationLanes() override;

    bool run(const std::string& organization, const std::string& address, Task task) override;

    /// Takes nothing more and drops what has not begun; tasks that run may still release.
    void stop();
    /// Tasks that wait or run.
    size_t length() const;

private:
    class State;
    // Shared with each Release, which may come after the end of this object.
    const std::shared_ptr<State> state_;
};

}  // namespace tandem::store
