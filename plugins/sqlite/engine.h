#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "database.h"
#include "forgetting.h"
#include "lock_file.h"
#include "reader.h"
#include "writer.h"

/// The store itself: one writer, readers beside it, and the checkpoints.
namespace tandem::sqlite {

struct EngineOptions {
    std::string path;
    /// Connections for reads; each is opened when it is first needed.
    size_t readers = 4;
    /// How long the log may get before it is worked into the file: 4 MiB keeps both the log
    /// and the pause short.
    int checkpoint_pages = 1000;
    /// How long one `forget` works; the end of the process may wait for it.
    std::chrono::milliseconds forget_time{2000};
};

/// `start`, `migrate` and `stop` belong to one thread. `commit` has one caller at a time,
/// reads have many.
class Engine {
public:
    using Warn = std::function<void(const std::string& text)>;

    Engine(EngineOptions options, Warn warn);
    ~Engine();

    /// Takes the lock, opens and checks the file. Throws Failure.
    void start();
    void stop();
    void migrate();
    /// Waits for nobody: a writer at work can write.
    void health();

    std::vector<records::CommitResult> commit(const std::vector<records::ChangeSet>& batch);
    /// Runs `read(reader)` with a connection of its own. Throws Failure UNAVAILABLE if none
    /// is free for a long time.
    template <typename Read>
    auto read(Read&& read);
    void trim_journal(std::string_view organization, int64_t keep);

    void end_leases(int64_t now);
    /// In steps; commits go on between them. Ends early when its time is over, or the engine's.
    void forget(std::string_view organization, int64_t now, int64_t messages_before);
    void compact();

private:
    class Lease;

    void check_file();
    /// False: it was the last.
    bool forget_step(std::string_view organization, int64_t now, int64_t messages_before);
    void work_checkpoints();
    void checkpoint();
    std::unique_ptr<Reader> take_reader();
    void give_back(std::unique_ptr<Reader> reader);
    void refuse_if_broken() const;
    /// What SQLite said, as what the host must know.
    [[noreturn]] void fail(const Fault& fault);

    const EngineOptions options_;
    const Warn warn_;
    std::unique_ptr<LockFile> lock_;

    std::mutex writing_;
    std::unique_ptr<Database> database_;              // the writer's; guarded by writing_
    std::unique_ptr<Writer> writer_;                  // guarded by writing_
    std::optional<Statement> trim_;                   // guarded by writing_
    std::optional<Forgetting> forgetting_;            // guarded by writing_
    std::map<std::string, ForgetWork> forget_works_;  // by organisation; guarded by writing_

    mutable std::mutex state_;
    std::string broken_;  // guarded by state_; empty: it works

    std::mutex pool_;
    std::condition_variable reader_free_;
    std::vector<std::unique_ptr<Reader>> free_readers_;  // guarded by pool_
    size_t open_readers_ = 0;                            // guarded by pool_

    std::mutex checkpointing_;
    std::condition_variable checkpoint_asked_;
    bool checkpoint_wanted_ = false;  // guarded by checkpointing_
    bool stopping_ = false;           // guarded by checkpointing_
    std::thread checkpointer_;
};

/// A reader, given back at the end.
class Engine::Lease {
public:
    explicit Lease(Engine& engine) : engine_(engine), reader_(engine.take_reader()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { engine_.give_back(std::move(reader_)); }
    Reader& reader() { return *reader_; }

private:
    Engine& engine_;
    std::unique_ptr<Reader> reader_;
};

template <typename Read>
auto Engine::read(Read&& read) {
    try {
        Lease lease(*this);
        return read(lease.reader());
    } catch (const Fault& fault) {
        fail(fault);
    }
}

}  // namespace tandem::sqlite
