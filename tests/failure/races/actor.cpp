#include "failure/races/actor.h"

#include <utility>

namespace tandem::races {

namespace {

thread_local Actor* current = nullptr;

}  // namespace

Actor::~Actor() {
    run_out();
}

/// Lets the other side run, and waits for its return.
void Actor::hand_over(Turn to, std::unique_lock<std::mutex>& lock) {
    const Turn mine = to == Turn::Tests ? Turn::Workers : Turn::Tests;
    turn_ = to;
    changed_.notify_all();
    changed_.wait(lock, [&] { return turn_ == mine; });
}

void Actor::begin(std::function<void()> work) {
    std::unique_lock lock(mutex_);
    busy_ = parks_ = true;
    thread_ = std::thread([this, work = std::move(work)] {
        {
            std::unique_lock mine(mutex_);
            changed_.wait(mine, [this] { return turn_ == Turn::Workers; });
        }
        current = this;
        work();
        const std::lock_guard mine(mutex_);
        busy_ = false;
        turn_ = Turn::Tests;
        changed_.notify_all();
    });
    hand_over(Turn::Workers, lock);
    lock.unlock();
    if (!busy_) thread_.join();
}

void Actor::go_on() {
    std::unique_lock lock(mutex_);
    hand_over(Turn::Workers, lock);
    lock.unlock();
    if (!busy_) thread_.join();
}

void Actor::run_out() {
    if (!busy_) return;
    parks_ = false;
    go_on();
}

void Actor::park(const std::string& place) {
    if (!current || !current->parks_) return;
    std::unique_lock lock(current->mutex_);
    current->place_ = place;
    current->hand_over(Turn::Tests, lock);
}

bool Actor::is_worker() {
    return current != nullptr;
}

}  // namespace tandem::races
