#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "flow/bike_store.h"
#include "flow/process.h"

namespace tandem::flow {

/// What others on the machine can learn of the daemon: nothing.
class ConfinedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfinedTest);
    CPPUNIT_TEST(no_core_is_made_and_nobody_traces_it);
    CPPUNIT_TEST(its_files_are_its_own_alone);
    CPPUNIT_TEST(a_database_made_by_a_verb_is_its_operators_alone);
    CPPUNIT_TEST_SUITE_END();

public:
    void no_core_is_made_and_nobody_traces_it() {
        Gateway gateway(settings({}));
        // What root owns of root's own process says nothing; another user's, all.
        if (getuid() == 0)
            gateway.launch_by({"/usr/bin/setpriv", "--reuid=65534", "--inh-caps=+dac_override",
                               "--ambient-caps=+dac_override"});
        gateway.start();
        const std::string process = "/proc/" + std::to_string(gateway.pid());
        const std::string limits = text_of(process + "/limits");
        CPPUNIT_ASSERT_MESSAGE(limits,
                               limits.find("Max core file size        0 ") != std::string::npos);
        CPPUNIT_ASSERT(text_of(process + "/status").find("\nUid:\t0\t") == std::string::npos);
        // The kernel gives the files of who cannot be traced to root (proc(5)).
        CPPUNIT_ASSERT_EQUAL(uid_t{0}, status_of(process + "/environ").st_uid);
    }

    void its_files_are_its_own_alone() {
        Gateway gateway(settings({}));
        gateway.start();
        HttpClient provider(gateway.url());
        CPPUNIT_ASSERT_EQUAL(200, deliver(provider, signed_text(1, "hello")).status);
        for (const char* name : {"tandem.db", "tandem.db-wal", "tandem.db-shm", "control.sock"})
            must_be_private(gateway.folder().file(name));
    }

    void a_database_made_by_a_verb_is_its_operators_alone() {
        Gateway gateway(settings({}));
        Process migrate({Gateway::built_programs() + "/tandemctl", "migrate", "--config",
                         gateway.folder().file("tandem.yaml")},
                        {{"TEST_FOLDER", gateway.folder().file("")}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(migrate.output(), 0, migrate.wait());
        must_be_private(gateway.folder().file("tandem.db"));
    }

private:
    static std::string text_of(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    static struct stat status_of(const std::string& path) {
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 0, stat(path.c_str(), &status));
        return status;
    }
    static void must_be_private(const std::string& path) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(path, mode_t{0}, status_of(path).st_mode & mode_t{077});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConfinedTest);

}  // namespace tandem::flow
