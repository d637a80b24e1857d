#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <iostream>
#include <thread>

#include "fixture.h"

namespace {

// Counts down with each sync of this process; the one that reaches zero fails.
std::atomic<int> syncs_until_failure{0};
// While it is wanted, syncs come to a halt.
std::atomic<bool> halt_wanted{false}, halted{false};

// SQLite deletes a temporary file as soon as it is open.
std::string last_temporary_file;

int sync_or_fail(const char* name, int descriptor) {
    if (syncs_until_failure > 0 && --syncs_until_failure == 0) {
        errno = EIO;
        return -1;
    }
    while (halt_wanted) {
        halted = true;
        std::this_thread::yield();
    }
    using Sync = int (*)(int);
    return reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name))(descriptor);
}

}  // namespace

// SQLite calls these instead of the C library's.
extern "C" __attribute__((visibility("default"))) int fsync(int descriptor) {
    return sync_or_fail("fsync", descriptor);
}
extern "C" __attribute__((visibility("default"))) int fdatasync(int descriptor) {
    return sync_or_fail("fdatasync", descriptor);
}
extern "C" __attribute__((visibility("default"))) int unlink(const char* path) noexcept {
    if (std::strstr(path, "etilqs_") != nullptr) last_temporary_file = path;
    return ::unlinkat(AT_FDCWD, path, 0);
}

namespace tandem::sqlite {

class FailureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FailureTest);
    CPPUNIT_TEST(a_failed_sync_of_a_commit_breaks_the_store_for_good);
    CPPUNIT_TEST(whichever_sync_fails_nothing_acknowledged_is_lost);
    CPPUNIT_TEST(a_disk_that_keeps_a_commit_waiting_keeps_nobody_else_waiting_for_its_health);
    CPPUNIT_TEST(temporary_files_are_beside_the_database);
    CPPUNIT_TEST(a_full_disk_refuses_commits_and_loses_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_failed_sync_of_a_commit_breaks_the_store_for_good() {
        const TemporaryFolder folder;
        const std::string path = folder.file("db");
        {
            const auto engine = opened(path);
            engine->commit({change_set("before")});
            syncs_until_failure = 1;
            const auto commit = [&] { engine->commit({change_set("during")}); };
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CORRUPT}, failure_of(commit).first);
            CPPUNIT_ASSERT_EQUAL_MESSAGE("no sync was made", 0, syncs_until_failure.load());
            const auto again = [&] { engine->commit({change_set("after")}); };
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CORRUPT}, failure_of(again).first);
            const auto health = [&] { engine->health(); };
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CORRUPT}, failure_of(health).first);
        }
        const auto engine = opened(path);
        CPPUNIT_ASSERT(has_message(*engine, "before"));
        CPPUNIT_ASSERT(!has_message(*engine, "after"));
    }

    // The first sync fails, then the second … until a run meets no failure.
    void whichever_sync_fails_nothing_acknowledged_is_lost() {
        int failing = 1;
        for (; failing < 1000; ++failing) {
            const TemporaryFolder folder;
            const std::string path = folder.file("db");
            std::vector<std::string> acknowledged;
            syncs_until_failure = failing;
            failure_of([&] {
                const auto engine = opened(path, 5);
                for (int i = 0; i < 20; ++i) {
                    const std::string id = std::to_string(i);
                    engine->commit({change_set(id)});
                    acknowledged.push_back(id);
                }
            });
            const bool met = syncs_until_failure == 0;
            syncs_until_failure = 0;
            const auto engine = opened(path);
            for (const std::string& id : acknowledged)
                CPPUNIT_ASSERT_MESSAGE(id + " is lost after failure " + std::to_string(failing),
                                       has_message(*engine, id));
            const CountingSink journal = journal_of(*engine);
            CPPUNIT_ASSERT_EQUAL(journal.head, static_cast<int64_t>(journal.events));
            if (!met) break;
        }
        CPPUNIT_ASSERT_MESSAGE("commits do not sync", failing > 20);
    }

    void a_disk_that_keeps_a_commit_waiting_keeps_nobody_else_waiting_for_its_health() {
        const TemporaryFolder folder;
        const auto engine = opened(folder.file("db"));
        halt_wanted = true;
        auto commit = std::async(std::launch::async, [&] { engine->commit({change_set("slow")}); });
        while (!halted &&
               commit.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
            ;
        auto health = std::async(std::launch::async, [&] { engine->health(); });
        const auto told = health.wait_for(std::chrono::seconds(5));
        const bool during = halted;
        halt_wanted = false;
        health.get();
        commit.get();
        CPPUNIT_ASSERT_MESSAGE("the commit made no sync", during);
        CPPUNIT_ASSERT_MESSAGE("health waited for the commit", told == std::future_status::ready);
    }

    // Elsewhere there may be no room for them, or no leave to write.
    void temporary_files_are_beside_the_database() {
        const TemporaryFolder folder;
        const Database database(folder.file("db"), Role::Writer);
        database.begin_writing();
        last_temporary_file.clear();
        database.execute(
            "CREATE TABLE t (x BLOB); INSERT INTO t VALUES (zeroblob(4000000));"
            "PRAGMA cache_size = 10; PRAGMA temp_store = FILE; VACUUM");
        CPPUNIT_ASSERT_EQUAL(folder.path(), last_temporary_file.substr(0, folder.path().size()));
    }

    void a_full_disk_refuses_commits_and_loses_nothing() {
        const TemporaryFolder folder;
        const bool small = ::unshare(CLONE_NEWNS) == 0 &&
                           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4m") == 0;
        if (!small) {
            std::cerr << " SKIPPED: no small disk can be mounted here: " << std::strerror(errno)
                      << " ";
            return;
        }
        fill_and_recover(folder);
        ::umount2(folder.path().c_str(), MNT_DETACH);
    }

private:
    static void fill_and_recover(const TemporaryFolder& folder) {
        const std::string path = folder.file("db"), filler = folder.file("filler");
        std::ofstream(filler) << std::string(1 << 20, 'x');
        std::vector<std::string> acknowledged;
        {
            const auto engine = opened(path, 50);
            std::pair<tandem_status, std::string> failure;
            for (int i = 0; i < 100000 && failure.first == TANDEM_OK; ++i) {
                const std::string id = std::to_string(i);
                failure = failure_of([&] { engine->commit({change_set(id)}); });
                if (failure.first == TANDEM_OK) acknowledged.push_back(id);
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(failure.second, tandem_status{TANDEM_UNAVAILABLE},
                                         failure.first);
            CPPUNIT_ASSERT(acknowledged.size() > 20);
            CPPUNIT_ASSERT(has_message(*engine, acknowledged.back()));
            // Somebody makes room, and it goes on without a restart.
            std::filesystem::remove(filler);
            engine->commit({change_set("later")});
            acknowledged.push_back("later");
        }
        const auto engine = opened(path);
        for (const std::string& id : acknowledged)
            CPPUNIT_ASSERT_MESSAGE(id + " is lost", has_message(*engine, id));
        CPPUNIT_ASSERT_EQUAL(static_cast<int64_t>(acknowledged.size()), journal_of(*engine).head);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FailureTest);

}  // namespace tandem::sqlite
