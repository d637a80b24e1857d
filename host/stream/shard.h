#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "admit/admit.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/workers.h"
#include "observe/observe.h"
#include "publish/payload.h"
#include "stream/replay.h"
#include "stream/stream.h"
#include "stream/subscriber.h"

namespace tandem::stream {

/// What all readers use; owned by the hub, outlives every loop.
struct Fittings {
    Fittings(const Options& the_options, store::Store& store, publish::Feed& feed,
             const admit::Judge& the_judge, const Clock& the_clock, IdSource& the_ids,
             observe::Log& the_log, observe::Metrics& the_metrics);

    publish::Scene scene(const View& view);
    Milliseconds retry();
    /// A part of the span, another one each time, falling evenly over it.
    Milliseconds part_of(Milliseconds span);
    void count_cut(std::string_view reason);
    void count_reset(std::string_view reason);

    const Options options;
    const admit::Judge& judge;
    const Clock& clock;
    IdSource& ids;
    observe::Log& log;
    observe::Metrics& metrics;
    observe::Counter& events;
    std::atomic<size_t> open{0};
    std::atomic<uint32_t> draw;  // of the next `part_of`
    Replay replay;
    Workers workers;
};

/// The readers on one loop. `tell`, `lost` and `post` are safe from any thread; everything
/// else runs on the loop's thread.
class Shard : public std::enable_shared_from_this<Shard> {
public:
    /// What a loop that does not come round is kept of; beyond it all its readers are cut
    /// off and read again.
    static constexpr size_t most_waiting = 20000;
    /// Events told together are given to a reader in one piece of about this size.
    static constexpr size_t run_bytes = 65536;

    explicit Shard(Fittings& fittings);

    void tell(const std::vector<LiveEvent>& events);
    void lost(const domain::OrganizationId& organization);
    /// Runs on the loop, unless no reader is left there.
    void post(std::function<void(Shard&)> work);

    void add(const std::shared_ptr<Subscriber>& subscriber);
    /// A reader has left; it is put away in a turn of its own, as its stream may be
    /// calling just now.
    void left(const std::shared_ptr<Subscriber>& subscriber);
    /// Visits whose time has come.
    void tick();
    void judge_all();
    void end_all(std::string_view reason);
    /// Puts all away; only once the loop has stopped.
    void clear();

    Fittings& fittings() { return fittings_; }
    Subscriber::Moment now() const { return now_; }

private:
    /// The readers of one conversation, or of the organisation as a whole.
    struct Room {
        std::vector<std::shared_ptr<Subscriber>> readers;
        std::vector<const LiveEvent*> waiting;  // while a batch is sorted
    };
    struct Entry {
        LiveEvent event;
        std::string lost;  // the organisation; empty: an event
    };
    using Rooms = std::unordered_map<std::string, Room>;

    static std::string key(const domain::OrganizationId& organization, const std::string& address);
    void enter(std::vector<Entry> entries);
    void drain();
    void sort(const LiveEvent& event, std::vector<Room*>& touched);
    void deliver(std::vector<Room*>& touched);
    void deliver_runs(Room& room);
    void schedule(std::shared_ptr<Subscriber> subscriber, Subscriber::Moment due);
    void put_away(const std::shared_ptr<Subscriber>& subscriber);

    Fittings& fittings_;
    const std::chrono::steady_clock::duration beat_;  // between two slots of the wheel

    std::vector<std::shared_ptr<Subscriber>> all_;
    Rooms rooms_;
    std::vector<std::vector<std::shared_ptr<Subscriber>>> wheel_;
    size_t hand_ = 0;            // the slot that comes next
    Subscriber::Moment turn_{};  // when it comes
    Subscriber::Moment now_{};

    std::mutex mutex_;
    std::shared_ptr<serve::Stream> door_;  // guarded by mutex_: some reader's, to post by
    std::vector<Entry> inbox_;             // guarded by mutex_
    bool posted_ = false;                  // guarded by mutex_: a drain is on its way
    bool overrun_ = false;                 // guarded by mutex_
};

}  // namespace tandem::stream
