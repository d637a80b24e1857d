#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"

namespace tandem::call {

/// What became of a call that somebody asked for.
struct Fate {
    enum class Kind {
        Started,    // the provider has it
        Refused,    // the provider said no, for good
        OptedOut,   // the customer did, before it began
        TakenOver,  // a human did, before it began
        NotMade,    // certainly not made, for another reason
        Unknown,    // nobody knows
    };
    Kind kind = Kind::Unknown;
    std::string conversation_id;
    std::string line_id;
    std::string reason;  // of all but Started; safe for strangers
};

/// Those who asked for a call and wait for what becomes of it. Safe from any thread.
class Callers {
public:
    using Told = std::function<void(const Fate& fate)>;
    /// What to tell one whose patience is over; on this room's own thread, may block a little.
    using Late = std::function<Fate()>;

    Callers();
    ~Callers();

    /// `told` is called once, on the thread that knows it, or with what `late` says after
    /// `patience`. To be asked before the call can begin. False: too many wait.
    bool wait(const std::string& call_id, Milliseconds patience, Told told, Late late);
    /// Nothing happens if nobody waits for it.
    void tell(const std::string& call_id, const Fate& fate);
    /// Nobody waits any more; it is answered in another way.
    void forget(const std::string& call_id);
    /// Whoever waits still is told that nobody knows.
    void stop();

private:
    struct Caller {
        std::chrono::steady_clock::time_point until;
        Told told;
        Late late;
    };

    void watch();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Caller> callers_;  // by call; guarded by mutex_
    bool stopping_ = false;                  // guarded by mutex_
    std::thread watch_;
};

}  // namespace tandem::call
