#include "serve/static_files.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "serve/server.h"
#include "unit/serve/raw_client.h"

namespace tandem::serve {

class StaticFilesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StaticFilesTest);
    CPPUNIT_TEST(files_are_answered_with_their_type_and_the_browsers_rules);
    CPPUNIT_TEST(a_known_tag_is_answered_without_the_file);
    CPPUNIT_TEST(only_what_was_read_at_start_exists);
    CPPUNIT_TEST(what_cannot_be_served_does_not_start);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        char name[] = "/tmp/tandem-static-XXXXXX";
        folder_ = mkdtemp(name);
        write("index.html", "<!doctype html>");
        write("app.js", "run();");
        std::filesystem::create_directory(folder_ / "icons");
        write("icons/a.svg", "<svg/>");
        write(".hidden", "secret");
    }
    void tearDown() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }

    void files_are_answered_with_their_type_and_the_browsers_rules() {
        start();
        const Answer page = get("/");
        CPPUNIT_ASSERT_EQUAL(200, page.status);
        CPPUNIT_ASSERT_EQUAL(std::string("<!doctype html>"), page.body);
        CPPUNIT_ASSERT(page.header("Content-Type") == "text/html; charset=utf-8");
        CPPUNIT_ASSERT(page.header("X-Content-Type-Options") == "nosniff");
        CPPUNIT_ASSERT(page.header("Referrer-Policy") == "no-referrer");
        CPPUNIT_ASSERT(page.header("Cross-Origin-Opener-Policy") == "same-origin");
        CPPUNIT_ASSERT(page.header("Content-Security-Policy")->find("default-src 'none'") == 0);
        CPPUNIT_ASSERT(!page.header("Strict-Transport-Security"));  // this is plain HTTP
        CPPUNIT_ASSERT(get("/index.html").body == page.body);
        CPPUNIT_ASSERT(get("/app.js").header("Content-Type") == "text/javascript; charset=utf-8");
        CPPUNIT_ASSERT(get("/icons/a.svg").header("Content-Type") == "image/svg+xml");
    }

    void a_known_tag_is_answered_without_the_file() {
        start();
        const std::string tag = get("/app.js").header("ETag").value();
        const Answer again = get("/app.js", "If-None-Match: " + tag + "\r\n");
        CPPUNIT_ASSERT_EQUAL(304, again.status);
        CPPUNIT_ASSERT(again.body.empty() && again.header("ETag") == tag);
        CPPUNIT_ASSERT_EQUAL(200, get("/app.js", "If-None-Match: \"other\"\r\n").status);
    }

    void only_what_was_read_at_start_exists() {
        start();
        write("later.html", "later");
        for (const char* path :
             {"/later.html", "/.hidden", "/icons", "/icons/", "/app.js/", "/app"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 404, get(path).status);
        for (const char* path : {"/icons/../.hidden", "/%2e%2e/etc/passwd"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 400, get(path).status);
    }

    void what_cannot_be_served_does_not_start() {
        CPPUNIT_ASSERT_THROW(static_files("/nowhere/at/all"), std::runtime_error);
        write("a b.html", "");
        CPPUNIT_ASSERT_THROW(static_files(folder_), std::runtime_error);
        std::filesystem::remove(folder_ / "a b.html");
        write("tool.exe", "");
        CPPUNIT_ASSERT_THROW(static_files(folder_), std::runtime_error);
        std::filesystem::remove(folder_ / "tool.exe");
        write("large.txt", std::string(4 * 1024 * 1024 + 1, 'x'));
        CPPUNIT_ASSERT_THROW(static_files(folder_), std::runtime_error);
    }

private:
    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name) << text;
    }
    void start() {
        server_ = std::make_unique<Server>(ServerOptions{.listen = {"127.0.0.1:0"}},
                                           static_files(folder_), Furniture{});
        server_->start();
    }
    Answer get(const std::string& path, const std::string& headers = "") {
        RawClient client(server_->port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
        const auto answer = client.answer();
        CPPUNIT_ASSERT(answer.has_value());
        return *answer;
    }

    std::filesystem::path folder_;
    std::unique_ptr<Server> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StaticFilesTest);

}  // namespace tandem::serve
