#include "store/upkeep.h"

namespace tandem::store {

Upkeep::Upkeep(Store& store, const domain::Organizations& organizations, const Clock& clock,
               observe::Log& log)
    : store_(store), organizations_(organizations), clock_(clock), log_(log) {}

Upkeep::~Upkeep() {
    stop();
}

void Upkeep::start() {
    thread_ = std::thread([this] { run(); });
}

void Upkeep::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Upkeep::forget() {
    for (const domain::Organization& organization : organizations_.all()) {
        if (stopping()) return;
        const Time now = clock_.now();
        const bool bounded = organization.history_days > 0;
        const Time before = now - std::chrono::hours{24} * organization.history_days;
        const Result<void> forgotten =
            store_.forget(organization.id, now, bounded ? before : Time{});
        if (!forgotten)
            log_.warn("store", "what is too old could not be forgotten",
                      {{"organization", organization.id}, {"reason", forgotten.error().text}});
    }
}

void Upkeep::run() {
    while (!stopping()) {
        forget();
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, pause, [this] { return stopping_; });
    }
}

bool Upkeep::stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

}  // namespace tandem::store
