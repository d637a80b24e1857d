#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace tandem::listen {

/// A connection that is only written to. It belongs to the loop that reads its socket: all
/// functions but `post` must be called on that loop's thread. Lives until `closed` of its
/// listener was called and the last owner let go.
class Stream {
public:
    /// Told once, on the loop's thread, when the connection is gone for any reason.
    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void closed(Stream& stream) = 0;
        /// The backlog fell below the low mark given to `notify_below`.
        virtual void drained(Stream& stream) = 0;
    };

    virtual ~Stream() = default;
    /// Runs `work` on the stream's loop, soon; safe from any thread. Dropped if the
    /// loop is gone.
    virtual void post(std::function<void()> work) = 0;
    /// Queues bytes without copying them; sends at once what the socket takes.
    virtual void send(std::shared_ptr<const std::string> bytes) = 0;
    /// Bytes queued and not yet taken by the socket.
    virtual size_t backlog() const = 0;
    /// Calls Listener::drained once, when the backlog is at or below `bytes`.
    virtual void notify_below(size_t bytes) = 0;
    /// Ends after what is queued was sent (bounded), or at once.
    enum class Ending { AfterBacklog, Now };
    virtual void close(Ending ending) = 0;
    virtual void listener(std::shared_ptr<Listener> listener) = 0;
};

}  // namespace tandem::listen
