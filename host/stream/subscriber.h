#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identity.h"
#include "publish/publish.h"
#include "serve/serve.h"
#include "stream/encoder.h"
#include "stream/places.h"
#include "stream/replay.h"
#include "stream/tickets.h"

namespace tandem::stream {

class Shard;

/// An event on its way to live readers: its text was made once for all of them.
struct LiveEvent {
    std::shared_ptr<const publish::Published> source;
    Frame frame;

    int64_t offset() const { return source->event.offset; }
    const std::string& epoch() const { return source->journal_epoch; }
};

/// Who wants to read what, and from where.
struct Subscription {
    domain::Identity identity;
    std::string token;  // that the identity was known by; empty: an operator
    View view;
    bool load = false;
    std::optional<std::string> last_event_id;
    std::shared_ptr<Places::Place> place;
    std::shared_ptr<Tickets::Use> ticket;  // null: a bearer token
};

/// One reader. First it may read the past, from the store and at its own pace, while what
/// is live waits; then it takes what is live, and nothing twice: what is not newer than
/// its position is left out. Confined to the thread of its stream's loop; shared by the
/// stream, its shard, and a worker that reads for it.
class Subscriber : public serve::Stream::Listener, public std::enable_shared_from_this<Subscriber> {
public:
    using Moment = std::chrono::steady_clock::time_point;

    Subscriber(std::shared_ptr<Shard> shard, std::shared_ptr<serve::Stream> stream,
               Subscription subscription);
    ~Subscriber() override;

    /// Says `connected` and begins with the past, if it is asked for. Once.
    void start();
    void tell(const LiveEvent& event);
    /// Whether a run of live events that begins here can be given as one piece.
    bool takes_run(const LiveEvent& first) const;
    void tell_run(const Frame& run, const LiveEvent& last);

    /// Ends it if its credential holds no more; whether it may go on.
    bool judge();
    /// The heartbeat's visit: ends what may go on no longer, cuts who takes nothing, sends
    /// a heartbeat where it was quiet. When to come again; nothing: it is gone.
    std::optional<Moment> visit(Moment now);
    /// When to visit: at the latest then, earlier where the credential expires.
    Moment due(Moment latest) const;

    /// Says why and ends; the reader comes back if it likes.
    void end(std::string_view reason);
    /// Ends without a word, for a reader who takes nothing anyway.
    void cut(std::string_view reason);

    void closed(serve::Stream& stream) override;
    void drained(serve::Stream& stream) override;

    bool gone() const { return gone_; }
    const View& view() const { return view_; }
    const std::shared_ptr<serve::Stream>& stream() const { return stream_; }
    /// Drops the stream; only when nobody calls through it any more.
    void let_go() { stream_.reset(); }

    // Where the shard has put it; the shard's own.
    size_t place_in_all = 0;
    size_t place_in_room = 0;

private:
    struct Past;

    /// Ends it for this reason; empty: it holds.
    bool holds(const std::string& reason);
    void ask_of_credential();
    void ask();
    void take(Reading reading);
    void proceed();
    void go_live();
    void pass(const LiveEvent& event);
    void push(const Frame& bytes);
    void leave();
    bool stalled(Moment now);

    const std::shared_ptr<Shard> shard_;
    std::shared_ptr<serve::Stream> stream_;
    const std::shared_ptr<const domain::Identity> identity_;
    const std::string token_;
    const View view_;
    domain::Position position_;   // an empty epoch: nothing seen yet, anything is new
    std::unique_ptr<Past> past_;  // null: live
    std::shared_ptr<Places::Place> place_;
    std::shared_ptr<Tickets::Use> ticket_;
    Moment last_event_{};
    Moment stalled_since_{};
    uint64_t given_ = 0;       // bytes, to the stream
    uint64_t taken_seen_ = 0;  // of those, taken by the socket at the last visit
    bool asking_ = false;      // of the credential
    bool gone_ = false;
};

}  // namespace tandem::stream
