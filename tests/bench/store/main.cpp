// Rows and ChangeSets a second: SQLite's own insert loop, then the store through the waist,
// in one run on one disk, so that their ratio means something.
//     bench_store [PLUGIN.so] [FOLDER] [SECONDS]
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/clock.h"
#include "base/id.h"
#include "load/store_proxy.h"
#include "store/committer.h"
#include "tandem/host/instance.hpp"
#include "tandem/host/placeholder_services.hpp"

namespace tandem {
namespace {

using Steady = std::chrono::steady_clock;

struct Options {
    std::string plugin = STORE_PLUGIN, folder = "/tmp";
    double seconds = 3;
};

// A message as Twilio brings it: 160 characters and the event that screens get for it.
const std::string content(160, 'x');
const std::string payload = "{\"text\":\"" + std::string(480, 'x') + "\"}";
constexpr int customers = 1000;

double processor_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Runs `batch()`, which says how many it did, for the given time; prints the rate.
template <typename Batch>
double measure(const std::string& name, double seconds, Batch&& batch) {
    const auto begin = Steady::now();
    const double used = processor_seconds();
    const auto end = begin + std::chrono::duration<double>(seconds);
    size_t count = 0;
    while (Steady::now() < end) count += batch();
    const double passed = std::chrono::duration<double>(Steady::now() - begin).count();
    const double rate = static_cast<double>(count) / passed;
    std::printf("%-44s %10.0f /s   %6.1f us of processor each\n", name.c_str(), rate,
                1e6 * (processor_seconds() - used) / static_cast<double>(count));
    std::fflush(stdout);
    return rate;
}

class Folder {
public:
    explicit Folder(const std::string& parent) : path_(parent + "/tandem-bench-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

void must(int code, const char* what) {
    if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error(what);
}

// SQLite's own: one table, one row of the size of a message and its event.
double raw_rows(const Options& options, int rows_a_transaction) {
    const Folder folder(options.folder);
    sqlite3* database = nullptr;
    must(sqlite3_open(folder.file("raw.db").c_str(), &database), "open");
    must(sqlite3_exec(database,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE row (id TEXT, address TEXT, content TEXT, payload TEXT)",
                      nullptr, nullptr, nullptr),
         "create");
    sqlite3_stmt* insert = nullptr;
    must(sqlite3_prepare_v2(database, "INSERT INTO row VALUES (?1, ?2, ?3, ?4)", -1, &insert,
                            nullptr),
         "prepare");
    const SystemClock clock;
    IdSource ids(clock);
    const double rate =
        measure("SQLite, " + std::to_string(rows_a_transaction) + " rows a transaction",
                options.seconds, [&] {
                    must(sqlite3_exec(database, "BEGIN", nullptr, nullptr, nullptr), "begin");
                    for (int i = 0; i < rows_a_transaction; ++i) {
                        const std::string id = ids.next();
                        int column = 0;
                        for (const std::string_view text :
                             {std::string_view(id), std::string_view("+15551234567"),
                              std::string_view(content), std::string_view(payload)})
                            sqlite3_bind_text(insert, ++column, text.data(),
                                              static_cast<int>(text.size()), SQLITE_STATIC);
                        must(sqlite3_step(insert), "insert");
                        sqlite3_reset(insert);
                    }
                    must(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr), "commit");
                    return static_cast<size_t>(rows_a_transaction);
                });
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return rate;
}

/// The plugin as the daemon has it, with `path` as its only option.
class Opened {
public:
    Opened(const Options& options, const std::string& path) {
        void* library = ::dlopen(options.plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) throw std::runtime_error(::dlerror());
        const auto entry = reinterpret_cast<tandem_entry>(::dlsym(library, TANDEM_ENTRY_SYMBOL));
        host::PluginDescription description;
        host::OptionDescription option;
        option.name = "path";
        option.type = TANDEM_OPTION_TEXT;
        option.has_default = true;
        option.default_value = path;
        description.options.push_back(option);
        services_ = std::make_unique<host::PlaceholderServices>(description);
        table_ = std::make_unique<host::HostTable>(*services_);
        expect(instance_.create(*entry(), table_->get(), "store"));
        expect(instance_.start());
        store_ = load::make_store_proxy(*instance_.raw());
        if (!store_ || !store_->migrate()) throw std::runtime_error("no store");
    }
    store::Store& store() { return *store_; }

private:
    static void expect(const host::Outcome& outcome) {
        if (!outcome.ok()) throw std::runtime_error(outcome.text);
    }
    std::unique_ptr<host::PlaceholderServices> services_;
    std::unique_ptr<host::HostTable> table_;
    host::Instance instance_;
    std::shared_ptr<store::Store> store_;
};

// What one inbound text writes: message, event, conversation, dedupe key.
store::ChangeSet change_set(IdSource& ids, int number) {
    const std::string id = ids.next();
    domain::Conversation conversation;
    conversation.address = "+1555000" + std::to_string(1000 + number % customers);
    conversation.lead_id = "lead";
    conversation.last_activity_at = Time{Milliseconds{1700000000000 + number}};
    domain::Message message;
    message.id = id;
    message.address = conversation.address;
    message.content = content;
    message.instance = "twilio";
    message.provider_id = "SM" + id;
    domain::Event event;
    event.id = id;
    event.type = "sms_received";
    event.address = conversation.address;
    event.payload = payload;
    return {"acme",
            {store::DedupeNew{"twilio", message.provider_id, "hash"}},
            {conversation, message, event,
             store::Dedupe{"twilio", message.provider_id, "hash", Time{}}}};
}

double change_sets(const Options& options, int sets_a_commit) {
    const Folder folder(options.folder);
    Opened opened(options, folder.file("store.db"));
    const SystemClock clock;
    IdSource ids(clock);
    int number = 0;
    return measure("store, " + std::to_string(sets_a_commit) + " ChangeSets a commit",
                   options.seconds, [&] {
                       std::vector<store::ChangeSet> batch;
                       for (int i = 0; i < sets_a_commit; ++i)
                           batch.push_back(change_set(ids, number++));
                       std::vector<const store::ChangeSet*> pointers;
                       for (const store::ChangeSet& one : batch) pointers.push_back(&one);
                       if (!opened.store().commit(pointers)) throw std::runtime_error("commit");
                       return batch.size();
                   });
}

class NoLog : public observe::Log {
    bool enabled(observe::Level) const override { return false; }
    void write(observe::Level, std::string_view, std::string_view,
               std::initializer_list<observe::Field>) override {}
};

class NoMetrics : public observe::Metrics {
    struct Nothing : observe::Counter, observe::Histogram {
        void add(double) override {}
        void observe(double) override {}
    } nothing_;
    observe::Counter& counter(std::string_view, std::string_view, Labels) override {
        return nothing_;
    }
    observe::Histogram& histogram(std::string_view, std::string_view, Labels) override {
        return nothing_;
    }
    void gauge(std::string_view, std::string_view, Labels, std::function<double()>) override {}
    std::string text() const override { return {}; }
};

// Through the committer, with so many in hand; each that comes back is followed by another.
double in_hand(const Options& options, int count) {
    const Folder folder(options.folder);
    Opened opened(options, folder.file("store.db"));
    NoLog log;
    NoMetrics metrics;
    const SystemClock clock;
    IdSource ids(clock);
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0, number = 0;
    size_t done = 0, counted = 0;
    store::GroupCommitter committer(opened.store(), nullptr, log, metrics);
    const double rate =
        measure("committer, " + std::to_string(count) + " in hand", options.seconds, [&] {
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [&] { return waiting < count; });
                waiting += 1;
            }
            committer.submit(change_set(ids, number++), [&](Result<store::Outcome> outcome) {
                if (!outcome) std::abort();
                const std::lock_guard lock(mutex);
                --waiting;
                ++done;
                changed.notify_one();
            });
            const std::lock_guard lock(mutex);
            const size_t fresh = done - counted;
            counted = done;
            return fresh;
        });
    committer.stop();
    return rate;
}

int run(const Options& options) {
    std::map<int, double> raw, ours;
    for (const int size : {1, 10, 100}) raw[size] = raw_rows(options, size);
    for (const int size : {1, 10, 100}) ours[size] = change_sets(options, size);
    for (const int count : {1, 16, 64, 512}) in_hand(options, count);
    for (const int size : {1, 10, 100})
        std::printf("ratio at %-3d a transaction: %.2f ChangeSets for each row of SQLite's own\n",
                    size, ours[size] / raw[size]);
    return 0;
}

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) {
    tandem::Options options;
    if (argc > 1) options.plugin = argv[1];
    if (argc > 2) options.folder = argv[2];
    if (argc > 3) options.seconds = std::atof(argv[3]);
    try {
        return tandem::run(options);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "bench_store: %s\n", exception.what());
        return 1;
    }
}
