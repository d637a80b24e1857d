#include "schema.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "fixture.h"

namespace tandem::sqlite {

class SchemaTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SchemaTest);
    CPPUNIT_TEST(every_older_version_is_brought_up_with_its_data);
    CPPUNIT_TEST(migrating_again_changes_nothing);
    CPPUNIT_TEST(a_step_that_fails_leaves_the_version_before_it_and_can_be_done_again);
    CPPUNIT_TEST(a_newer_version_is_refused_and_its_data_stay);
    CPPUNIT_TEST(a_file_of_another_program_is_refused_and_not_changed);
    CPPUNIT_TEST(the_steps_that_were_released_are_all_there);
    CPPUNIT_TEST_SUITE_END();

public:
    const Steps chain{"CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);",
                      "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;",
                      "CREATE TABLE b (z INTEGER); INSERT INTO b SELECT x + y FROM a;"};

    void every_older_version_is_brought_up_with_its_data() {
        for (size_t old = 0; old < chain.size(); ++old) {
            const TemporaryFolder folder;
            const Database database(folder.file("db"), Role::Writer);
            migrate(database, Steps(chain.begin(), chain.begin() + static_cast<long>(old)));
            CPPUNIT_ASSERT_EQUAL(static_cast<int64_t>(old), schema_version(database));
            migrate(database, chain);
            CPPUNIT_ASSERT_EQUAL(int64_t{3}, schema_version(database));
            CPPUNIT_ASSERT_EQUAL(int64_t{8}, database.integer("SELECT sum(z) FROM b"));
        }
    }

    void migrating_again_changes_nothing() {
        const TemporaryFolder folder;
        const Database database(folder.file("db"), Role::Writer);
        for (int i = 0; i < 3; ++i) migrate(database, chain);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, database.integer("SELECT count(*) FROM b"));
    }

    void a_step_that_fails_leaves_the_version_before_it_and_can_be_done_again() {
        const TemporaryFolder folder;
        const Database database(folder.file("db"), Role::Writer);
        Steps broken = chain;
        broken[1] = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7; NO SUCH WORD;";
        CPPUNIT_ASSERT_THROW(migrate(database, broken), Fault);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, schema_version(database));
        migrate(database, chain);
        CPPUNIT_ASSERT_EQUAL(int64_t{3}, schema_version(database));
    }

    void a_newer_version_is_refused_and_its_data_stay() {
        const TemporaryFolder folder;
        const std::string path = folder.file("db");
        {
            const auto engine = opened(path);
            engine->commit({change_set("kept")});
        }
        {
            const Database database(path, Role::Writer);
            database.execute("PRAGMA user_version = 4711");
        }
        Engine engine({path}, {});
        engine.start();
        const auto [code, text] = failure_of([&] { engine.migrate(); });
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CONFLICT}, code);
        CPPUNIT_ASSERT_MESSAGE(text, text.find("4711") != std::string::npos);
        CPPUNIT_ASSERT(failure_of([&] { engine.commit({change_set("x")}); }).first < 0);
        engine.stop();
        const Database database(path, Role::Writer);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, database.integer("SELECT count(*) FROM message"));
    }

    void a_file_of_another_program_is_refused_and_not_changed() {
        const TemporaryFolder folder;
        const std::string path = folder.file("db");
        {
            const Database database(path, Role::Writer);
            database.execute("CREATE TABLE bookmarks (url TEXT)");
        }
        const std::string before = bytes_of(path);
        Engine engine({path}, {});
        const auto [code, text] = failure_of([&] { engine.start(); });
        engine.stop();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INVALID}, code);
        CPPUNIT_ASSERT_MESSAGE(text, text.find("another program") != std::string::npos);
        CPPUNIT_ASSERT(before == bytes_of(path));
    }

    void the_steps_that_were_released_are_all_there() {
        CPPUNIT_ASSERT(!steps().empty());
        for (size_t old = 0; old < steps().size(); ++old) {
            const TemporaryFolder folder;
            const std::string path = folder.file("db");
            {
                const Database database(path, Role::Writer);
                migrate(database, Steps(steps().begin(), steps().begin() + static_cast<long>(old)));
            }
            const auto engine = opened(path);
            engine->commit({change_set("m")});
            CPPUNIT_ASSERT(has_message(*engine, "m"));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SchemaTest);

}  // namespace tandem::sqlite
