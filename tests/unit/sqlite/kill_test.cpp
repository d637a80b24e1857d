#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

#include "fixture.h"

namespace tandem::sqlite {

// The promise above all others: what was acknowledged is there after kill -9, once.
class KillTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KillTest);
    CPPUNIT_TEST(what_was_acknowledged_is_there_once_after_a_kill_at_any_moment);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_was_acknowledged_is_there_once_after_a_kill_at_any_moment() {
        const TemporaryFolder folder;
        const std::string path = folder.file("tandem.db");
        std::mt19937 random(20261122);
        std::set<std::string> acknowledged;
        for (int round = 0; round < 10; ++round) {
            const auto ids = run_and_kill(path, "r" + std::to_string(round),
                                          std::chrono::milliseconds(random() % 150));
            CPPUNIT_ASSERT_MESSAGE("nothing was acknowledged", !ids.empty());
            for (const std::string& id : ids) CPPUNIT_ASSERT(acknowledged.insert(id).second);

            const auto engine = opened(path);
            for (const std::string& id : acknowledged)
                CPPUNIT_ASSERT_MESSAGE(id + " is lost", has_message(*engine, id));
            const CountingSink journal = journal_of(*engine);
            CPPUNIT_ASSERT_EQUAL(journal.head, static_cast<int64_t>(journal.events));
            CPPUNIT_ASSERT(journal.events >= acknowledged.size());
            // A provider's repetition of any of them has no effect.
            const auto repeated = engine->commit({change_set(*ids.begin())});
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CONFLICT}, repeated[0].code);
            CPPUNIT_ASSERT(repeated[0].same_body);
        }
    }

private:
    static std::set<std::string> run_and_kill(const std::string& path, const std::string& prefix,
                                              std::chrono::milliseconds life) {
        int pipe[2];
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(pipe, O_CLOEXEC));
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
        std::string program = TANDEM_SQLITE_COMMITTER, database = path, ids = prefix;
        char* arguments[] = {program.data(), database.data(), ids.data(), nullptr};
        pid_t child = 0;
        const int spawned =
            ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(pipe[1]);
        CPPUNIT_ASSERT_EQUAL(0, spawned);

        std::string said;
        char block[65536];
        ssize_t count = ::read(pipe[0], block, sizeof block);
        if (count > 0) said.append(block, static_cast<size_t>(count));
        // The life after the first acknowledgement, so that a slow start counts for nothing.
        std::thread killer([&] {
            std::this_thread::sleep_for(life);
            ::kill(child, SIGKILL);
        });
        while ((count = ::read(pipe[0], block, sizeof block)) > 0)
            said.append(block, static_cast<size_t>(count));
        killer.join();
        ::close(pipe[0]);
        int status = 0;
        CPPUNIT_ASSERT_EQUAL(child, ::waitpid(child, &status, 0));
        CPPUNIT_ASSERT_MESSAGE("the committer ended by itself", WIFSIGNALED(status));

        std::set<std::string> acknowledged;
        size_t begin = 0;
        for (size_t end = said.find('\n'); end != std::string::npos; end = said.find('\n', begin)) {
            acknowledged.insert(said.substr(begin, end - begin));
            begin = end + 1;
        }
        return acknowledged;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KillTest);

}  // namespace tandem::sqlite
