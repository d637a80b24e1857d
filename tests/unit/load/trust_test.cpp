#include "load/trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace {

namespace fs = std::filesystem;
using tandem::Code;
using tandem::load::trusted_file;

constexpr unsigned stranger = 54321;

/// A tree of its own for each test: folder/plugins/inner/tandem-a.so.
class TrustTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TrustTest);
    CPPUNIT_TEST(a_file_of_the_trusted_owner_passes_by_its_real_path);
    CPPUNIT_TEST(a_link_inside_passes_and_a_link_that_leads_out_does_not);
    CPPUNIT_TEST(dots_do_not_lead_out);
    CPPUNIT_TEST(a_folder_with_the_same_beginning_is_not_the_folder);
    CPPUNIT_TEST(a_file_writable_by_others_is_refused_by_name);
    CPPUNIT_TEST(a_folder_on_the_way_writable_by_group_is_refused_by_name);
    CPPUNIT_TEST(a_sticky_folder_of_root_passes_and_of_another_does_not);
    CPPUNIT_TEST(a_stranger_s_file_or_folder_is_refused);
    CPPUNIT_TEST(a_folder_and_a_pipe_are_no_files);
    CPPUNIT_TEST(an_absent_file_is_told_from_a_refused_one);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = fs::temp_directory_path() / "tandem-trust-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()));
        root_ = fs::canonical(pattern);
        plugins_ = root_ + "/plugins";
        file_ = plugins_ + "/inner/tandem-a.so";
        fs::create_directories(plugins_ + "/inner");
        std::ofstream(file_) << "x";
        ::chmod(plugins_.c_str(), 0755);
        ::chmod((plugins_ + "/inner").c_str(), 0755);
        ::chmod(file_.c_str(), 0644);
    }

    void tearDown() override { fs::remove_all(root_); }

    void a_file_of_the_trusted_owner_passes_by_its_real_path() {
        const auto trusted = ask(plugins_ + "/./inner/../inner/tandem-a.so");
        CPPUNIT_ASSERT_MESSAGE(trusted ? "" : trusted.error().text, bool(trusted));
        CPPUNIT_ASSERT_EQUAL(file_, *trusted);
    }

    void a_link_inside_passes_and_a_link_that_leads_out_does_not() {
        fs::create_symlink("inner/tandem-a.so", plugins_ + "/tandem-b.so");
        CPPUNIT_ASSERT_EQUAL(file_, *ask(plugins_ + "/tandem-b.so"));
        std::ofstream(root_ + "/outside.so") << "x";
        fs::create_symlink("../outside.so", plugins_ + "/tandem-c.so");
        refused(plugins_ + "/tandem-c.so", root_ + "/outside.so, outside of plugins.directories");
    }

    void dots_do_not_lead_out() {
        std::ofstream(root_ + "/outside.so") << "x";
        refused(plugins_ + "/../outside.so", "outside of plugins.directories");
    }

    void a_folder_with_the_same_beginning_is_not_the_folder() {
        fs::create_directory(plugins_ + "-of-others");
        std::ofstream(plugins_ + "-of-others/a.so") << "x";
        refused(plugins_ + "-of-others/a.so", "outside of plugins.directories");
    }

    void a_file_writable_by_others_is_refused_by_name() {
        ::chmod(file_.c_str(), 0646);
        refused(file_, file_ + " is writable by group or others");
        ::chmod(file_.c_str(), 0664);
        refused(file_, file_ + " is writable by group or others");
    }

    void a_folder_on_the_way_writable_by_group_is_refused_by_name() {
        ::chmod(plugins_.c_str(), 0775);
        refused(file_, plugins_ + " is writable by group or others");
    }

    void a_sticky_folder_of_root_passes_and_of_another_does_not() {
        if (::geteuid() != 0) return;  // only root can give folders away
        ::chmod(plugins_.c_str(), 01777);
        CPPUNIT_ASSERT(ask(file_));
        CPPUNIT_ASSERT_EQUAL(0, ::chown(plugins_.c_str(), stranger, stranger));
        const auto sticky = trusted_file(file_, {plugins_}, stranger);
        CPPUNIT_ASSERT(!sticky);
    }

    void a_stranger_s_file_or_folder_is_refused() {
        if (::geteuid() != 0) {
            // As anybody else: our own files are strange to a gateway that trusts root only.
            refused_for(file_, 0, "not to root");
            return;
        }
        CPPUNIT_ASSERT_EQUAL(0, ::chown(file_.c_str(), stranger, stranger));
        refused_for(file_, 0, file_ + " belongs to uid 54321, not to root");
        CPPUNIT_ASSERT(trusted_file(file_, {plugins_}, stranger));
        CPPUNIT_ASSERT_EQUAL(0, ::chown(file_.c_str(), 0, 0));
        CPPUNIT_ASSERT_EQUAL(0, ::chown(root_.c_str(), stranger, stranger));
        refused_for(file_, 0, root_ + " belongs to uid 54321");
        refused_for(file_, 7, "not to root or uid 7");
    }

    void a_folder_and_a_pipe_are_no_files() {
        refused(plugins_ + "/inner", "is not a regular file");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((plugins_ + "/pipe").c_str(), 0600));
        refused(plugins_ + "/pipe", "is not a regular file");
    }

    void an_absent_file_is_told_from_a_refused_one() {
        const auto absent = ask(plugins_ + "/tandem-z.so");
        CPPUNIT_ASSERT(!absent);
        CPPUNIT_ASSERT(absent.error().code == Code::NotFound);
        CPPUNIT_ASSERT(absent.error().text.find("tandem-z.so") != std::string::npos);
    }

private:
    tandem::Result<std::string> ask(const std::string& path) const {
        return trusted_file(path, {"/nowhere", plugins_}, ::geteuid());
    }

    void refused(const std::string& path, const std::string& words) const {
        refused_for(path, ::geteuid(), words);
    }

    void refused_for(const std::string& path, unsigned uid, const std::string& words) const {
        const auto answer = trusted_file(path, {plugins_}, uid);
        CPPUNIT_ASSERT_MESSAGE(path + " passed", !answer);
        CPPUNIT_ASSERT_MESSAGE(answer.error().text,
                               answer.error().text.find(words) != std::string::npos);
        CPPUNIT_ASSERT(answer.error().code != Code::NotFound);
    }

    std::string root_, plugins_, file_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TrustTest);

}  // namespace
