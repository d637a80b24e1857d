#include "engine.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include <thread>

#include "fixture.h"

namespace tandem::sqlite {

namespace {

off_t size_of_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

}  // namespace

class EngineTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EngineTest);
    CPPUNIT_TEST(a_database_in_use_is_refused_until_it_is_free);
    CPPUNIT_TEST(a_new_database_and_its_companions_belong_to_their_owner_alone);
    CPPUNIT_TEST(commits_are_synced_in_full_and_erased_bytes_are_overwritten);
    CPPUNIT_TEST(readers_neither_write_nor_ever_checkpoint);
    CPPUNIT_TEST(the_writer_works_the_log_into_the_file);
    CPPUNIT_TEST(a_damaged_file_and_a_file_that_is_none_are_refused);
    CPPUNIT_TEST(a_path_that_keeps_nothing_is_refused);
    CPPUNIT_TEST(more_reads_than_readers_wait_for_their_turn);
    CPPUNIT_TEST(dedupe_keys_are_small_and_know_the_borders_of_their_parts);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_database_in_use_is_refused_until_it_is_free() {
        const std::string path = folder.file("db");
        auto first = opened(path);
        Engine second({path}, {});
        const auto [code, text] = failure_of([&] { second.start(); });
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNAVAILABLE}, code);
        CPPUNIT_ASSERT_MESSAGE(text, text.find(path) != std::string::npos);
        first->commit({change_set("m")});
        first.reset();
        CPPUNIT_ASSERT(has_message(*opened(path), "m"));
    }

    void a_new_database_and_its_companions_belong_to_their_owner_alone() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        engine->commit({change_set("m")});
        for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
            struct stat status {};
            CPPUNIT_ASSERT_EQUAL(0, ::stat((path + suffix).c_str(), &status));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(suffix, 0600u, status.st_mode & 0777u);
        }
    }

    void commits_are_synced_in_full_and_erased_bytes_are_overwritten() {
        const Database writer(folder.file("db"), Role::Writer);
        writer.begin_writing();
        CPPUNIT_ASSERT_EQUAL(int64_t{2}, writer.integer("PRAGMA synchronous"));
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, writer.integer("PRAGMA secure_delete"));
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, writer.integer("PRAGMA mmap_size"));
        CPPUNIT_ASSERT_EQUAL(std::string("wal"), writer.text("PRAGMA journal_mode"));
    }

    void readers_neither_write_nor_ever_checkpoint() {
        const std::string path = folder.file("db");
        auto writer = std::make_unique<Database>(path, Role::Writer);
        writer->begin_writing();
        writer->execute("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('in the log')");
        const std::string before = bytes_of(path);
        {
            const Database reader(path, Role::Reader);
            CPPUNIT_ASSERT_EQUAL(int64_t{0}, reader.integer("PRAGMA mmap_size"));
            CPPUNIT_ASSERT_THROW(reader.execute("INSERT INTO t VALUES ('no')"), Fault);
            // The reader closes last, when SQLite would work the log into the file.
            writer.reset();
            CPPUNIT_ASSERT_EQUAL(std::string("in the log"), reader.text("SELECT x FROM t"));
        }
        CPPUNIT_ASSERT_MESSAGE("the reader changed the file", before == bytes_of(path));
        CPPUNIT_ASSERT(size_of_file(path + "-wal") > 0);
    }

    void the_writer_works_the_log_into_the_file() {
        const std::string path = folder.file("db");
        const auto engine = opened(path, 20);
        const off_t before = size_of_file(path);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        int count = 0;
        while (size_of_file(path) < before + 400000) {
            CPPUNIT_ASSERT_MESSAGE("nothing reaches the file",
                                   std::chrono::steady_clock::now() < deadline);
            engine->commit({change_set(std::to_string(count++))});
        }
        CPPUNIT_ASSERT_EQUAL(int64_t{count}, journal_of(*engine).head);
    }

    void a_damaged_file_and_a_file_that_is_none_are_refused() {
        const std::string path = folder.file("db");
        {
            const auto engine = opened(path);
            for (int i = 0; i < 200; ++i) engine->commit({change_set(std::to_string(i))});
        }
        std::string bytes = bytes_of(path);
        for (size_t page = 4; page * 4096 < bytes.size(); ++page)
            bytes.replace(page * 4096, 64, std::string(64, '\x5a'));
        std::ofstream(path, std::ios::binary) << bytes;
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CORRUPT}, code_of_start(path));
        std::ofstream(path, std::ios::binary) << "this is a letter, " << std::string(5000, 'x');
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CORRUPT}, code_of_start(path));
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNAVAILABLE},
                             code_of_start(folder.file("no folder/db")));
    }

    void a_path_that_keeps_nothing_is_refused() {
        for (const char* path : {"", ":memory:", "file:x?mode=memory"})
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INVALID}, code_of_start(path));
    }

    void more_reads_than_readers_wait_for_their_turn() {
        const auto engine = opened(folder.file("db"));
        engine->commit({change_set("m")});
        std::atomic<int> found{0}, inside{0}, most{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 12; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 20; ++i) {
                    engine->read([&](Reader&) {
                        const int now = ++inside;
                        int seen = most;
                        while (now > seen && !most.compare_exchange_weak(seen, now)) {
                        }
                        std::this_thread::yield();
                        --inside;
                    });
                    if (has_message(*engine, "m")) ++found;
                }
            });
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(240, found.load());
        CPPUNIT_ASSERT(most <= 4);
    }

    void dedupe_keys_are_small_and_know_the_borders_of_their_parts() {
        CPPUNIT_ASSERT_EQUAL(size_t{16}, dedupe_key("o", "s", "k").size());
        CPPUNIT_ASSERT(dedupe_key("o", "s", "k") == dedupe_key("o", "s", "k"));
        CPPUNIT_ASSERT(dedupe_key("o", "s", "k") != dedupe_key("os", "", "k"));
        CPPUNIT_ASSERT(dedupe_key("o", "s", "k") != dedupe_key("o", "sk", ""));
    }

private:
    static tandem_status code_of_start(const std::string& path) {
        Engine engine({path}, {});
        const tandem_status code = failure_of([&] { engine.start(); }).first;
        engine.stop();
        return code;
    }

    const TemporaryFolder folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EngineTest);

}  // namespace tandem::sqlite
