#include "stream/hub.h"

#include <algorithm>
#include <utility>

namespace tandem::stream {

Hub::Hub(const Options& options, store::Store& store, publish::Feed& feed,
         const admit::Judge& judge, const Clock& clock, IdSource& ids, observe::Log& log,
         observe::Metrics& metrics)
    : fittings_(options, store, feed, judge, clock, ids, log, metrics) {}

Hub::~Hub() {
    stop();
    for (const auto& shard : shards()) shard->clear();
}

void Hub::start() {
    heart_ = std::thread([this] { beat(); });
}

void Hub::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopping_, true)) return;
    }
    awake_.notify_all();
    if (heart_.joinable()) heart_.join();
    for (const auto& shard : shards()) shard->post([](Shard& own) { own.end_all("shutdown"); });
    fittings_.workers.stop();
}

void Hub::open(std::shared_ptr<serve::Stream> stream, Subscription subscription) {
    std::shared_ptr<Shard> shard;
    bool stopping = false;
    {
        const std::lock_guard lock(mutex_);
        // One loop is one thread: that is how readers of the same loop find each other.
        std::shared_ptr<Shard>& slot = shards_[std::this_thread::get_id()];
        if (!slot) slot = std::make_shared<Shard>(fittings_);
        shard = slot;
        stopping = stopping_;
    }
    const std::shared_ptr<Tickets::Use> ticket = subscription.ticket;
    auto subscriber = std::make_shared<Subscriber>(shard, stream, std::move(subscription));
    stream->listener(subscriber);
    if (ticket) {
        ticket->on_displaced([weak = std::weak_ptr(subscriber), stream] {
            stream->post([weak] {
                if (const auto displaced = weak.lock()) displaced->end("replaced");
            });
        });
    }
    shard->add(subscriber);
    if (stopping) subscriber->end("shutdown");
}

void Hub::published(const std::vector<std::shared_ptr<const publish::Published>>& events) {
    if (fittings_.open == 0) return;
    std::vector<LiveEvent> live;
    live.reserve(events.size());
    for (const auto& event : events) {
        live.push_back({event, frame(event_text({event->journal_epoch, event->event.offset},
                                                event->event.payload))});
    }
    for (const auto& shard : shards()) shard->tell(live);
}

void Hub::lost(const domain::OrganizationId& organization) {
    for (const auto& shard : shards()) shard->lost(organization);
}

void Hub::judge_all() {
    for (const auto& shard : shards()) shard->post([](Shard& own) { own.judge_all(); });
}

void Hub::tick() {
    for (const auto& shard : shards()) shard->post([](Shard& own) { own.tick(); });
}

std::vector<std::shared_ptr<Shard>> Hub::shards() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Shard>> all;
    for (const auto& [thread, shard] : shards_) all.push_back(shard);
    return all;
}

void Hub::beat() {
    const auto pause = std::max(fittings_.options.heartbeat / 16, Milliseconds{1});
    std::unique_lock lock(mutex_);
    while (!awake_.wait_for(lock, pause, [this] { return stopping_; })) {
        lock.unlock();
        tick();
        lock.lock();
    }
}

}  // namespace tandem::stream
