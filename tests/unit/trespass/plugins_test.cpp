#include "trespass/plugins.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::trespass {

namespace {

namespace fs = std::filesystem;

/// What the audit cannot try fails it, and is not passed over.
class PluginsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginsTest);
    CPPUNIT_TEST(webhooks_that_nobody_can_sign_are_not_reached);
    CPPUNIT_TEST(a_plugin_that_cannot_be_described_is_not_reached);
    CPPUNIT_TEST(a_plugin_without_webhooks_is_no_matter);
    CPPUNIT_TEST(a_provider_of_ours_that_is_not_there_is_not_walked);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = fs::temp_directory_path() / "tandem-trespass-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()));
        folder_ = pattern;
    }
    void tearDown() override { fs::remove_all(folder_); }

    void webhooks_that_nobody_can_sign_are_not_reached() {
        install(ODD_PLUGIN, "odd");
        const Plugins found = look_at_plugins(folder_, "");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, found.unreached.size());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, found.unreached[0].find("webhooks of the plugin odd: "));
    }

    void a_plugin_that_cannot_be_described_is_not_reached() {
        std::ofstream(folder_ / "tandem-torn.so") << "no library";
        const Plugins found = look_at_plugins(folder_, "");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, found.unreached.size());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, found.unreached[0].find("webhooks: plugin torn "));
    }

    void a_plugin_without_webhooks_is_no_matter() {
        install(MEMORY_PLUGIN, "memory");
        CPPUNIT_ASSERT(look_at_plugins(folder_, "").unreached.empty());
    }

    void a_provider_of_ours_that_is_not_there_is_not_walked() {
        const Plugins found = look_at_plugins(folder_, "");
        CPPUNIT_ASSERT(found.unreached.empty());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, found.not_walked.size());
        std::ofstream(folder_ / "tandem-twilio.so");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, look_at_plugins(folder_, "").not_walked.size());
    }

private:
    void install(const std::string& file, const std::string& name) const {
        const fs::path to = folder_ / ("tandem-" + name + ".so");
        fs::copy_file(file, to);
        fs::permissions(to, fs::perms(0644));
    }

    fs::path folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginsTest);

}  // namespace

}  // namespace tandem::trespass
