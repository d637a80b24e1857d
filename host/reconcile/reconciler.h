#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "reconcile/round.h"

namespace tandem::reconcile {

struct ReconcilerOptions {
    /// Between two rounds; a tenth more or less, so that nodes do not ask together. 0: never.
    Milliseconds interval{300000};
    /// After the first failure; doubled by each further one, at most the interval.
    Milliseconds first_backoff{5000};
    /// While there is more to fetch, the next round follows at once; so often.
    unsigned rounds_in_a_row = 20;
    RoundOptions round;
    unsigned seed = 0;  // of the jitter; 0: the machine's
};

/// Asks every provider instance, at start and every few minutes, what was missed, for each
/// organisation that it serves. One thread for each instance: who hangs or fails holds up
/// nobody else. `start` and `stop` belong to one thread.
class Reconciler {
public:
    Reconciler(Ground ground, std::vector<std::shared_ptr<Source>> sources,
               ReconcilerOptions options);
    ~Reconciler();
    Reconciler(const Reconciler&) = delete;

    void start();
    /// No further request begins; returns at once.
    void ask_to_stop();
    /// False: a provider did not answer in time; then this must not be destroyed, and what
    /// it stands on must stay.
    bool stop(Milliseconds patience);

private:
    /// One instance. Its thread owns all but the watermark.
    struct Watch {
        std::shared_ptr<Source> source;
        std::vector<const domain::Organization*> organizations;
        std::unique_ptr<Round> round;
        unsigned failures = 0;
        std::thread thread;
    };

    void run(Watch& watch);
    /// All organisations of the instance; false: a request failed.
    bool ask(Watch& watch);
    void measure(const Watch& watch);
    Milliseconds pause_after(Watch& watch, bool good);
    /// False: stopping.
    bool sleep(Milliseconds delay);

    const Ground ground_;
    const ReconcilerOptions options_;
    std::vector<std::unique_ptr<Watch>> watches_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    size_t running_ = 0;      // guarded by mutex_
    std::mt19937_64 random_;  // guarded by mutex_
};

}  // namespace tandem::reconcile
