#include "stream/subscriber.h"

#include <algorithm>
#include <utility>

#include "publish/payload.h"
#include "stream/shard.h"

namespace tandem::stream {

namespace {

constexpr std::string_view permission = "conversations:read";

}  // namespace

/// What a reader has as long as it reads the past.
struct Subscriber::Past {
    std::optional<std::string> last_event_id;  // until the first question
    bool load = false;                         // until the first question
    bool asking = false;                       // a worker reads
    bool complete = false;                     // the store has no more
    std::vector<LiveEvent> waiting;            // live events, to follow the past
    size_t waiting_bytes = 0;
    bool overflowed = false;  // too many waited; they are in the journal, to be read there
};

Subscriber::Subscriber(std::shared_ptr<Shard> shard, std::shared_ptr<serve::Stream> stream,
                       Subscription subscription)
    : shard_(std::move(shard)),
      stream_(std::move(stream)),
      identity_(std::make_shared<const domain::Identity>(std::move(subscription.identity))),
      token_(std::move(subscription.token)),
      view_(std::move(subscription.view)),
      place_(std::move(subscription.place)),
      ticket_(std::move(subscription.ticket)) {
    const bool history = subscription.load && !view_.address.empty();
    if (!history && !subscription.last_event_id) return;
    past_ = std::make_unique<Past>();
    past_->load = history;
    past_->last_event_id = std::move(subscription.last_event_id);
}

Subscriber::~Subscriber() = default;

void Subscriber::start() {
    Fittings& fittings = shard_->fittings();
    push(frame(retry_text(fittings.retry()) +
               event_text(publish::connected(fittings.scene(view_), fittings.ids.next()))));
    if (past_ && !gone_) ask();
    // A ticket was given for a credential that may have ended since; any other was just asked of.
    if (ticket_ && !gone_) ask_of_credential();
}

void Subscriber::tell(const LiveEvent& event) {
    if (gone_ || !view_.shows(event.source->event.type)) return;
    if (!past_) return pass(event);
    if (past_->overflowed) return;
    past_->waiting_bytes += event.frame->size();
    // With what a reader may still have in hand of the past this stays below the bound.
    if (past_->waiting_bytes > shard_->fittings().options.max_backlog_bytes / 2) {
        past_->overflowed = true;
        past_->waiting.clear();
        past_->waiting.shrink_to_fit();
        return;
    }
    past_->waiting.push_back(event);
}

bool Subscriber::takes_run(const LiveEvent& first) const {
    return !gone_ && !past_ && view_.types.empty() && first.offset() > position_.offset &&
           (position_.epoch.empty() || position_.epoch == first.epoch());
}

void Subscriber::tell_run(const Frame& run, const LiveEvent& last) {
    position_.offset = last.offset();
    if (position_.epoch.empty()) position_.epoch = last.epoch();
    last_event_ = shard_->now();
    push(run);
}

bool Subscriber::judge() {
    if (gone_) return false;
    Fittings& fittings = shard_->fittings();
    return holds(fittings.judge.judge(*identity_, permission, fittings.clock.now()));
}

bool Subscriber::holds(const std::string& reason) {
    if (gone_) return false;
    if (reason.empty()) return true;
    shard_->fittings().count_cut("credential");
    end(reason);
    return false;
}

/// On a worker: whoever is asked may wait for somebody.
void Subscriber::ask_of_credential() {
    if (asking_ || token_.empty()) return;
    Fittings& fittings = shard_->fittings();
    asking_ = fittings.workers.run([self = shared_from_this(), &fittings, stream = stream_] {
        stream->post([self, reason = fittings.judge.ask_again(self->token_, *self->identity_,
                                                              permission, fittings.clock.now())] {
            self->asking_ = false;
            self->holds(reason);
        });
    });
}

std::optional<Subscriber::Moment> Subscriber::visit(Moment now) {
    if (!judge()) return std::nullopt;
    ask_of_credential();
    Fittings& fittings = shard_->fittings();
    if (stalled(now)) {
        cut("stalled");
        return std::nullopt;
    }
    const auto interval = fittings.options.heartbeat;
    // Who just had an event knows that the line lives, and so does one with more to take.
    const bool quiet = now - last_event_ >= interval / 4 && stream_->backlog() == 0;
    if (quiet)
        push(frame(named_event_text("heartbeat", publish::heartbeat(fittings.scene(view_)))));
    if (gone_) return std::nullopt;
    return due(now + interval);
}

Subscriber::Moment Subscriber::due(Moment latest) const {
    if (!identity_->expires_at) return latest;
    const Moment now = shard_->now();
    const Milliseconds left = *identity_->expires_at - shard_->fittings().clock.now();
    // In milliseconds: an expiry centuries away is more nanoseconds than a number holds.
    if (left >= std::chrono::ceil<Milliseconds>(latest - now)) return latest;
    return now + std::max(left, Milliseconds{0});
}

void Subscriber::end(std::string_view reason) {
    if (gone_) return;
    Fittings& fittings = shard_->fittings();
    stream_->send(frame(retry_text(fittings.retry()) +
                        event_text(publish::stream_end(fittings.scene(view_), reason))));
    stream_->close(serve::Stream::Ending::AfterBacklog);
    leave();
}

void Subscriber::cut(std::string_view reason) {
    if (gone_) return;
    shard_->fittings().count_cut(reason);
    stream_->close(serve::Stream::Ending::Now);
    leave();
}

void Subscriber::closed(serve::Stream&) {
    leave();
}

void Subscriber::drained(serve::Stream&) {
    if (!gone_ && past_ && !past_->asking) proceed();
}

void Subscriber::ask() {
    Fittings& fittings = shard_->fittings();
    // What waits no longer is read from here on; what is told from now on waits.
    past_->asking = true;
    past_->complete = false;
    if (past_->overflowed) {
        past_->overflowed = false;
        past_->waiting_bytes = 0;
    }
    const bool history = std::exchange(past_->load, false);
    auto from = std::exchange(past_->last_event_id, std::nullopt);
    const bool asked =
        fittings.workers.run([self = shared_from_this(), &fittings, history, from = std::move(from),
                              after = position_, stream = stream_] {
            Reading reading = from      ? fittings.replay.resume(self->view_, *from)
                              : history ? fittings.replay.history(self->view_)
                                        : fittings.replay.go_on(self->view_, after);
            auto carried = std::make_shared<Reading>(std::move(reading));
            stream->post([self, carried] { self->take(std::move(*carried)); });
        });
    if (!asked) cut("overload");
}

void Subscriber::take(Reading reading) {
    if (gone_) return;
    Fittings& fittings = shard_->fittings();
    past_->asking = false;
    if (reading.failure) {
        fittings.log.warn("stream", "the past could not be read for a stream",
                          {{"reason", reading.failure->text}});
        fittings.count_cut("storage");
        return end("storage_unavailable");
    }
    if (!reading.reset.empty()) fittings.count_reset(reading.reset);
    position_ = std::move(reading.reached);
    past_->complete = reading.complete;
    if (reading.frame) {
        fittings.events.add(static_cast<double>(reading.events));
        given_ += reading.frame->size();
        last_event_ = shard_->now();
        stream_->send(reading.frame);
        if (gone_) return;
    }
    // The reader sets the pace: the next page when this one is nearly taken.
    const size_t low = fittings.options.max_backlog_bytes / 4;
    if (stream_->backlog() > low) return stream_->notify_below(low);
    proceed();
}

void Subscriber::proceed() {
    if (past_->complete && !past_->overflowed) return go_live();
    ask();
}

void Subscriber::go_live() {
    const std::unique_ptr<Past> past = std::move(past_);
    for (const LiveEvent& event : past->waiting) {
        if (gone_) return;
        pass(event);
    }
}

void Subscriber::pass(const LiveEvent& event) {
    if (position_.epoch.empty()) position_.epoch = event.epoch();
    if (position_.epoch != event.epoch()) {
        // Another journal than the one that the reader knows: it comes back and is told.
        shard_->fittings().count_cut("journal");
        return end("journal_changed");
    }
    if (event.offset() <= position_.offset) return;
    position_.offset = event.offset();
    last_event_ = shard_->now();
    shard_->fittings().events.add();
    push(event.frame);
}

void Subscriber::push(const Frame& bytes) {
    // Looked at before and not after, so that one event above the bound still passes.
    if (stream_->backlog() > shard_->fittings().options.max_backlog_bytes) return cut("slow");
    given_ += bytes->size();
    stream_->send(bytes);
}

void Subscriber::leave() {
    if (gone_) return;
    gone_ = true;
    past_.reset();
    place_.reset();
    ticket_.reset();
    shard_->left(shared_from_this());
}

bool Subscriber::stalled(Moment now) {
    const uint64_t backlog = stream_->backlog();
    const uint64_t taken = given_ - std::min(given_, backlog);
    if (backlog == 0 || taken != taken_seen_) {
        taken_seen_ = taken;
        stalled_since_ = now;
        return false;
    }
    // Who reads the past may take its time; who takes nothing at all for this long is gone.
    const auto interval = shard_->fittings().options.heartbeat;
    return now - stalled_since_ >= (past_ ? 4 * interval : interval);
}

}  // namespace tandem::stream
