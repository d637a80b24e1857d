#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "unit/settings/workspace.h"

namespace tandem::settings {

namespace {

std::string with_secret(const std::string& reference) {
    return std::string(smallest()) + "bus: {options: {secret: \"" + reference + "\"}}\n";
}

std::string secret_of(const Loaded& loaded) {
    const auto& options = loaded.settings.bus.options;
    return options.count("secret") == 0 ? "(none)"
                                        : std::get<std::string>(options.at("secret").value);
}

}  // namespace

class SecretsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SecretsTest);
    CPPUNIT_TEST(a_secret_file_is_read_without_its_line_end);
    CPPUNIT_TEST(files_that_are_no_good_secret_are_refused_by_name);
    CPPUNIT_TEST(credentials_of_systemd_may_be_readable_by_a_group);
    CPPUNIT_TEST(variables_take_defaults_as_in_the_shell);
    CPPUNIT_TEST(references_nest_and_can_be_escaped);
    CPPUNIT_TEST(values_of_variables_are_not_searched_again);
    CPPUNIT_TEST(no_finding_tells_a_secret);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_secret_file_is_read_without_its_line_end() {
        const std::pair<const char*, const char*> contents[] = {{"s3cret\n", "s3cret"},
                                                                {"s3cret", "s3cret"},
                                                                {"s3cret\r\n", "s3cret"},
                                                                {"a\nb\n\n", "a\nb\n"},
                                                                {" blank kept ", " blank kept "}};
        for (const auto& [written, read] : contents) {
            Workspace workspace;
            const std::string file = workspace.write("secret", written);
            const Loaded loaded = workspace.load(with_secret("${file:" + file + "}"));
            CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
            CPPUNIT_ASSERT_EQUAL(std::string(read), secret_of(loaded));
            // Beside the settings file a name is enough.
            CPPUNIT_ASSERT_EQUAL(std::string(read),
                                 secret_of(workspace.load(with_secret("${file:secret}"))));
        }
    }

    void files_that_are_no_good_secret_are_refused_by_name() {
        Workspace workspace;
        workspace.write("empty", "");
        workspace.write("line", "\n");
        workspace.write("open", "x", 0644);
        workspace.write("group", "x", 0640);
        workspace.write("large", std::string(10 << 20, 'x'));
        workspace.write("nul", std::string("a\0b", 3));
        std::filesystem::create_directory(workspace.path("folder"));
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(workspace.path("fifo").c_str(), 0600));
        const std::pair<const char*, const char*> wrong[] = {{"absent", "No such file"},
                                                             {"empty", "not empty"},
                                                             {"line", "not empty"},
                                                             {"open", "chmod 600"},
                                                             {"group", "chmod 600"},
                                                             {"large", "64 KiB"},
                                                             {"nul", "NUL"},
                                                             {"folder", "regular file"},
                                                             {"fifo", "regular file"}};
        for (const auto& [name, expected] : wrong) {
            const Loaded loaded =
                workspace.load(with_secret("${file:" + workspace.path(name) + "}"));
            const std::string lines = told(loaded, workspace);
            CPPUNIT_ASSERT_MESSAGE(name, !loaded.usable());
            CPPUNIT_ASSERT_MESSAGE(lines,
                                   lines.rfind("tandem.yaml:10:25: bus.options.secret: ", 0) == 0);
            CPPUNIT_ASSERT_MESSAGE(lines, lines.find(expected) != std::string::npos);
        }
    }

    void credentials_of_systemd_may_be_readable_by_a_group() {
        Workspace workspace;
        workspace.write("credentials/jwt", "x", 0440);
        const Environment environment{{"CREDENTIALS_DIRECTORY", workspace.path("credentials")}};
        const Loaded loaded =
            workspace.load(with_secret("${file:${CREDENTIALS_DIRECTORY}/jwt}"), environment);
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        CPPUNIT_ASSERT_EQUAL(std::string("x"), secret_of(loaded));
        const Loaded beside = workspace.load(
            with_secret("${file:${CREDENTIALS_DIRECTORY}/../credentials/jwt}"), environment);
        CPPUNIT_ASSERT(!beside.usable());
    }

    void variables_take_defaults_as_in_the_shell() {
        Workspace workspace;
        const Environment environment{{"SET", "value"}, {"EMPTY", ""}};
        const std::pair<const char*, const char*> cases[] = {{"${SET}", "value"},
                                                             {"${SET:-other}", "value"},
                                                             {"${NONE:-other}", "other"},
                                                             {"${EMPTY:-other}", "other"},
                                                             {"a${SET}b${SET}", "avaluebvalue"},
                                                             {"${EMPTY}", "(none)"},
                                                             {"${NONE:-}", "(none)"}};
        for (const auto& [written, read] : cases) {
            const Loaded loaded = workspace.load(with_secret(written), environment);
            CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(written, std::string(read), secret_of(loaded));
        }
    }

    void references_nest_and_can_be_escaped() {
        Workspace workspace;
        const Environment environment{{"B", "b"}};
        const std::pair<const char*, const char*> cases[] = {{"${A:-${B}}", "b"},
                                                             {"${A:-${C:-c}}", "c"},
                                                             {"$${B}${B:-x}", "${B}b"},
                                                             {"${B:-x}$B $5", "b$B $5"}};
        for (const auto& [written, read] : cases) {
            const Loaded loaded = workspace.load(with_secret(written), environment);
            CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
            CPPUNIT_ASSERT_EQUAL(std::string(read), secret_of(loaded));
        }
        std::string deep = "x";
        for (int i = 0; i < 20; ++i) deep = "${A:-" + deep + "}";
        CPPUNIT_ASSERT(!workspace.load(with_secret(deep), environment).usable());
    }

    void values_of_variables_are_not_searched_again() {
        Workspace workspace;
        const Loaded loaded = workspace.load(with_secret("${A}"), {{"A", "${file:/etc/passwd}"}});
        CPPUNIT_ASSERT_EQUAL(std::string("${file:/etc/passwd}"), secret_of(loaded));
    }

    void no_finding_tells_a_secret() {
        Workspace workspace;
        const Loaded loaded = workspace.load(std::string(smallest()) +
                                                 "log: {level: \"${S}\"}\nserver2: \"${S}\"\n"
                                                 "stream: {heartbeat_s: \"${S}\"}\n"
                                                 "plugins: {directories: [\"${S}\"]}\n",
                                             {{"S", "canary-4711"}});
        CPPUNIT_ASSERT(!loaded.usable());
        CPPUNIT_ASSERT(told(loaded, workspace).find("canary") == std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SecretsTest);

}  // namespace tandem::settings
