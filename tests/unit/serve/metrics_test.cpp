#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <sstream>

#include "observe/registry.h"
#include "serve/server.h"
#include "unit/serve/raw_client.h"

namespace tandem::serve {

namespace {

const std::string lead_pattern = "/api/leads/{leadId}/and/something/long";
const std::string stream_pattern = "/api/stream/conversation/{leadId}";

std::string request(const std::string& path, const std::string& method = "GET") {
    return method + ' ' + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

}  // namespace

/// With the registry that operators scrape: what it keeps of a label must be its own.
class MetricsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MetricsTest);
    CPPUNIT_TEST(the_route_of_an_answer_is_its_pattern_and_never_its_path);
    CPPUNIT_TEST(what_no_route_answered_is_none);
    CPPUNIT_TEST(a_stream_counts_when_it_opens);
    CPPUNIT_TEST(no_other_route_is_ever_named);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::vector<Route> routes;
        routes.push_back(
            {"GET", lead_pattern, Access::Open, "", 0, false, [](Request, Responder r) {
                 r.answer({.content_type = "text/plain", .body = "fine"});
             }});
        routes.push_back(
            {"GET", stream_pattern, Access::Open, "", 0, false, [](Request, Responder r) {
                 r.stream({.content_type = "text/event-stream"},
                          [](auto stream) { stream->close(Stream::Ending::AfterBacklog); });
             }});
        Furniture furniture;
        furniture.metrics = &metrics_;
        server_ = std::make_unique<Server>(ServerOptions{.listen = {"127.0.0.1:0"}},
                                           std::move(routes), furniture);
        server_->start();
    }
    void tearDown() override { server_.reset(); }

    void the_route_of_an_answer_is_its_pattern_and_never_its_path() {
        for (const char* id : {"7", "8", "9"})
            ask(request("/api/leads/" + std::string(id) + "/and/something/long"), 200);
        expect_counted("200", "GET", lead_pattern, "3");
        expect_line(R"(tandem_http_request_duration_seconds_count{route=")" + lead_pattern +
                    R"("} 3)");
    }

    void what_no_route_answered_is_none() {
        ask(request("/api/nothing/at/this/path"), 404);
        ask(request("/api/leads/7/and/something/long", "POST"), 405);
        ask("broken\r\n\r\n", 400);
        expect_counted("404", "GET", "none", "1");
        expect_counted("405", "POST", "none", "1");
        expect_counted("400", "other", "none", "1");
        expect_line(R"(tandem_http_request_duration_seconds_count{route="none"} 3)");
    }

    void a_stream_counts_when_it_opens() {
        ask(request("/api/stream/conversation/7"), 200);
        expect_counted("200", "GET", stream_pattern, "1");
        expect_line(R"(tandem_http_request_duration_seconds_count{route=")" + stream_pattern +
                    R"("} 1)");
    }

    void no_other_route_is_ever_named() {
        // Of several lengths, so that a label from memory that was let go shows itself.
        for (int length : {1, 14, 15, 16, 40, 400}) {
            ask(request("/" + std::string(static_cast<size_t>(length), 'x')), 404);
            ask(request("/api/leads/" + std::string(static_cast<size_t>(length), 'x') +
                        "/and/something/long"),
                200);
            ask(request("/api/stream/conversation/7"), 200);
        }
        const std::set<std::string> expected{"none", lead_pattern, stream_pattern};
        CPPUNIT_ASSERT(routes_named() == expected);
    }

private:
    void ask(const std::string& bytes, int status) {
        RawClient client(server_->port());
        client.send(bytes);
        const auto answer = client.answer(true);
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(bytes, status, answer->status);
    }

    void expect_counted(const std::string& code, const std::string& method,
                        const std::string& route, const std::string& times) {
        expect_line("tandem_http_requests_total{code=\"" + code + "\",method=\"" + method +
                    "\",route=\"" + route + "\"} " + times);
    }

    void expect_line(const std::string& line) {
        const std::string text = metrics_.text();
        CPPUNIT_ASSERT_MESSAGE(line + " in\n" + text,
                               text.find('\n' + line + '\n') != std::string::npos);
    }

    std::set<std::string> routes_named() const {
        const std::string_view mark = "route=\"";
        std::set<std::string> named;
        std::istringstream lines(metrics_.text());
        for (std::string line; std::getline(lines, line);) {
            const size_t at = line.find(mark);
            if (at == std::string::npos) continue;
            const size_t begin = at + mark.size();
            named.insert(line.substr(begin, line.find('"', begin) - begin));
        }
        return named;
    }

    observe::MetricRegistry metrics_;
    std::unique_ptr<Server> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MetricsTest);

}  // namespace tandem::serve
