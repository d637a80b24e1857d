#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tandem::races {

/// A worker of one room, on a thread of its own but never at the same time as the test: it
/// runs until it parks at a named place or is done, and goes on only when it is told to.
/// So every order of steps can be had, and had again.
class Actor {
public:
    Actor() = default;
    ~Actor();
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    /// Not while busy. Returns when it parked or was done.
    void begin(std::function<void()> work);
    /// While busy. Returns when it parked again or was done.
    void go_on();
    /// Goes on to its end without parking.
    void run_out();
    bool busy() const { return busy_; }
    /// Where it is parked.
    const std::string& place() const { return place_; }

    /// On a worker's own thread: parks here. Elsewhere nothing happens.
    static void park(const std::string& place);
    /// Whether the caller is a worker's thread.
    static bool is_worker();

private:
    enum class Turn { Tests, Workers };

    void hand_over(Turn to, std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable changed_;
    Turn turn_ = Turn::Tests;  // guarded by mutex_, as all below
    bool busy_ = false;
    bool parks_ = true;
    std::string place_;
    std::thread thread_;
};

}  // namespace tandem::races
