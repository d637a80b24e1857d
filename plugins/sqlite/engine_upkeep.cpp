#include <sys/stat.h>

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
    ForgetWork work;
    work.organization = organization;
    work.now = now;
    work.before = messages_before;
    while (work.stage != ForgetWork::Stage::Done) {
        refuse_if_broken();
        {
            const std::lock_guard lock(writing_);
            if (!forgetting_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
            try {
                forgetting_->step(work);
            } catch (const Fault& fault) {
                fail(fault);
            }
        }
        std::unique_lock lock(checkpointing_);
        if (checkpoint_asked_.wait_for(lock, step_pause, [this] { return stopping_; })) return;
    }
}

// secure_delete has overwritten in the file's pages what was erased; older images of those
// pages are in the log until all of it is in the file, and are gone when it is cut to nothing.
// A small file is written anew as well, which also gives its free pages back.
void Engine::compact() {
    refuse_if_broken();
    const std::lock_guard lock(writing_);
    if (!writer_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
    try {
        struct stat status {};
        const bool small =
            ::stat(options_.path.c_str(), &status) == 0 && status.st_size <= rewritten_bytes;
        if (small) database_->execute("VACUUM");
        int pages_left = 0;
        const int code = sqlite3_wal_checkpoint_v2(
            database_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &pages_left, nullptr);
        if (code != SQLITE_OK)
            sqlite::fail(database_->handle(), code, "the log cannot be cut to nothing");
    } catch (const Fault& fault) {
        fail(fault);
    }
}

}  // namespace tandem::sqlite
