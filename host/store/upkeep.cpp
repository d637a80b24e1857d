#include "store/upkeep.h"

namespace tandem::store {

Upkeep::Upkeep(Store& store, Committer& committer, const domain::Organizations& organizations,
               const Clock& clock, observe::Log& log)
    : store_(store),
      committer_(committer),
      organizations_(organizations),
      clock_(clock),
      log_(log) {}

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
        forget_old(organization);
        if (stopping()) return;
        finish_erasures(organization.id);
    }
}

void Upkeep::forget_old(const domain::Organization& organization) {
    const Time now = clock_.now();
    const bool bounded = organization.history_days > 0;
    const Time before = now - std::chrono::hours{24} * organization.history_days;
    const Result<void> forgotten = store_.forget(organization.id, now, bounded ? before : Time{});
    if (!forgotten)
        log_.warn("store", "what is too old could not be forgotten",
                  {{"organization", organization.id}, {"reason", forgotten.error().text}});
}

// A crash, or a full disk, came between an erasure and its compaction.
void Upkeep::finish_erasures(const domain::OrganizationId& organization) {
    const Result<bool> finished =
        store::finish_erasures(store_, committer_, organization, {}, clock_.now());
    if (finished && *finished)
        log_.info("store", "what was erased is removed from the files now",
                  {{"organization", organization}});
    // A store without notes erases nothing.
    if (!finished && finished.error().code != Code::Unsupported)
        log_.warn("store", "what was erased could not be removed from the files",
                  {{"organization", organization}, {"reason", finished.error().text}});
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
