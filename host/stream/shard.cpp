#include "stream/shard.h"

#include <algorithm>
#include <random>
#include <utility>

namespace tandem::stream {

namespace {

/// Visits are this many to an interval: heartbeats spread evenly, and an expired
/// credential is seen within a sixteenth of one.
constexpr int slots_per_interval = 16;
// One more than an interval has, as a visit is never due in the slot that is being visited.
constexpr size_t slots = slots_per_interval + 2;

// Questions to the store that wait: more than streams can be open, each of which asks one
// thing at a time.
constexpr size_t most_questions = 65536;

}  // namespace

Fittings::Fittings(const Options& the_options, store::Store& store, publish::Feed& feed,
                   const admit::Judge& the_judge, const Clock& the_clock, IdSource& the_ids,
                   observe::Log& the_log, observe::Metrics& the_metrics)
    : options(the_options),
      judge(the_judge),
      clock(the_clock),
      ids(the_ids),
      log(the_log),
      metrics(the_metrics),
      events(metrics.counter("tandem_stream_events_total", "Events given to streams")),
      draw(std::random_device{}()),
      replay(store, feed, clock, ids, options.history_limit),
      workers(options.replay_threads, most_questions) {
    metrics.gauge("tandem_streams_open", "Event streams that are open", {},
                  [this] { return static_cast<double>(open.load()); });
}

publish::Scene Fittings::scene(const View& view) {
    publish::Scene scene;
    scene.event_id = ids.next();
    scene.organization = view.organization;
    scene.address = view.address;
    scene.lead_id = view.lead_id;
    scene.at = clock.now();
    return scene;
}

Milliseconds Fittings::retry() {
    return options.retry_least + part_of(options.retry_most - options.retry_least);
}

Milliseconds Fittings::part_of(Milliseconds span) {
    // Steps by the golden ratio spread evenly, however many come at once.
    const uint64_t step = draw.fetch_add(2654435769U);
    const auto range = static_cast<uint64_t>(std::max<int64_t>(span.count(), 0) + 1);
    return Milliseconds{static_cast<int64_t>((step * range) >> 32)};
}

void Fittings::count_cut(std::string_view reason) {
    metrics
        .counter("tandem_stream_cut_total", "Streams that the gateway ended", {{"reason", reason}})
        .add();
}

void Fittings::count_reset(std::string_view reason) {
    metrics
        .counter("tandem_stream_resets_total", "Readers whose position served no more",
                 {{"reason", reason}})
        .add();
}

Shard::Shard(Fittings& fittings)
    : fittings_(fittings),
      beat_(std::max<std::chrono::steady_clock::duration>(
          std::chrono::steady_clock::duration(fittings.options.heartbeat) / slots_per_interval,
          std::chrono::milliseconds(1))),
      wheel_(slots),
      turn_(fittings.clock.steady() + beat_),
      now_(fittings.clock.steady()) {}

void Shard::tell(const std::vector<LiveEvent>& events) {
    std::vector<Entry> entries;
    entries.reserve(events.size());
    for (const LiveEvent& event : events) entries.push_back({event, {}});
    enter(std::move(entries));
}

void Shard::lost(const domain::OrganizationId& organization) {
    std::vector<Entry> entries(1);
    entries.front().lost = organization;
    enter(std::move(entries));
}

void Shard::enter(std::vector<Entry> entries) {
    std::shared_ptr<serve::Stream> door;
    {
        const std::lock_guard lock(mutex_);
        if (!door_) return;  // nobody reads here; who comes later reads the journal first
        if (inbox_.size() + entries.size() > most_waiting) overrun_ = true;
        if (overrun_)
            inbox_.clear();
        else
            std::move(entries.begin(), entries.end(), std::back_inserter(inbox_));
        if (posted_) return;
        posted_ = true;
        door = door_;
    }
    door->post([self = shared_from_this()] { self->drain(); });
}

void Shard::post(std::function<void(Shard&)> work) {
    std::shared_ptr<serve::Stream> door;
    {
        const std::lock_guard lock(mutex_);
        door = door_;
    }
    if (door) door->post([self = shared_from_this(), work = std::move(work)] { work(*self); });
}

void Shard::add(const std::shared_ptr<Subscriber>& subscriber) {
    now_ = fittings_.clock.steady();
    const View& view = subscriber->view();
    Room& room = rooms_[key(view.organization, view.address)];
    subscriber->place_in_room = room.readers.size();
    room.readers.push_back(subscriber);
    subscriber->place_in_all = all_.size();
    all_.push_back(subscriber);
    ++fittings_.open;
    {
        const std::lock_guard lock(mutex_);
        if (!door_) door_ = subscriber->stream();
    }
    // From here on nothing is missed; only now may the past be read. A credential that was taken
    // back while its stream was on the way here is seen now: who looked at all of them did not
    // find this one yet.
    if (!subscriber->judge()) return;
    subscriber->start();
    // Everyone keeps a phase of their own, so that ten thousand who came together do not
    // get their heartbeats together.
    const auto first = now_ + fittings_.part_of(fittings_.options.heartbeat);
    if (!subscriber->gone()) schedule(subscriber, subscriber->due(first));
}

void Shard::left(const std::shared_ptr<Subscriber>& subscriber) {
    --fittings_.open;
    subscriber->stream()->post(
        [self = shared_from_this(), subscriber] { self->put_away(subscriber); });
}

void Shard::tick() {
    now_ = fittings_.clock.steady();
    while (turn_ <= now_) {
        turn_ += beat_;
        std::vector<std::shared_ptr<Subscriber>> due;
        due.swap(wheel_[hand_]);
        hand_ = (hand_ + 1) % slots;
        for (std::shared_ptr<Subscriber>& subscriber : due)
            if (const auto next = subscriber->visit(now_)) schedule(std::move(subscriber), *next);
    }
}

void Shard::judge_all() {
    const auto everyone = all_;
    for (const std::shared_ptr<Subscriber>& subscriber : everyone) subscriber->judge();
}

void Shard::end_all(std::string_view reason) {
    now_ = fittings_.clock.steady();
    const auto everyone = all_;
    for (const std::shared_ptr<Subscriber>& subscriber : everyone) {
        if (subscriber->gone()) continue;
        fittings_.count_cut(reason);
        subscriber->end(reason);
    }
}

void Shard::clear() {
    rooms_.clear();
    wheel_.assign(slots, {});
    all_.clear();
    const std::lock_guard lock(mutex_);
    door_.reset();
    inbox_.clear();
}

std::string Shard::key(const domain::OrganizationId& organization, const std::string& address) {
    return organization + '\n' + address;
}

void Shard::drain() {
    std::vector<Entry> entries;
    bool overrun = false;
    {
        const std::lock_guard lock(mutex_);
        entries.swap(inbox_);
        overrun = std::exchange(overrun_, false);
        posted_ = false;
    }
    now_ = fittings_.clock.steady();
    if (overrun) {
        for (const std::shared_ptr<Subscriber>& subscriber : std::vector(all_))
            subscriber->cut("overrun");
        return;
    }
    std::vector<Room*> touched;
    for (const Entry& entry : entries) {
        if (entry.lost.empty()) {
            sort(entry.event, touched);
            continue;
        }
        deliver(touched);  // what came before the gap still arrives
        for (const std::shared_ptr<Subscriber>& subscriber : std::vector(all_)) {
            if (subscriber->view().organization != entry.lost || subscriber->gone()) continue;
            fittings_.count_cut("gap");
            subscriber->end("catch_up");
        }
    }
    deliver(touched);
}

void Shard::sort(const LiveEvent& event, std::vector<Room*>& touched) {
    const auto give = [&](const std::string& address) {
        const auto found = rooms_.find(key(event.source->organization, address));
        if (found == rooms_.end()) return;
        if (found->second.waiting.empty()) touched.push_back(&found->second);
        found->second.waiting.push_back(&event);
    };
    give({});
    if (!event.source->event.address.empty()) give(event.source->event.address);
}

void Shard::deliver(std::vector<Room*>& touched) {
    for (Room* room : touched) {
        if (room->waiting.size() == 1) {
            for (const auto& reader : room->readers) reader->tell(*room->waiting.front());
            room->waiting.clear();
        } else {
            deliver_runs(*room);
        }
        // A burst's list is not kept for the quiet afterwards.
        if (room->waiting.capacity() > 16) room->waiting.shrink_to_fit();
    }
    touched.clear();
}

void Shard::deliver_runs(Room& room) {
    const std::vector<const LiveEvent*> waiting = std::move(room.waiting);
    room.waiting.clear();
    for (size_t begin = 0, end = 0; begin < waiting.size(); begin = end) {
        std::string text;
        while (end < waiting.size() && waiting[end]->epoch() == waiting[begin]->epoch() &&
               (end == begin || text.size() + waiting[end]->frame->size() <= run_bytes))
            text += *waiting[end++]->frame;
        const Frame run = frame(std::move(text));
        for (const auto& reader : room.readers) {
            if (reader->takes_run(*waiting[begin])) {
                fittings_.events.add(static_cast<double>(end - begin));
                reader->tell_run(run, *waiting[end - 1]);
                continue;
            }
            for (size_t i = begin; i < end; ++i) reader->tell(*waiting[i]);
        }
    }
}

void Shard::schedule(std::shared_ptr<Subscriber> subscriber, Subscriber::Moment due) {
    size_t ahead = 0;
    if (due > turn_) ahead = static_cast<size_t>((due - turn_ + beat_ - beat_ / 2) / beat_);
    ahead = std::min(ahead, slots - 2);
    wheel_[(hand_ + ahead) % slots].push_back(std::move(subscriber));
}

void Shard::put_away(const std::shared_ptr<Subscriber>& subscriber) {
    const auto drop = [](auto& list, size_t at, size_t Subscriber::*place) {
        list[at] = std::move(list.back());
        list[at].get()->*place = at;
        list.pop_back();
    };
    if (subscriber->place_in_all < all_.size() && all_[subscriber->place_in_all] == subscriber)
        drop(all_, subscriber->place_in_all, &Subscriber::place_in_all);
    const View& view = subscriber->view();
    const auto found = rooms_.find(key(view.organization, view.address));
    if (found != rooms_.end()) {
        auto& readers = found->second.readers;
        if (subscriber->place_in_room < readers.size() &&
            readers[subscriber->place_in_room] == subscriber)
            drop(readers, subscriber->place_in_room, &Subscriber::place_in_room);
        if (readers.empty()) rooms_.erase(found);
    }
    std::shared_ptr<serve::Stream> stream = subscriber->stream();
    {
        const std::lock_guard lock(mutex_);
        if (door_ == stream) door_ = all_.empty() ? nullptr : all_.back()->stream();
        // Nobody is left to whom the rest would have to be told.
        if (!door_) inbox_.clear();
    }
    subscriber->let_go();
}

}  // namespace tandem::stream
