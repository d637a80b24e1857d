#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stream/shard.h"

namespace tandem::stream {

/// All live streams of this process. Events come in on the committer's thread and go out
/// on the loops' threads, each loop's readers in a shard of their own.
class Hub : public publish::Audience {
public:
    /// All references must outlive the hub, and the hub must outlive the loops.
    Hub(const Options& options, store::Store& store, publish::Feed& feed, const admit::Judge& judge,
        const Clock& clock, IdSource& ids, observe::Log& log, observe::Metrics& metrics);
    ~Hub() override;

    /// Begins heartbeats; without it a test calls `tick` itself.
    void start();
    /// Ends every stream with the reason `shutdown`, at once those that still come; stops
    /// reading and heartbeats. Before the loops stop.
    void stop();

    /// Takes over a stream whose head is sent. On its loop's thread.
    void open(std::shared_ptr<serve::Stream> stream, Subscription subscription);

    void published(const std::vector<std::shared_ptr<const publish::Published>>& events) override;
    void lost(const domain::OrganizationId& organization) override;

    /// Looks at every reader's credential now, not at its next heartbeat. Any thread.
    void judge_all();
    /// Makes the visits that are due, on the loops. Any thread.
    void tick();
    size_t streams_open() const { return fittings_.open; }

private:
    std::vector<std::shared_ptr<Shard>> shards() const;
    void beat();

    Fittings fittings_;
    std::thread heart_;
    std::condition_variable awake_;
    mutable std::mutex mutex_;
    std::unordered_map<std::thread::id, std::shared_ptr<Shard>> shards_;  // guarded by mutex_
    bool stopping_ = false;                                               // guarded by mutex_
};

}  // namespace tandem::stream
