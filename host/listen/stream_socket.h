#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/tally.h"
#include "listen/doorman.h"
#include "listen/loop.h"
#include "listen/socket.h"
#include "listen/stream.h"

namespace tandem::listen {

/// What the streams of one server have in common; outlives them. Safe from any thread.
struct Streams {
    Tally open;
    std::function<void()> on_slow;  // one is cut because its reader takes nothing
};

/// A socket after its connection became a stream: as little as can be, because ten
/// thousand of these wait for the next event. A queue exists only while there is a
/// backlog. Owned by its loop and confined to it; `post` is safe from any thread.
class StreamSocket : public Stream,
                     public Watched,
                     public std::enable_shared_from_this<StreamSocket> {
public:
    StreamSocket(Loop& loop, Socket socket, Seat seat, Streams& streams);

    void post(std::function<void()> work) override;
    void send(std::shared_ptr<const std::string> bytes) override;
    size_t backlog() const override;
    void notify_below(size_t bytes) override;
    void close(Ending ending) override;
    void listener(std::shared_ptr<Listener> listener) override;

    void ready(uint32_t events) override;
    void overdue(Wait wait) override;
    void abandoned() override;

private:
    struct Backlog {
        std::vector<std::shared_ptr<const std::string>> queue;
        size_t first = 0;  // of the queue, not sent to its end
        size_t sent = 0;   // of that first one
        size_t bytes = 0;  // not sent, of all
    };

    void keep(std::shared_ptr<const std::string> bytes, size_t sent);
    void flush();
    void sent(size_t bytes);
    void tell_drained();
    void discard_input();
    void fail();
    void leave();

    Loop& loop_;
    const std::shared_ptr<Mailbox> mailbox_;
    Socket socket_;
    std::optional<Seat> seat_;
    Streams& streams_;
    std::shared_ptr<Listener> listener_;
    std::unique_ptr<Backlog> backlog_;
    std::optional<size_t> low_mark_;
    uint32_t discarded_ = 0;  // bytes that the client sent for no reason
    bool ending_ = false;     // closes when the backlog is sent
    bool failed_ = false;     // `leave` is on its way
    bool left_ = false;
};

}  // namespace tandem::listen
