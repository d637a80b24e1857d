#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/load.h"

namespace {

namespace fs = std::filesystem;
using tandem::load::make_registry;
using tandem::load::Registry;

/// Each broken plugin is refused with its own words, and this process, the host, lives.
class RefusalsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RefusalsTest);
    CPPUNIT_TEST(a_sound_plugin_is_made_started_and_ended);
    CPPUNIT_TEST(each_broken_plugin_is_refused_with_its_own_words);
    CPPUNIT_TEST(what_is_no_library_for_this_machine_is_refused_before_it_is_loaded);
    CPPUNIT_TEST(what_the_host_blocks_itself_hides_no_plugin_that_does);
    CPPUNIT_TEST(a_plugin_that_hangs_is_given_up);
    CPPUNIT_TEST(two_files_with_one_id_are_not_taken_both);
    CPPUNIT_TEST(without_a_probe_an_exception_still_does_not_cross);
    CPPUNIT_TEST(a_probe_that_cannot_be_run_refuses);
    CPPUNIT_TEST(a_name_with_a_slash_is_no_plugin);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        // A copy, since the build folder's permissions are the developer's affair.
        std::string pattern = fs::temp_directory_path() / "tandem-broken-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()));
        folder_ = pattern;
        for (const auto& entry : fs::directory_iterator(BROKEN_PLUGINS)) {
            fs::copy_file(entry.path(), fs::path(folder_) / entry.path().filename());
        }
        for (const auto& entry : fs::directory_iterator(folder_)) {
            fs::permissions(entry.path(), fs::perms(0644));
        }
    }

    void tearDown() override { fs::remove_all(folder_); }

    void a_sound_plugin_is_made_started_and_ended() {
        const auto registry = with_probe(PROBE_PROGRAM);
        const auto description = registry->describe("broken-sound");
        CPPUNIT_ASSERT_MESSAGE(description ? "" : description.error().text, bool(description));
        CPPUNIT_ASSERT_EQUAL(std::string("com.example.sound"), description->id);
        CPPUNIT_ASSERT(registry->create(use("broken-sound")));
        CPPUNIT_ASSERT(registry->start());
        registry->stop();
    }

    void each_broken_plugin_is_refused_with_its_own_words() {
        struct Case {
            const char* plugin;
            const char* words;
        };
        static constexpr std::array cases{
            Case{"newer_minor", "built for ABI 1.42 and this host speaks ABI 1.2: upgrade Tandem"},
            Case{"older_minor",
                 "built for ABI 1.0 and this host speaks ABI 1.2: upgrade the plugin"},
            Case{"short_descriptor", "its descriptor has 40 bytes"},
            Case{"null_descriptor", "its entry function returned null"},
            Case{"bad_id", "its id 'Acme Channel' is not reverse DNS"},
            Case{"bad_option", "option 'port' has the default 'many', which is not of its type"},
            Case{"no_entry", "not a Tandem plugin, or for another major"},
            Case{"throwing_constructor", "died by signal ABRT during load"},
            Case{"throwing_create", "an exception left create or destroy: the moon is full"},
            Case{"throwing_number", "an exception that is no std::exception left create"},
            Case{"crashing_create", "during create in the probe"},
            Case{"exiting_create", "ended the process with exit code 0 during create"},
            Case{"empty_create", "create answered OK and gave no instance"},
            Case{"changed_mask", "belongs to the host: SIGTERM was blocked"},
            Case{"changed_handler", "the handler of SIGHUP was changed"},
            Case{"changed_directory", "the working directory was changed to /; the umask"},
            Case{"closed_stream", "standard error was closed or replaced"},
            Case{"missing_symbol", "nobody_defines_this"},
        };
        const auto registry = with_probe(PROBE_PROGRAM);
        for (const Case& broken : cases) {
            const std::string plugin = std::string("broken-") + broken.plugin;
            const std::string text = refusal(*registry, plugin);
            CPPUNIT_ASSERT_MESSAGE(plugin + ": " + text,
                                   text.find(broken.words) != std::string::npos);
            // Whoever reads the line knows which plugin and which file.
            CPPUNIT_ASSERT_MESSAGE(text, text.find(plugin) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(text, text.find(folder_) != std::string::npos);
        }
    }

    void what_is_no_library_for_this_machine_is_refused_before_it_is_loaded() {
        std::ofstream(file("text")) << "int main() {}\n";
        std::ofstream(file("empty"));
        std::ifstream sound(file("sound"), std::ios::binary);
        std::array<char, 200> head{};
        sound.read(head.data(), head.size());
        std::ofstream(file("cut"), std::ios::binary).write(head.data(), head.size());
        head[18] = 8;  // e_machine: MIPS
        std::ofstream(file("foreign"), std::ios::binary).write(head.data(), head.size());
        fs::create_directory(file("folder"));
        // No probe here: a file that is read at all must not be loaded to be refused.
        const auto registry = with_probe("");
        const auto says = [&](const char* name, const char* words) {
            const std::string text = refusal(*registry, std::string("broken-") + name);
            CPPUNIT_ASSERT_MESSAGE(text, text.find(words) != std::string::npos);
        };
        says("text", "not a plugin for this machine: it is not an ELF file");
        says("empty", "not a plugin for this machine: it is not an ELF file");
        says("cut", "not a plugin for this machine: it is cut off or damaged");
        says("foreign", "built for another machine (ELF machine 8)");
        says("folder", "is not a regular file");
        says("absent", "no readable file tandem-broken-absent.so");
    }

    void what_the_host_blocks_itself_hides_no_plugin_that_does() {
        sigset_t terms, before;
        ::sigemptyset(&terms);
        ::sigaddset(&terms, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &terms, &before);
        const std::string text = refusal(*with_probe(PROBE_PROGRAM), "broken-changed_mask");
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        CPPUNIT_ASSERT_MESSAGE(text, text.find("SIGTERM was blocked") != std::string::npos);
    }

    void a_plugin_that_hangs_is_given_up() {
        const std::string text = refusal(*with_probe(PROBE_PROGRAM), "broken-hanging_create");
        CPPUNIT_ASSERT_MESSAGE(text, text.find("hung during create for 5 s") != std::string::npos);
    }

    void two_files_with_one_id_are_not_taken_both() {
        const auto registry = with_probe(PROBE_PROGRAM);
        CPPUNIT_ASSERT(registry->describe("broken-twin_one"));
        const std::string text = refusal(*registry, "broken-twin_two");
        CPPUNIT_ASSERT_MESSAGE(
            text, text.find("it has the id com.example.twin, and so has") != std::string::npos);
    }

    void without_a_probe_an_exception_still_does_not_cross() {
        const auto registry = with_probe("");
        const auto thrown = registry->create(use("broken-throwing_create"));
        CPPUNIT_ASSERT(!thrown);
        CPPUNIT_ASSERT_MESSAGE(thrown.error().text,
                               thrown.error().text.find("the moon is full") != std::string::npos);
        CPPUNIT_ASSERT(!registry->create(use("broken-throwing_number")));
        CPPUNIT_ASSERT(!registry->create(use("broken-empty_create")));
    }

    void a_probe_that_cannot_be_run_refuses() {
        const std::string text = refusal(*with_probe("/nowhere/probe"), "broken-sound");
        CPPUNIT_ASSERT_MESSAGE(
            text, text.find("the probe /nowhere/probe cannot be run") != std::string::npos);
        // A program that says nothing has not said yes.
        const std::string silent = refusal(*with_probe("/bin/true"), "broken-sound");
        CPPUNIT_ASSERT_MESSAGE(silent, silent.find("exit code 0") != std::string::npos);
    }

    void a_name_with_a_slash_is_no_plugin() {
        const std::string text = refusal(*with_probe(""), "../broken-sound");
        CPPUNIT_ASSERT_MESSAGE(text, text.find("not a plugin's name") != std::string::npos);
    }

private:
    std::unique_ptr<Registry> with_probe(const std::string& program) const {
        return make_registry({{folder_}, ::geteuid(), program}, {});
    }

    static std::string refusal(Registry& registry, const std::string& plugin) {
        const auto described = registry.describe(plugin);
        CPPUNIT_ASSERT_MESSAGE(plugin + " was taken", !described);
        return described.error().text;
    }

    static tandem::settings::PluginUse use(const std::string& plugin) {
        return {.id = plugin, .plugin = plugin, .options = {}, .where = "tandem.yaml:1:1"};
    }

    std::string file(const std::string& name) const {
        return folder_ + "/tandem-broken-" + name + ".so";
    }

    std::string folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RefusalsTest);

}  // namespace
