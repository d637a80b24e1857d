#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace {

// What is said of a plugin that touched memory which is not its own. A sanitizer gets there
// before the system does, and ends the process in its own way.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* killed = "the plugin ended the process with exit code";
#else
constexpr const char* killed = "the plugin died by signal";
#endif

namespace fs = std::filesystem;

struct Ran {
    int code = -1;
    std::string text;
};

Ran check(const std::string& arguments) {
    Ran ran;
    FILE* pipe = ::popen((std::string(CHECKER) + " " + arguments + " 2>&1").c_str(), "r");
    CPPUNIT_ASSERT(pipe);
    std::array<char, 4096> buffer;
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        ran.text.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

void says(const Ran& ran, const std::string& words) {
    CPPUNIT_ASSERT_MESSAGE(words + " is not in\n" + ran.text,
                           ran.text.find(words) != std::string::npos);
}

/// The checker finds what it promises to find, and nothing in a good plugin.
class CheckerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CheckerTest);
    CPPUNIT_TEST(a_good_plugin_passes_every_check);
    CPPUNIT_TEST(every_bad_habit_is_found_by_its_check);
    CPPUNIT_TEST(recordings_are_held_against_what_is_expected);
    CPPUNIT_TEST(half_a_recording_is_an_error);
    CPPUNIT_TEST(the_report_can_be_json);
    CPPUNIT_TEST(the_manifest_names_kinds_and_options);
    CPPUNIT_TEST(wrong_arguments_are_told_from_failed_checks);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_good_plugin_passes_every_check() {
        const Ran ran = check(HABITS);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ran.text, 0, ran.code);
        says(ran, " 0 failed");
    }

    void every_bad_habit_is_found_by_its_check() {
        struct Case {
            const char* habit;
            const char* check;
            const char* words;
        };
        static constexpr std::array cases {
            Case{"keeps_a_view", "views.not_kept", killed},
                Case{"reads_beyond_its_input", "sizes.exact", killed},
                Case{"writes_beyond_the_error", "sizes.short_error", killed},
                Case{"clears_what_it_does_not_know", "sizes.grown",
                     "limits: it wrote beyond the struct that it knows"},
                Case{"gives_no_reason", "errors.reasons", "without a reason"},
                Case{"tells_its_secret", "errors.reasons",
                     "the secret option secret stands in its reason"},
                Case{"logs_its_secret", "errors.reasons",
                     "the secret option secret stands in the log"},
                Case{"crashes", "auth.refusals", "died by signal ABRT"},
                Case{"hangs", "auth.refusals --timeout 2", "it hung for 2 s"},
                Case{"exits", "auth.refusals", "ended the process with exit code 0"},
                Case{"takes_everybody", "auth.refusals", "an empty credential gives ok"},
                Case{"hopes_for_the_best", "channel.outcomes", "it may be tried again"},
                Case{"has_no_limit", "channel.limits", "max_text_units is 0"},
                Case{"has_bad_routes", "webhook.routes", "route POST /../in"},
                Case{"lets_strangers_in", "webhook.strangers", "answers ok, not unauthorized"},
                Case{"trips_over_bytes", "webhook.random_bytes", "died by signal ABRT"},
                Case{"talks_on", "responder.stops", "it went on after STOP: 5 pieces"},
                Case{"gives_anything", "descriptor.kinds", "extension(unknown) is not null"},
                Case{"gives_less_than_it_lists", "descriptor.kinds",
                     "lists the kind tandem.channel/1 and its instance does not give it"},
                Case{"ignores_hangups", "process.unchanged", "start: the handler of SIGHUP"},
                Case{"calls_after_stop", "lifecycle.quiet_after_stop", "log was used after stop"},
                Case{"sends_too_early", "lifecycle.without_start", "http was used before start"},
                Case{"leaves_threads", "lifecycle.fifty_rounds", "threads are left behind"},
                Case{"leaves_files_open", "lifecycle.fifty_rounds", "files are left open"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
                // A sanitizer's allocator does not tell how much is in use.
                Case{"leaks_memory", "lifecycle.fifty_rounds", "memory grows by 4"},
#endif
        };
        for (const Case& bad : cases) {
            const Ran ran = check(std::string(HABITS) + " --only " + bad.check +
                                  " --options habit=" + bad.habit);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(bad.habit) + "\n" + ran.text, 1, ran.code);
            says(ran, bad.words);
        }
    }

    void recordings_are_held_against_what_is_expected() {
        const Folder folder;
        folder.write("hello.request", "POST in HTTP/1.1\r\nX-Secret: s\r\n\r\nHello");
        folder.write("hello.expected",
                     "genuine\nmessage received\n  dedupe_key: Hello\n  text: Hello\n");
        folder.write("forged.request", "POST in HTTP/1.1\n\nHello");
        folder.write("forged.expected", "not genuine: X-Secret is missing\n");
        folder.write("lost.answer", "HTTP/1.1 503 Service Unavailable\nRetry-After: 5\n\n");
        folder.write("lost.receipt", "unknown\n  provider_id: 1\n");
        const std::string with = std::string(HABITS) + " --conformance " + folder.path;
        const Ran good = check(with + " --only '*.recordings'");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(good.text, 0, good.code);
        says(good, "2 passed, 0 failed");
        says(check(with + " --only webhook.recordings --options habit=is_never_the_same"),
             "gives another result");
        // This plugin's proof is a header and does not cover the body.
        says(check(with + " --only webhook.damaged"), "the proof does not cover the body");
        folder.write("hello.expected", "genuine\nmessage received\n  text: Bye\n");
        const Ran bad = check(with + " --only webhook.recordings");
        CPPUNIT_ASSERT_EQUAL(1, bad.code);
        says(bad, "hello.request gives another result than expected");
        folder.write("lost.receipt", "not sent\n");
        says(check(with + " --only channel.recordings"), "gives another receipt than expected");
    }

    void half_a_recording_is_an_error() {
        const Folder folder;
        folder.write("hello.request", "POST in HTTP/1.1\n\nHello");
        const Ran ran =
            check(std::string(HABITS) + " --only webhook.recordings --conformance " + folder.path);
        CPPUNIT_ASSERT_EQUAL(1, ran.code);
        says(ran, "hello.expected is missing");
    }

    void the_report_can_be_json() {
        const Ran ran = check(std::string(HABITS) + " --json --only file.machine");
        CPPUNIT_ASSERT_EQUAL(0, ran.code);
        says(ran, "\"passed\":true");
        says(ran, "{\"name\":\"file.machine\"");
    }

    void the_manifest_names_kinds_and_options() {
        const Ran ran = check(std::string(HABITS) + " --manifest");
        CPPUNIT_ASSERT_EQUAL(0, ran.code);
        says(ran, "id: \"com.example.habits\"\n");
        says(ran, "kinds:\n  - \"tandem.auth/1\"\n");
        says(ran, "  - name: \"secret\"\n    type: text\n    required: true\n    secret: true\n");
    }

    void wrong_arguments_are_told_from_failed_checks() {
        CPPUNIT_ASSERT_EQUAL(64, check("").code);
        CPPUNIT_ASSERT_EQUAL(64, check(std::string(HABITS) + " --nonsense").code);
        CPPUNIT_ASSERT_EQUAL(64, check(std::string(HABITS) + " --only no.such.check").code);
        CPPUNIT_ASSERT_EQUAL(66, check("/nowhere/tandem-x.so").code);
        says(check("--list"), "file.one_symbol");
        const Folder folder;
        folder.write("text.so", "int main() {}");
        const Ran text = check(folder.path + "/text.so --only 'file.*'");
        CPPUNIT_ASSERT_EQUAL(1, text.code);
        says(text, "it is not an ELF file");
    }

private:
    struct Folder {
        std::string path;

        Folder() {
            path = (fs::temp_directory_path() / "tandem-recordings-XXXXXX").string();
            CPPUNIT_ASSERT(::mkdtemp(path.data()));
        }
        ~Folder() { fs::remove_all(path); }
        void write(const std::string& name, const std::string& bytes) const {
            std::ofstream(path + "/" + name, std::ios::binary) << bytes;
        }
    };
};

CPPUNIT_TEST_SUITE_REGISTRATION(CheckerTest);

}  // namespace
