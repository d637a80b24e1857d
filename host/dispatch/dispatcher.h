#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "dispatch/dispatch.h"
#include "observe/observe.h"
#include "store/store.h"

namespace tandem::dispatch {

struct DeskOptions {
    /// Threads. They wait for providers, so a few per core are cheap.
    unsigned workers = 4;
    /// Of one provider instance at once, so that a slow one leaves room for the others …
    unsigned per_instance = 3;
    /// … and of those that are named.
    std::map<std::string, unsigned> of_instance{};

    unsigned limit(const std::string& instance) const {
        const auto named = of_instance.find(instance);
        return named == of_instance.end() ? per_instance : named->second;
    }
};

/// Reads what is due and gives it to the desks. Learns of new work from commits, and looks
/// itself every second for leases that lapsed and for what other nodes owe. Each desk has
/// threads of its own. It only decides when and where: that a row is done once is the
/// claim's matter. `committed` and `batch_ended` are safe from any thread, the rest belongs
/// to the lifecycle thread.
class Dispatcher : public store::CommitListener {
public:
    /// All references must outlive it. `poll` is how long lapsed leases may go unseen.
    Dispatcher(store::Store& store, const Clock& clock, observe::Log& log,
               observe::Metrics& metrics, Milliseconds poll = Milliseconds{1000});
    /// Stops, and waits as long as it takes.
    ~Dispatcher() override;

    /// Before `start`. The desk must outlive `stop`.
    void add(Desk& desk, DeskOptions options);
    /// Who is told of every commit after this one; null: nobody. Before the first commit.
    void pass_on(store::CommitListener* next) { next_ = next; }

    void start();
    /// Gives out nothing more and waits for what is in hand. False: a worker is still busy
    /// after `bound`; its row's lease lapses after a restart.
    bool stop(Milliseconds bound = Milliseconds{10000});

    void committed(const store::ChangeSet& change_set, const store::Outcome& outcome) override;
    void batch_ended() override;

private:
    using Instant = std::chrono::steady_clock::time_point;
    using Conversation = std::pair<std::string, std::string>;  // organisation, address

    struct Station;

    void look_around();
    void look(Station& station, std::unique_lock<std::mutex>& lock);
    void serve(Station& station);
    bool take(Station& station, store::Owed& owed) const;

    store::Store& store_;
    const Clock& clock_;
    observe::Log& log_;
    observe::Metrics& metrics_;
    const Milliseconds poll_;
    store::CommitListener* next_ = nullptr;  // borrowed

    std::mutex mutex_;
    std::condition_variable timer_changed_, work_changed_, worker_left_;
    std::vector<std::unique_ptr<Station>> stations_;  // what they hold is guarded by mutex_
    bool running_ = false;                            // guarded by mutex_
    unsigned workers_ = 0;                            // guarded by mutex_: threads alive
    std::thread timer_;
    std::vector<std::thread> threads_;
};

}  // namespace tandem::dispatch
