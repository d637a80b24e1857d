#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "observe/observe.h"
#include "store/store.h"

/// The one writer: many ChangeSets share one transaction, so that one fsync makes all
/// of them durable.
namespace tandem::store {

struct CommitterLimits {
    /// One transaction. At 512 the fsync is a small part of the time; more only makes the
    /// first one wait longer.
    size_t batch = 512;
    /// Waiting ChangeSets: about 3 s of a slow disk. Beyond it `submit` answers false.
    size_t queue = 8192;
};

/// Groups ChangeSets on a thread of its own. What waits while a transaction is written
/// goes into the next one together; nothing is held back to fill a batch.
///
/// A transaction that fails gives Unavailable to all of its ChangeSets. A store that
/// answers Corrupt (a failed fsync, damaged data) is never asked again: everything gives
/// Unavailable from then on, and `broken` is called once so that the process ends, since
/// after it nobody knows what the disk holds.
class GroupCommitter : public Committer {
public:
    using Broken = std::function<void(const std::string& text)>;

    /// `listener` may be null. All of them must outlive `stop`; `broken` runs on the
    /// committer's thread and must not call `stop`.
    GroupCommitter(Store& store, CommitListener* listener, observe::Log& log,
                   observe::Metrics& metrics, Broken broken = {}, CommitterLimits limits = {});
    ~GroupCommitter() override;

    /// `done` must be quick and must not call `commit`; it may `submit`.
    bool submit(ChangeSet change_set, Done done) override;
    /// Limited when the queue is full, Cancelled when stopping.
    Result<Outcome> commit(ChangeSet change_set) override;

    /// Takes nothing more, writes what waits until `bound` has passed, answers the rest
    /// with Unavailable, and returns when no callback runs any more. May be repeated.
    void stop(Milliseconds bound = Milliseconds{5000});
    /// Fails for good once the store broke; for /readyz.
    Result<void> health() const;

private:
    struct Waiting {
        ChangeSet change_set;
        Done done;
    };
    struct Measures;

    void work();
    std::vector<Waiting> take();
    void write(std::vector<Waiting>& batch);
    Result<std::vector<Outcome>> ask_store(const std::vector<Waiting>& batch);
    void tell_listener(const std::vector<Waiting>& batch, const std::vector<Outcome>& outcomes);
    void answer(Waiting& waiting, Result<Outcome> result);
    void refuse(std::vector<Waiting>& batch, const std::string& text);
    void note_failure(const Error& error);

    Store& store_;
    CommitListener* const listener_;
    observe::Log& log_;
    const Broken broken_;
    const CommitterLimits limits_;
    const std::unique_ptr<Measures> measures_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> queue_;                           // guarded by mutex_
    bool stopping_ = false;                               // guarded by mutex_
    std::chrono::steady_clock::time_point give_up_at_{};  // guarded by mutex_
    std::string broken_text_;                             // guarded by mutex_; empty: it works

    std::atomic<std::thread::id> writer_{};
    std::mutex joining_;  // only one `stop` joins
    std::thread thread_;  // last: everything else is there when it begins
};

}  // namespace tandem::store
