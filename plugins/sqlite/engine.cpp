#include "engine.h"

#include <sys/stat.h>

#include <utility>

#include "Poco/Exception.h"
#include "schema.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::sqlite {

namespace {

// Beyond it the check of all pages would hold up a start for seconds.
constexpr off_t checked_bytes = 256 << 20;
constexpr std::chrono::seconds reader_patience{10};
// 3.51.3 is the first version without the bug that Database describes.
constexpr int first_sound_version = 3051003;

}  // namespace

Engine::Engine(EngineOptions options, Warn warn)
    : options_(std::move(options)), warn_(std::move(warn)) {}

Engine::~Engine() {
    stop();
}

void Engine::start() {
    if (options_.path.empty() || options_.path[0] == ':' || options_.path.rfind("file:", 0) == 0)
        throw plugin::Failure(TANDEM_INVALID,
                              "option path must name a file; the memory store keeps nothing");
    try {
        lock_ = std::make_unique<LockFile>(options_.path);
        create_private(options_.path);
        database_ = std::make_unique<Database>(options_.path, Role::Writer);
        refuse_foreign(*database_);
        database_->begin_writing();
        check_file();
    } catch (const Fault& fault) {
        fail(fault);
    } catch (const Poco::Exception& exception) {
        throw plugin::Failure(
            TANDEM_UNAVAILABLE,
            "the database " + options_.path + " cannot be opened: " + exception.displayText());
    }
    checkpointer_ = std::thread([this] { work_checkpoints(); });
}

void Engine::stop() {
    if (checkpointer_.joinable()) {
        {
            const std::lock_guard lock(checkpointing_);
            stopping_ = true;
        }
        checkpoint_asked_.notify_all();
        checkpointer_.join();
    }
    {
        const std::lock_guard lock(pool_);
        free_readers_.clear();
    }
    const std::lock_guard lock(writing_);
    // The writer closes last: its close works the log into the file and removes it.
    writer_.reset();
    trim_.reset();
    forgetting_.reset();
    database_.reset();
    lock_.reset();
}

void Engine::check_file() {
    struct stat status {};
    if (::stat(options_.path.c_str(), &status) != 0 || status.st_size > checked_bytes) return;
    const std::string found = database_->text("PRAGMA quick_check(1)");
    if (found != "ok")
        throw plugin::Failure(TANDEM_CORRUPT, "the database " + options_.path +
                                                  " is damaged: " + found + "; restore a backup");
}

void Engine::migrate() {
    const std::lock_guard lock(writing_);
    try {
        sqlite::migrate(*database_, steps());
        writer_ = std::make_unique<Writer>(*database_);
        forgetting_.emplace(*database_);
        trim_.emplace(*database_,
                      "DELETE FROM event WHERE organization = ?1 AND offset <="
                      " (SELECT head FROM journal WHERE organization = ?1) - ?2");
    } catch (const Fault& fault) {
        fail(fault);
    }
    if (sqlite3_libversion_number() < first_sound_version && warn_)
        warn_("SQLite " + std::string(sqlite3_libversion()) +
              " can damage a database that two connections write; nothing but this process"
              " may open it while it runs");
}

// Who asks must not wait: a compaction or a slow disk has the writer for minutes, and writes.
void Engine::health() {
    refuse_if_broken();
    const std::unique_lock lock(writing_, std::try_to_lock);
    if (lock && !writer_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
}

std::vector<records::CommitResult> Engine::commit(const std::vector<records::ChangeSet>& batch) {
    refuse_if_broken();
    std::vector<records::CommitResult> results;
    int log_pages = 0;
    {
        const std::lock_guard lock(writing_);
        if (!writer_) throw plugin::Failure(TANDEM_UNAVAILABLE, "the database is not open");
        try {
            results = writer_->commit(batch);
        } catch (const Fault& fault) {
            fail(fault);
        }
        log_pages = database_->log_pages();
    }
    // Answers go out first; another thread does the work, on the writer's connection.
    if (log_pages >= options_.checkpoint_pages) {
        {
            const std::lock_guard lock(checkpointing_);
            checkpoint_wanted_ = true;
        }
        // All: a `forget` waits on it as well, and would swallow it.
        checkpoint_asked_.notify_all();
    }
    return results;
}

void Engine::work_checkpoints() {
    while (true) {
        {
            std::unique_lock lock(checkpointing_);
            checkpoint_asked_.wait(lock, [this] { return checkpoint_wanted_ || stopping_; });
            if (stopping_) return;
            checkpoint_wanted_ = false;
        }
        checkpoint();
    }
}

// PASSIVE waits for nobody: what a reader still needs stays in the log until the next time.
void Engine::checkpoint() {
    const std::lock_guard lock(writing_);
    const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return;
    const Fault fault(code, std::string("the log cannot be worked into the database: ") +
                                sqlite3_errmsg(database_->handle()));
    // A full disk leaves the log as it is; the next commit says so where it hurts.
    if (!fault.is_damage()) {
        if (warn_) warn_(fault.what());
        return;
    }
    const std::lock_guard state(state_);
    broken_ = fault.what();
}

std::unique_ptr<Reader> Engine::take_reader() {
    refuse_if_broken();
    std::unique_lock lock(pool_);
    const bool free = reader_free_.wait_for(lock, reader_patience, [this] {
        return !free_readers_.empty() || open_readers_ < options_.readers;
    });
    if (!free) throw plugin::Failure(TANDEM_UNAVAILABLE, "all readers of the database are busy");
    if (!free_readers_.empty()) {
        auto reader = std::move(free_readers_.back());
        free_readers_.pop_back();
        return reader;
    }
    ++open_readers_;
    lock.unlock();
    try {
        return std::make_unique<Reader>(options_.path);
    } catch (...) {
        give_back(nullptr);
        throw;
    }
}

void Engine::give_back(std::unique_ptr<Reader> reader) {
    {
        const std::lock_guard lock(pool_);
        if (reader)
            free_readers_.push_back(std::move(reader));
        else
            --open_readers_;
    }
    reader_free_.notify_one();
}

void Engine::refuse_if_broken() const {
    const std::lock_guard lock(state_);
    if (!broken_.empty()) throw plugin::Failure(TANDEM_CORRUPT, broken_);
}

void Engine::fail(const Fault& fault) {
    const std::string text = std::string(fault.what()) + " (" + options_.path + ")";
    if (fault.is_damage()) {
        {
            const std::lock_guard state(state_);
            broken_ = text;
        }
        throw plugin::Failure(TANDEM_CORRUPT, text);
    }
    const int primary = fault.primary();
    const bool passing = primary == SQLITE_FULL || primary == SQLITE_BUSY ||
                         primary == SQLITE_LOCKED || primary == SQLITE_NOMEM ||
                         primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
    throw plugin::Failure(passing ? TANDEM_UNAVAILABLE : TANDEM_INTERNAL, text, passing ? 1000 : 0);
}

}  // namespace tandem::sqlite
