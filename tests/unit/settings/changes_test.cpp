#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "unit/settings/workspace.h"

namespace tandem::settings {

class ChangesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ChangesTest);
    CPPUNIT_TEST(what_differs_is_named_as_it_is_written);
    CPPUNIT_TEST(another_order_is_told_whatever_else_changed);
    CPPUNIT_TEST(the_same_settings_written_otherwise_do_not_differ);
    CPPUNIT_TEST(an_empty_value_changes_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_differs_is_named_as_it_is_written() {
        const std::pair<const char*, const char*> cases[] = {
            {"log: {level: debug}\n", "log.level"},
            {"stream: {heartbeat_s: 3}\n", "stream.heartbeat_s"},
            {"limits: {requests_per_minute: 5}\n", "limits.requests_per_minute"},
            {"server: {cors_origins: [\"https://a.example\"]}\n", "server.cors_origins"},
            {"auth:\n  - {plugin: jwt, options: {algorithm: HS256, secret: y}}\n",
             "auth[jwt].options"},
            {"providers:\n  - {id: sandbox, plugin: sandbox, send_burst: 7}\n",
             "providers[sandbox].send_burst"},
            {"providers:\n  - {id: second, plugin: sandbox}\n", "providers[second]"},
            {"organizations:\n  - {id: demo, name: Other}\n", "organizations[demo].name"},
        };
        for (const auto& [over, key] : cases) {
            Workspace workspace;
            const Loaded before = workspace.load(smallest());
            workspace.write("conf.d/1.yaml", over);
            const Loaded after = workspace.load(smallest());
            const auto changed = changes(before.settings, after.settings);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(key, size_t{1}, changed.size());
            CPPUNIT_ASSERT_EQUAL(std::string(key), changed.front());
            CPPUNIT_ASSERT_EQUAL(size_t{1}, changes(after.settings, before.settings).size());
        }
    }

    void another_order_is_told_whatever_else_changed() {
        const std::string two = "{plugin: apikey, options: {keys: a}}";
        const auto written = [&](const std::string& first, const std::string& second,
                                 const std::string& more) {
            return "server: {public_url: https://gw.example.com}\nauth:\n  - " + first + "\n  - " +
                   second + "\nproviders:\n" + more + "organizations: [{id: demo}]\n";
        };
        const std::string one = "{plugin: jwt, options: {algorithm: HS256, secret: x}}";
        const std::string other = "{plugin: jwt, options: {algorithm: HS256, secret: y}}";
        const std::string a = "  - {id: a, plugin: sandbox}\n",
                          b = "  - {id: b, plugin: sandbox}\n";
        Workspace workspace;
        const Loaded before = workspace.load(written(one, two, a + b));
        const Loaded after = workspace.load(written(two, other, b + a));
        const std::vector<std::string> expected{"auth[jwt].options", "auth", "providers"};
        CPPUNIT_ASSERT(expected == changes(before.settings, after.settings));
    }

    void the_same_settings_written_otherwise_do_not_differ() {
        Workspace workspace;
        const Loaded before = workspace.load(smallest());
        const Loaded after =
            workspace.load(std::string("# a line more\n\nlog: {level: info}\n") + smallest());
        CPPUNIT_ASSERT(changes(before.settings, after.settings).empty());
    }

    void an_empty_value_changes_nothing() {
        const std::string file = std::string(smallest()) +
                                 "limits: {requests_per_minute: 5}\n"
                                 "storage: {options: {path: /here}}\n";
        const char* parts[] = {"server:\n",
                               "server: {public_url: }\n",
                               "server: {public_url: \"\"}\n",
                               "limits:\n",
                               "storage: {options: }\n",
                               "auth:\n",
                               "organizations:\n  - {id: demo, numbers: , channel: }\n"};
        for (const char* over : parts) {
            Workspace workspace;
            const Loaded before = workspace.load(file);
            workspace.write("conf.d/1.yaml", over);
            const Loaded after = workspace.load(file);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(over, std::string(), told(after, workspace));
            CPPUNIT_ASSERT_MESSAGE(over, changes(before.settings, after.settings).empty());
        }
        Workspace workspace;
        const Loaded before = workspace.load(file);
        for (const char* name : {"TANDEM_SERVER_PUBLIC_URL", "TANDEM_STORAGE_OPTIONS_PATH"}) {
            const Loaded after = workspace.load(file, {{name, ""}});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string(), told(after, workspace));
            CPPUNIT_ASSERT_MESSAGE(name, changes(before.settings, after.settings).empty());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ChangesTest);

}  // namespace tandem::settings
