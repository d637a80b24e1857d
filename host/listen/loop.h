#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "listen/socket.h"

/// The event loop: one thread that owns sockets, waits for all of them at once (epoll,
/// edge-triggered), and keeps their deadlines. Whatever may block has no place on it.
namespace tandem::listen {

/// What is waited for, in any talk of requests and answers; each kind has one duration, so
/// that its deadlines are a list in order and need no heap.
enum class Wait : uint8_t { Header, Body, Idle, Answer, Write, Linger, Rest, None };
inline constexpr size_t wait_kinds = static_cast<size_t>(Wait::None);

/// Something that has a descriptor in the loop. Owned by the loop; confined to it.
class Watched {
public:
    virtual ~Watched() = default;
    /// `events` as epoll gives them.
    virtual void ready(uint32_t events) = 0;
    virtual void overdue(Wait wait) = 0;
    /// The loop ends: let go of everything; called once, last.
    virtual void abandoned() = 0;

private:
    friend class Loop;
    Watched* earlier_ = nullptr;
    Watched* later_ = nullptr;
    int64_t deadline_ms_ = 0;
    Wait wait_ = Wait::None;
};

/// Work that other threads leave for the loop.
class Letter {
public:
    virtual ~Letter() = default;
    /// On the loop's thread.
    virtual void opened() = 0;
};

/// Brings letters to a loop with one wake-up for many. Safe from any thread; outlives its
/// loop, and then drops what comes.
class Mailbox {
public:
    Mailbox();

    void post(std::shared_ptr<Letter> letter);
    void post(std::function<void()> work);
    /// Whether the caller runs on the loop's thread, and may do it at once.
    bool on_loop() const { return std::this_thread::get_id() == owner_.load(); }

private:
    friend class Loop;
    std::vector<std::shared_ptr<Letter>> take();
    void close();

    Descriptor bell_;
    std::atomic<std::thread::id> owner_{};
    std::mutex mutex_;
    std::vector<std::shared_ptr<Letter>> letters_;  // guarded by mutex_
    bool rung_ = false;                             // guarded by mutex_
    bool closed_ = false;                           // guarded by mutex_
};

/// Confined to its own thread but for `start`, `stop` and the mailbox.
class Loop {
public:
    using Durations = std::array<std::chrono::milliseconds, wait_kinds>;
    /// Bytes that one read may take; shared by all connections of the loop.
    static constexpr size_t scratch_bytes = 64 * 1024;

    /// `report` gets what somebody's work on the loop threw; the loop goes on.
    using Report = std::function<void(const char* what)>;
    Loop(const Durations& durations, Report report);
    ~Loop();

    void start();
    /// Abandons what is left and joins the thread.
    void stop();
    const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

    /// Watches a descriptor for both directions, edge-triggered; a listener for reading,
    /// level-triggered. Throws std::runtime_error if the system has no room.
    enum class Trigger { Edge, Level };
    void adopt(int descriptor, std::shared_ptr<Watched> watched, Trigger trigger = Trigger::Edge);
    /// Gives the descriptor to another; the former is destroyed after this turn.
    void replace(int descriptor, std::shared_ptr<Watched> watched);
    /// Tells nothing more of what is watched by level, which would wake the loop for ever, until
    /// it is heard again.
    void mute(int descriptor);
    void hear(int descriptor);
    /// Forgets it; destroyed after this turn.
    void retire(int descriptor);

    /// Starts the one deadline a watched has; a former one is dropped.
    void arm(Watched& watched, Wait wait);
    void disarm(Watched& watched);
    /// Runs after the events of this turn.
    void soon(std::function<void()> work);

    char* scratch() { return scratch_.get(); }
    int64_t now_ms() const { return now_ms_; }

private:
    void run();
    void watch_level(int descriptor, uint32_t events);
    int pause_ms() const;
    void read_clock();
    template <typename Work>
    void guarded(Work&& work);
    void open_letters();
    void run_soon();
    void expire();
    void abandon_all();

    struct Line {
        Watched* first = nullptr;
        Watched* last = nullptr;
    };

    const Durations durations_;
    const Report report_;
    const std::shared_ptr<Mailbox> mailbox_;
    Descriptor epoll_;
    std::thread thread_;
    std::unique_ptr<char[]> scratch_;
    std::vector<std::shared_ptr<Watched>> slots_;  // by descriptor
    std::vector<std::shared_ptr<Watched>> retired_;
    std::vector<std::function<void()>> soon_;
    std::array<Line, wait_kinds> lines_;
    int64_t now_ms_ = 0;
    bool stopping_ = false;
};

}  // namespace tandem::listen
