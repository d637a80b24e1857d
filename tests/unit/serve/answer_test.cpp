#include "serve/answer.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::serve {

class AnswerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AnswerTest);
    CPPUNIT_TEST(a_problem_has_its_statuss_title);
    CPPUNIT_TEST(the_status_line_says_the_same);
    CPPUNIT_TEST(a_status_of_nobody_still_has_a_phrase);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_problem_has_its_statuss_title() {
        const std::pair<int, const char*> titles[] = {
            {400, "Bad Request"},
            {401, "Unauthorized"},
            {403, "Forbidden"},
            {404, "Not Found"},
            {405, "Method Not Allowed"},
            {406, "Not Acceptable"},
            {408, "Request Timeout"},
            {409, "Conflict"},
            {411, "Length Required"},
            {413, "Content Too Large"},
            {414, "URI Too Long"},
            {415, "Unsupported Media Type"},
            {417, "Expectation Failed"},
            {422, "Unprocessable Content"},
            {429, "Too Many Requests"},
            {431, "Request Header Fields Too Large"},
            {500, "Internal Server Error"},
            {501, "Not Implemented"},
            {502, "Bad Gateway"},
            {503, "Service Unavailable"},
            {504, "Gateway Timeout"},
            {505, "HTTP Version Not Supported"},
        };
        for (const auto& [status, title] : titles) {
            const Response response = problem({status, "CODE", "Detail."});
            const std::string member = "\"title\":\"" + std::string(title) + "\"";
            CPPUNIT_ASSERT_MESSAGE(response.body, response.body.find(member) != std::string::npos);
        }
    }

    void the_status_line_says_the_same() {
        const std::pair<int, std::string_view> phrases[] = {
            {200, "OK"},    {201, "Created"},      {202, "Accepted"}, {204, "No Content"},
            {302, "Found"}, {304, "Not Modified"}, {410, "Gone"},     {406, "Not Acceptable"},
        };
        for (const auto& [status, phrase] : phrases) {
            Response response{.status = status};
            const std::string line =
                "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(phrase) + "\r\n";
            const std::string head = render_head(response, {});
            CPPUNIT_ASSERT_MESSAGE(head, head.starts_with(line));
        }
    }

    void a_status_of_nobody_still_has_a_phrase() {
        CPPUNIT_ASSERT(reason_phrase(299) == "OK");
        CPPUNIT_ASSERT(reason_phrase(418) == "Error");
        CPPUNIT_ASSERT(reason_phrase(599) == "Error");
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AnswerTest);

}  // namespace tandem::serve
