#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "domain/organization.h"
#include "observe/observe.h"
#include "store/store.h"

namespace tandem::publish {

/// Keeps each organisation's journal at its bound: what falls out of it cannot be replayed
/// any more, and a screen that asks for it is told so. Works now and then on a thread of
/// its own, so that no commit waits for it.
class Retention {
public:
    /// A journal may grow this long beyond the bound before it is looked at again.
    static constexpr Milliseconds pause{60000};

    /// All references must outlive `stop`.
    Retention(store::Store& store, const domain::Organizations& organizations, int64_t keep,
              observe::Log& log);
    ~Retention();

    void start();
    void stop();

private:
    void run();

    store::Store& store_;
    const domain::Organizations& organizations_;
    const int64_t keep_;
    observe::Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace tandem::publish
