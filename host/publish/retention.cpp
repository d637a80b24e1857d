#include "publish/retention.h"

namespace tandem::publish {

Retention::Retention(store::Store& store, const domain::Organizations& organizations, int64_t keep,
                     observe::Log& log)
    : store_(store), organizations_(organizations), keep_(keep), log_(log) {}

Retention::~Retention() {
    stop();
}

void Retention::start() {
    thread_ = std::thread([this] { run(); });
}

void Retention::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Retention::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        for (const domain::Organization& organization : organizations_.all()) {
            const Result<void> trimmed = store_.trim_journal(organization.id, keep_);
            if (!trimmed)
                log_.warn("publish", "a journal could not be trimmed",
                          {{"organization", organization.id}, {"reason", trimmed.error().text}});
        }
        lock.lock();
        changed_.wait_for(lock, pause, [this] { return stopping_; });
    }
}

}  // namespace tandem::publish
