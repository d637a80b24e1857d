#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <sstream>

#include "unit/settings/workspace.h"

namespace tandem::settings {

namespace {

std::string of_project(const std::string& name) {
    std::ifstream file(std::string(PROJECT_FOLDER "/") + name, std::ios::binary);
    CPPUNIT_ASSERT_MESSAGE(name, file.good());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Environment accounts() {
    Environment all;
    for (const char* name :
         {"TANDEM_JWT_SECRET", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "ELEVENLABS_API_KEY",
          "ELEVENLABS_AGENT_ID", "ELEVENLABS_PHONE_NUMBER_ID",
          "ELEVENLABS_CONVERSATION_INITIATION_WEBHOOK_SECRET",
          "ELEVENLABS_POST_CALL_WEBHOOK_SECRET"})
        all[name] = "x";
    all["TWILIO_PHONE_NUMBER"] = "+15550001111";
    return all;
}

}  // namespace

/// What we hand out must hold.
class PagesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PagesTest);
    CPPUNIT_TEST(the_manual_page_is_that_of_the_table);
    CPPUNIT_TEST(the_installed_settings_and_the_example_are_good);
    CPPUNIT_TEST(the_readmes_settings_are_good);
    CPPUNIT_TEST(commented_defaults_are_the_defaults);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_manual_page_is_that_of_the_table() {
        // tandemctl config reference > packaging/man/tandem.yaml.5
        CPPUNIT_ASSERT_EQUAL(manual(), of_project("packaging/man/tandem.yaml.5"));
    }

    void the_installed_settings_and_the_example_are_good() {
        for (const char* name : {"config/tandem.yaml", "config/examples/twilio-elevenlabs.yaml"}) {
            Workspace workspace;
            const Loaded loaded = workspace.load(of_project(name), accounts());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string(), told(loaded, workspace));
        }
    }

    void the_readmes_settings_are_good() {
        const std::string readme = of_project("README.md");
        const size_t begin = readme.find("```yaml\n") + 8;
        Workspace workspace;
        const Loaded loaded =
            workspace.load(readme.substr(begin, readme.find("```", begin) - begin), accounts());
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
    }

    void commented_defaults_are_the_defaults() {
        const std::string text = of_project("config/tandem.yaml");
        std::istringstream lines(text);
        std::string uncommented;
        for (std::string line; std::getline(lines, line);) {
            // `# key:` and `#   key:` are keys, other comments are sentences.
            const size_t hash = line.find('#');
            const size_t word = line.find_first_not_of("# ");
            const size_t colon = line.find(':');
            const bool is_key = hash != std::string::npos && word != std::string::npos &&
                                hash < word && colon != std::string::npos &&
                                line.find(' ', word) > colon &&
                                (colon + 1 == line.size() || line[colon + 1] == ' ');
            if (is_key && line.find("${") == std::string::npos) line.erase(hash, 2);
            uncommented += line + "\n";
        }
        CPPUNIT_ASSERT(uncommented.find("\n  listen: 127.0.0.1:8080") != std::string::npos);
        CPPUNIT_ASSERT(uncommented.find("\nstorage:\n  plugin: sqlite") != std::string::npos);
        Workspace plain, full;
        const Loaded with = full.load(uncommented, accounts());
        CPPUNIT_ASSERT_EQUAL(std::string(), told(with, full));
        CPPUNIT_ASSERT_EQUAL(show(plain.load(text, accounts()).settings, {}),
                             show(with.settings, {}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PagesTest);

}  // namespace tandem::settings
