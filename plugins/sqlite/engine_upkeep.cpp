#include "engine.h"
#include "tandem/plugin/failure.hpp"

// What is done to a store now and then, beside its commits.
namespace tandem::sqlite {

namespace {

// Between two steps commits that wait get their turn; a mutex alone would not promise it.
constexpr std::chrono::milliseconds step_pause{5};

}  // namespace

void Engine::end_leases(int64_t now) {
    refuse_if_broken();
    const std::lock_guard lock(writing_);
    try {
        Statement(*database_, "UPDATE owed SET lease_until = ?1 WHERE lease_until > ?1")
            .execute(now);
    } catch (const Fault& fault) {
        fail(fault);
    }
}

void Engine::trim_journal(std::string_view organization, int64_t keep) {
    refuse_if_broken();
    const std::lock_guard lock(writing_);
    if (!trim_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
    try {
        trim_->execute(organization, keep < 0 ? int64_t{0} : keep);
    } catch (const Fault& fault) {
        fail(fault);
    }
}

void Engine::forget(std::string_view organization, int64_t now, int64_t messages_before) {
    const auto end = std::chrono::steady_clock::now() + options_.forget_time;
    while (forget_step(organization, now, messages_before)) {
        std::unique_lock lock(checkpointing_);
        if (checkpoint_asked_.wait_for(lock, step_pause, [this] { return stopping_; })) return;
        if (std::chrono::steady_clock::now() >= end) return;
    }
}

bool Engine::forget_step(std::string_view organization, int64_t now, int64_t messages_before) {
    refuse_if_broken();
    const std::lock_guard lock(writing_);
    if (!forgetting_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
    // A call goes on where the one before it came to.
    ForgetWork& work = forget_works_[std::string(organization)];
    work.organization = organization;
    work.now = now;
    work.before = messages_before;
    try {
        forgetting_->step(work);
    } catch (const Fault& fault) {
        fail(fault);
    }
    if (work.stage != ForgetWork::Stage::Done) return true;
    work = {};
    return false;
}

// secure_delete overwrites what is erased, but not each copy that a page's cells left behind
// when they moved: only a file that is written anew has none. Older images of pages are in the
// log until all of it is in the file, and gone when it is cut to nothing.
void Engine::compact() {
    refuse_if_broken();
    const std::lock_guard lock(writing_);
    if (!writer_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
    try {
        // The new file may be larger than memory should be.
        database_->execute("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY");
        const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr,
                                                   SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
        if (code != SQLITE_OK)
            sqlite::fail(database_->handle(), code, "the log cannot be cut to nothing");
    } catch (const Fault& fault) {
        fail(fault);
    }
}

}  // namespace tandem::sqlite
