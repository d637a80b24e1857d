#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <time.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "serve/framing.h"
#include "serve/server.h"
#include "unit/serve/raw_client.h"

// H01 to H46: raw bytes in, what must come out. After each the server must still answer
// an honest client at once.

namespace tandem::serve {

namespace {

using namespace std::chrono_literals;

enum class Then { Wait, ShutWriting };

struct Case {
    std::string name;
    std::string bytes;
    std::vector<int> statuses;  // in order; what is answered must be exactly these
    bool closes = true;
    int effects = 0;       // how often the handler of /effect may run
    std::string contains;  // in the last answer's body
    Then then = Then::Wait;
};

std::string repeated(const std::string& text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
}

std::string post(const std::string& headers, const std::string& body = "") {
    return "POST /effect HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}
std::string get(const std::string& headers) {
    return "GET /ok HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}
std::string target(const std::string& text) {
    return "GET " + text + " HTTP/1.1\r\nHost: x\r\n\r\n";
}
std::string line(const std::string& text) {
    return text + "\r\nHost: x\r\n\r\n";
}
std::string chunked(const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}
std::string binary(const char* bytes, size_t size) {
    return std::string(bytes, size);
}

const std::string hidden = "POST /effect HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
const std::string last_chunk = "0\r\n\r\n";

std::vector<Case> length_cases() {
    std::vector<Case> cases = {
        {"H01 length and chunked",
         post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", last_chunk + hidden),
         {400}},
        {"H01 chunked and length",
         post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", last_chunk + hidden),
         {400}},
        {"H02 two lengths",
         post("Content-Length: 3\r\nContent-Length: 30\r\n", "abc" + hidden),
         {400}},
        {"H03 two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), {400}},
        {"H04 a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), {400}},
        {"H06 unknown coding and length",
         post("Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n", "abc"),
         {501}},
        {"H07 gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", last_chunk), {501}},
        {"H08 chunked, identity",
         post("Transfer-Encoding: chunked, identity\r\n", last_chunk),
         {400}},
        {"H08 chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", last_chunk), {400}},
        {"H08 identity, then chunked",
         post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", last_chunk),
         {400}},
        {"H08 chunked in two fields",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", last_chunk),
         {400}},
        {"H08 chunked before gzip",
         post("Transfer-Encoding: chunked, gzip\r\n", last_chunk),
         {400}},
        {"H08 empty coding", post("Transfer-Encoding:\r\n", last_chunk), {400}},
        {"H09 blank before the colon", post("Transfer-Encoding : chunked\r\n", last_chunk), {400}},
        {"H10 tab before chunked",
         post("Transfer-Encoding:\tchunked\r\n", last_chunk),
         {200},
         false,
         1},
        {"H10 mixed case", post("Transfer-Encoding: ChUnKeD\r\n", last_chunk), {200}, false, 1},
        {"H10 vertical tab", post("Transfer-Encoding: \vchunked\r\n", last_chunk), {400}},
        {"H11 HTTP/1.0 chunked",
         "POST /effect HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + last_chunk,
         {400}},
        {"H36 no length", post(""), {411}},
        {"H37 over the limit", post("Content-Length: 1025\r\n"), {413}},
        {"H37 over the limit, expecting",
         post("Content-Length: 1025\r\nExpect: 100-continue\r\n"),
         {413}},
        {"H37 over the limit, chunked", chunked("401\r\n"), {413}},
        {"H37 over the limit in many chunks",
         chunked(repeated("100\r\n" + repeated("x", 256) + "\r\n", 4) + "1\r\n"),
         {413}},
        {"H37 at the limit",
         post("Content-Length: 1024\r\n", repeated("x", 1024)),
         {200},
         false,
         1},
        {"H37 within the limit, expecting",
         post("Content-Length: 3\r\nExpect: 100-continue\r\n", "abc"),
         {200},
         false,
         1},
        {"H38 an expectation of something else",
         post("Content-Length: 3\r\nExpect: banana\r\n", "abc"),
         {417}},
    };
    for (const char* value : {" +3", " -1", " 0x3", " 3abc", " 3 ", "", " ",
                              " 99999999999999999999", " 3\t", " 1 2", " \xd9\xa3"})
        cases.push_back({"H05 length '" + std::string(value) + "'",
                         post("Content-Length:" + std::string(value) + "\r\n", "abc"),
                         {400}});
    return cases;
}

std::vector<Case> header_cases() {
    std::vector<Case> cases = {
        {"H12 a folded line", get("A: b\r\n c\r\n"), {400}},
        {"H12 a folded first line", "GET /ok HTTP/1.1\r\n Host: x\r\n\r\n", {400}},
        {"H13 bare line feeds", "GET /ok HTTP/1.1\nHost: x\n\n", {400}},
        {"H13 one bare line feed", "GET /ok HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", {400}},
        {"H13 a bare line feed at the end", "GET /ok HTTP/1.1\r\nHost: x\r\n\n", {400}},
        {"H14 a bare CR", get("A: b\rc\r\n"), {400}},
        {"H14 NUL", get("A: b" + binary("\0", 1) + "c\r\n"), {400}},
        {"H14 DEL", get("A: b\x7f\r\n"), {400}},
        {"H15 no Host", "GET /ok HTTP/1.1\r\n\r\n", {400}},
        {"H15 no Host needed", "GET /ok HTTP/1.0\r\n\r\n", {200}},
        {"H15 two Hosts", get("Host: x\r\n"), {400}},
        {"H16 two Authorizations", get("Authorization: a\r\nAuthorization: b\r\n"), {400}},
        {"H17 two Content-Types", get("Content-Type: a/b\r\nContent-Type: a/b\r\n"), {400}},
        // The 403 is the webhook plugin's; serve gives it both and trusts neither.
        {"H18 two signatures",
         "GET /signature HTTP/1.1\r\nHost: x\r\n"
         "X-Twilio-Signature: a\r\nX-Twilio-Signature: b\r\n\r\n",
         {403},
         false},
        {"H19 no colon", get("banana\r\n"), {400}},
        {"H19 an empty name", get(": b\r\n"), {400}},
        {"H19 a blank in the name", get("A b: c\r\n"), {400}},
        {"H19 a bracket in the name", get("A(: c\r\n"), {400}},
        {"H19 eight bits in the name", get("A\xe4: c\r\n"), {400}},
        {"H20 64 headers", get(repeated("A: b\r\n", 63)), {200}, false},
        {"H20 65 headers", get(repeated("A: b\r\n", 64)), {431}},
        {"H20 a value of 9 KiB", get("A: " + repeated("b", 9 * 1024) + "\r\n"), {431}},
        {"H20 a name of 300", get(repeated("A", 300) + ": b\r\n"), {431}},
        {"H20 a block of 40 KiB", get(repeated("A: " + repeated("b", 1000) + "\r\n", 40)), {431}},
        {"H20 a block without end", get(repeated("A", 40 * 1024)).substr(0, 36 * 1024), {431}},
        {"H43 an encoded word with CR LF", get("A: =?utf-8?B?QUJDDQpYOiAx?=\r\n"), {400}},
        {"H43 an encoded word of no charset", get("A: =?utf-32?Q?x?=\r\n"), {400}},
        {"H43 no encoded word", get("A: a=?b&c=?d?=e\r\n"), {200}, false},
        {"H44 forwarded by a stranger",
         "GET /client HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n"
         "X-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n\r\n",
         {200},
         false,
         0,
         "127.0.0.1"},
    };
    for (char c = 1; c < 0x20; ++c)
        if (c != '\t' && c != '\r' && c != '\n')
            cases.push_back({"H14 control " + std::to_string(c),
                             get("A: b" + std::string(1, c) + "c\r\n"),
                             {400}});
    for (const char* host : {"", " ", "x/y", "u@x", "x:y", "x y", "x:", "x,y", "[::1", "[x]",
                             "x:123456", "\xe4", "x#", "x?", "%41"})
        if (std::string(host) != "x:")  // an empty port is allowed (RFC 3986 section 3.2.3)
            cases.push_back({"H15 Host '" + std::string(host) + "'",
                             "GET /ok HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n",
                             {400}});
    for (const char* host : {"x", "x.y-z:80", "127.0.0.1:8080", "[::1]:1", "[2001:db8::1]"})
        cases.push_back({"H15 Host " + std::string(host),
                         "GET /ok HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n",
                         {200},
                         false});
    return cases;
}

std::vector<Case> line_cases() {
    std::vector<Case> cases = {
        {"H21 a target of 9 KiB", target("/" + repeated("a", 9 * 1024)), {414}},
        {"H21 a line without end", "GET /" + repeated("a", 9 * 1024), {414}},
        {"H23 another host", target("http://other/ok"), {400}},
        {"H23 another port", target("http://x:81/ok"), {400}},
        {"H23 another scheme", target("ftp://x/ok"), {400}},
        {"H23 user-info", target("http://u@x/ok"), {400}},
        {"H23 the same host", target("http://X/ok"), {200}, false},
        {"H24 100 letters", line(repeated("A", 100) + " /ok HTTP/1.1"), {501}},
        {"H24 G@T", line("G@T /ok HTTP/1.1"), {400}},
        {"H24 lower case", line("get /ok HTTP/1.1"), {501}},
        {"H25 TRACE", line("TRACE /ok HTTP/1.1"), {405}},
        {"H25 CONNECT", line("CONNECT x:80 HTTP/1.1"), {405}},
        {"H25 unknown, with a body",
         "BREW /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
         {501}},
        {"H25 DELETE", line("DELETE /ok HTTP/1.1"), {405}, false},
        {"H26 HTTP/9.9", line("GET /ok HTTP/9.9"), {505}},
        {"H26 HTTP/2.0", line("GET /ok HTTP/2.0"), {505}},
        {"H26 lower case", line("GET /ok http/1.1"), {400}},
        {"H26 no version", "GET /ok\r\n\r\n", {400}},
        {"H26 three digits", line("GET /ok HTTP/1.10"), {400}},
        {"H27 HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}},
        {"H27 TLS hello", binary("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), {400}},
        {"H28 one empty line", "\r\n" + get(""), {200}, false},
        {"H28 two empty lines", "\r\n\r\n" + get(""), {400}},
        {"H28 1,000 empty lines", repeated("\r\n", 1000) + get(""), {400}},
        {"H28 a bare line feed", "\n" + get(""), {400}},
        {"H28 an empty line between", get("") + "\r\n" + get(""), {200, 200}, false},
    };
    const std::string bad_targets[] = {"/a\rb",      "/a\nb",      binary("/a\0b", 4),
                                       "/a b",       "/ok#x",      "/a\\b",
                                       "/a%5cb",     "/%00",       "/%0a",
                                       "/%2e%2e/ok", "/a/%2E./ok", "/../ok",
                                       "/./ok",      "/ok/..",     "/%2e",
                                       "//ok",       "/a//b",      "/a%2fb",
                                       "/a%2Fb",     "/%c0%af",    "/%e0%80%af",
                                       "/%ff",       "/%ed%a0%80", "/%zz",
                                       "/%4",        "/%",         "/\xc3\xbc",
                                       "ok",         "*",          "",
                                       "/ok?%zz",    "/ok?a=%00",  "/ok?a=%c0%af",
                                       "/ok?a=%",    "http:///ok", "\x7f"};
    for (const std::string& bad : bad_targets)
        cases.push_back({"H22 target '" + bad + "'", target(bad), {400}});
    for (const char* good : {"/ok?a=/../b", "/ok?a=%2f%20+", "/ok?//", "/%6fk", "/ok?"})
        cases.push_back({"H22 target " + std::string(good), target(good), {200}, false});
    return cases;
}

std::vector<Case> body_cases() {
    return {
        {"H29 negative size", chunked("-3\r\nabc\r\n" + last_chunk), {400}},
        {"H29 0x3", chunked("0x3\r\nabc\r\n" + last_chunk), {400}},
        {"H29 nine digits", chunked("000000003\r\nabc\r\n" + last_chunk), {400}},
        {"H29 eight digits", chunked("00000003\r\nabc\r\n" + last_chunk), {200}, false, 1, "3"},
        {"H29 sixteen digits", chunked("ffffffffffffffff\r\nabc\r\n"), {400}},
        {"H29 empty", chunked("\r\nabc\r\n" + last_chunk), {400}},
        {"H29 blank", chunked(" \r\nabc\r\n" + last_chunk), {400}},
        {"H29 blank before", chunked(" 3\r\nabc\r\n" + last_chunk), {400}},
        {"H29 blank behind", chunked("3 \r\nabc\r\n" + last_chunk), {400}},
        {"H29 bare line feed", chunked("3\nabc\r\n" + last_chunk), {400}},
        {"H29 bare line feed in the extension", chunked("3;a\nabc\r\n" + last_chunk), {400}},
        {"H30 longer than its size", chunked("3\r\nabcd\r\n" + last_chunk), {400}},
        {"H30 shorter than its size", chunked("4\r\nabc\r\n" + last_chunk + hidden), {400}},
        {"H30 no line end behind the data", chunked("3\r\nabc" + last_chunk), {400}},
        {"H30 line feed behind the data", chunked("3\r\nabc\n" + last_chunk), {400}},
        {"H31 one byte of extension", chunked("3;a\r\nabc\r\n" + last_chunk), {200}, false, 1, "3"},
        {"H31 16 KiB of extensions",
         chunked(repeated("1;a=" + repeated("b", 1020) + "\r\nx\r\n", 16) + last_chunk),
         {400}},
        {"H31 16 KiB in one", chunked("1;a=" + repeated("b", 16 * 1024)), {400}},
        {"H31 a control character in it", chunked("3;a=\x01\r\nabc\r\n" + last_chunk), {400}},
        {"H32 trailers are ignored",
         chunked(
             "3\r\nabc\r\n0\r\nContent-Length: 50\r\nAuthorization: x\r\nX-Trailer: y\r\n\r\n") +
             get(""),
         {200, 200},
         false,
         1},
        {"H32 5 KiB of trailers",
         chunked("0\r\n" + repeated("A: " + repeated("b", 1020) + "\r\n", 5) + "\r\n"),
         {400}},
        {"H32 a trailer without end", chunked("0\r\nA: " + repeated("b", 5 * 1024)), {400}},
        {"H32 a malformed trailer", chunked("0\r\nA b: c\r\n\r\n"), {400}},
        {"H32 a folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), {400}},
        {"H34 cut short",
         post("Content-Length: 50\r\n", "abc"),
         {400},
         true,
         0,
         "",
         Then::ShutWriting},
        {"H34 cut short in a chunk", chunked("32\r\nabc"), {400}, true, 0, "", Then::ShutWriting},
        {"H34 cut short before the last chunk",
         chunked("3\r\nabc\r\n"),
         {400},
         true,
         0,
         "",
         Then::ShutWriting},
        {"H34 cut short in the trailer",
         chunked("3\r\nabc\r\n0\r\n"),
         {400},
         true,
         0,
         "",
         Then::ShutWriting},
        {"H34 cut short in the header", "GET /ok HT", {400}, true, 0, "", Then::ShutWriting},
        {"H34 whole, then shut",
         post("Content-Length: 3\r\n", "abc"),
         {200},
         true,
         1,
         "3",
         Then::ShutWriting},
        {"H39 GET with a body nobody wants", get("Content-Length: 3\r\n") + "abc" + get(""), {413}},
        {"H39 GET with a body, another behind",
         "GET /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + get(""),
         {200, 200},
         false},
        {"H45 a header from the caller", target("/split?v=a%0d%0aX-Evil:%201"), {500}, false},
        {"H46 throws std::exception", target("/throws"), {500}, false},
        {"H46 throws int", target("/throws-int"), {500}, false},
        {"H46 throws with the responder gone", target("/throws-late"), {500}, false},
        {"H46 never answers", target("/silent"), {500}, false},
    };
}

const std::map<int, std::string> codes = {
    {400, "BAD_REQUEST"},        {405, "METHOD_NOT_ALLOWED"},   {408, "REQUEST_TIMEOUT"},
    {411, "LENGTH_REQUIRED"},    {413, "PAYLOAD_TOO_LARGE"},    {414, "URI_TOO_LONG"},
    {417, "EXPECTATION_FAILED"}, {431, "HEADERS_TOO_LARGE"},    {500, "INTERNAL_ERROR"},
    {501, "NOT_IMPLEMENTED"},    {505, "VERSION_NOT_SUPPORTED"}};

}  // namespace

class FramingCasesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FramingCasesTest);
    CPPUNIT_TEST(every_case_of_length_and_coding);
    CPPUNIT_TEST(every_case_of_headers);
    CPPUNIT_TEST(every_case_of_the_request_line);
    CPPUNIT_TEST(every_case_of_bodies_and_handlers);
    CPPUNIT_TEST(every_case_in_single_bytes);
    CPPUNIT_TEST(h33_a_hundred_thousand_chunks_are_one_body);
    CPPUNIT_TEST(h35_a_body_that_stalls_is_cut_at_its_deadline);
    CPPUNIT_TEST(h35_what_came_fast_buys_no_standing_still);
    CPPUNIT_TEST(h37_a_body_is_invited_when_it_may_come);
    CPPUNIT_TEST(h40_who_never_reads_is_cut);
    CPPUNIT_TEST(h41_a_dripping_header_is_cut_at_its_deadline);
    CPPUNIT_TEST(h42_half_open_connections_leave_room_for_others);
    CPPUNIT_TEST(h43_beginnings_of_encoded_words_cost_their_length);
    CPPUNIT_TEST(silent_connections_and_idle_ones_are_closed);
    CPPUNIT_TEST(one_address_does_not_fill_the_buffer_for_all);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        options_.listen = {"127.0.0.1:0"};
        options_.workers = 2;
        add("GET", "/ok", [](Request, Responder r) { r.answer({}); });
        add(
            "POST", "/effect",
            [this](Request request, Responder r) {
                ++effects_;
                const bool merged = request.header("X-Trailer") || request.header("Authorization");
                r.answer({.status = merged ? 500 : 200,
                          .content_type = "text/plain",
                          .body = std::to_string(request.body.size())});
            },
            1024);
        add(
            "POST", "/big",
            [](Request request, Responder r) {
                r.answer(
                    {.content_type = "text/plain", .body = std::to_string(request.body.size())});
            },
            1024 * 1024);
        add(
            "GET", "/body", [](Request, Responder r) { r.answer({}); }, 100);
        add("GET", "/client", [](Request request, Responder r) {
            r.answer({.content_type = "text/plain", .body = request.client});
        });
        add("GET", "/signature", [](Request request, Responder r) {
            r.answer({.status = request.header("X-Twilio-Signature") ? 200 : 403});
        });
        add("GET", "/split", [](Request request, Responder r) {
            r.answer({.headers = {{"X-Echo", request.query("v").value_or("")}}});
        });
        add("GET", "/throws", [](Request, Responder) { throw std::runtime_error("x"); });
        add("GET", "/throws-int", [](Request, Responder) { throw 5; });
        add("GET", "/throws-late", [](Request, Responder r) {
            const Responder gone = std::move(r);
            throw std::runtime_error("x");
        });
        add("GET", "/silent", [](Request, Responder) {});
        add("GET", "/large", [](Request, Responder r) {
            r.answer({.content_type = "text/plain", .body = std::string(1024 * 1024, 'x')});
        });
    }

    void tearDown() override { server_.reset(); }

    void every_case_of_length_and_coding() { run_all(length_cases()); }
    void every_case_of_headers() { run_all(header_cases()); }
    void every_case_of_the_request_line() { run_all(line_cases()); }
    void every_case_of_bodies_and_handlers() { run_all(body_cases()); }

    // The same bytes in pieces must mean the same.
    void every_case_in_single_bytes() {
        start();
        for (const auto& cases : {length_cases(), header_cases(), line_cases(), body_cases()})
            for (const Case& entry : cases)
                if (entry.bytes.size() < 400) run(entry, 1);
    }

    void h33_a_hundred_thousand_chunks_are_one_body() {
        RawClient client(start());
        const std::string head =
            "POST /big HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.send(head + repeated("1\r\nx\r\n", 100'000) + last_chunk);
        const auto answer = client.answer();
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("100000"), answer->body);
    }

    void h35_a_body_that_stalls_is_cut_at_its_deadline() {
        options_.body_time = 1s;
        RawClient client(start());
        client.send(post("Content-Length: 50\r\n", "abc"));
        expect_refusal(client, 408);
        CPPUNIT_ASSERT_EQUAL(0, effects_.load());
        // Enough bytes a second are enough time.
        RawClient steady(server_->port());
        steady.send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        for (int i = 0; i < 10; ++i) {
            CPPUNIT_ASSERT(steady.send(std::string(10'000, 'x')));
            std::this_thread::sleep_for(150ms);
        }
        CPPUNIT_ASSERT_EQUAL(200, steady.answer()->status);
    }

    void h35_what_came_fast_buys_no_standing_still() {
        options_.body_time = 200ms;
        RawClient client(start());
        client.send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" +
                    std::string(90'000, 'x'));
        expect_refusal(client, 408);
    }

    void h37_a_body_is_invited_when_it_may_come() {
        RawClient client(start());
        client.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 100 Continue\r\n\r\n"),
                             client.take_until("\r\n\r\n"));
        client.send("abc");
        CPPUNIT_ASSERT_EQUAL(200, client.answer()->status);
    }

    void h40_who_never_reads_is_cut() {
        options_.write_time = 300ms;
        RawClient client(start(), 4096);
        client.send(repeated(target("/large"), 50));
        health();
        // Reset or end: what matters is that the server let go before all was taken.
        const auto end = std::chrono::steady_clock::now() + RawClient::patience;
        while (client.send("x") && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(10ms);
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() < end);
        CPPUNIT_ASSERT(client.take(50u * 1024 * 1024).size() < 50u * 1024 * 1024);
    }

    void h41_a_dripping_header_is_cut_at_its_deadline() {
        options_.header_time = 300ms;
        RawClient client(start());
        const auto begin = std::chrono::steady_clock::now();
        const std::string drops = "GET /ok HTTP/1.1\r\nHost: x\r\nA: " + repeated("b", 1000);
        for (size_t i = 0; i < drops.size() && client.send(drops.substr(i, 1)); ++i) {
            if (std::chrono::steady_clock::now() - begin > 2s) break;
            std::this_thread::sleep_for(20ms);
        }
        expect_refusal(client, 408);
    }

    void h42_half_open_connections_leave_room_for_others() {
        options_.connections_per_address = 50;
        options_.header_time = 1500ms;
        const uint16_t port = start();
        std::vector<std::unique_ptr<RawClient>> attackers;
        for (int i = 0; i < 200; ++i) {
            attackers.push_back(std::make_unique<RawClient>(port, "127.0.0.2"));
            attackers.back()->send("GET /ok HTTP/1.1\r\n");
        }
        health();
        int turned_away = 0, timed_out = 0;
        for (const auto& attacker : attackers) {
            const auto answer = attacker->answer();
            if (!answer || answer->status == 503)
                ++turned_away;
            else if (answer->status == 408)
                ++timed_out;
            CPPUNIT_ASSERT(attacker->closed());
        }
        CPPUNIT_ASSERT_EQUAL(200, turned_away + timed_out);
        CPPUNIT_ASSERT(timed_out >= 1 && turned_away >= 1);
        // Their places become free again.
        attackers.clear();
        const auto end = std::chrono::steady_clock::now() + RawClient::patience;
        int status = 0;
        while (status != 200 && std::chrono::steady_clock::now() < end) {
            RawClient again(port, "127.0.0.2");
            again.send(get(""));
            const auto answer = again.answer();
            status = answer ? answer->status : 0;
        }
        CPPUNIT_ASSERT_EQUAL(200, status);
    }

    // On the loop, where everybody else waits meanwhile.
    void h43_beginnings_of_encoded_words_cost_their_length() {
        const std::string line = "A: " + repeated("=?a?b?x", 1170);
        const auto begin = time_at_work();
        for (int i = 0; i < 50; ++i) {
            Header field;
            CPPUNIT_ASSERT(!read_field(line, {}, field));
        }
        CPPUNIT_ASSERT(time_at_work() - begin < 500ms);
    }

    void silent_connections_and_idle_ones_are_closed() {
        options_.header_time = 2s;
        options_.idle_time = 200ms;
        const uint16_t port = start();
        RawClient silent(port), idle(port);
        idle.send(get(""));
        CPPUNIT_ASSERT_EQUAL(200, idle.answer()->status);
        CPPUNIT_ASSERT(silent.closed());
        CPPUNIT_ASSERT(idle.closed());
    }

    void one_address_does_not_fill_the_buffer_for_all() {
        options_.buffered_bytes = 4'000'000;
        const uint16_t port = start();
        const std::string begin =
            "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n" +
            std::string(200'000, 'x');
        std::vector<std::unique_ptr<RawClient>> greedy;
        for (int i = 0; i < 30; ++i) {
            greedy.push_back(std::make_unique<RawClient>(port, "127.0.0.2"));
            greedy.back()->send(begin);
        }
        // A quarter is theirs; what is beyond it is refused.
        const auto refused = greedy.back()->answer();
        CPPUNIT_ASSERT_EQUAL(503, refused->status);
        RawClient honest(port);
        honest.send(begin + std::string(50'000, 'x'));
        CPPUNIT_ASSERT_EQUAL(std::string("250000"), honest.answer()->body);
    }

private:
    /// Of this thread.
    static std::chrono::nanoseconds time_at_work() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    void add(std::string method, std::string pattern, Handler handler, size_t body_limit = 0) {
        routes_.push_back({std::move(method), std::move(pattern), Access::Open, "", body_limit,
                           false, std::move(handler)});
    }

    uint16_t start() {
        server_ = std::make_unique<Server>(options_, routes_, Furniture{});
        server_->start();
        return server_->port();
    }

    void run_all(const std::vector<Case>& cases) {
        start();
        for (const Case& entry : cases) run(entry, entry.bytes.size());
    }

    void run(const Case& entry, size_t piece) {
        effects_ = 0;
        RawClient client(server_->port());
        for (size_t i = 0; i < entry.bytes.size(); i += piece)
            if (!client.send(std::string_view(entry.bytes).substr(i, piece))) break;
        if (entry.then == Then::ShutWriting) client.shut_writing();
        std::optional<Answer> answer;
        for (const int status : entry.statuses) {
            do answer = client.answer();
            while (answer && answer->status == 100);
            CPPUNIT_ASSERT_MESSAGE(entry.name + ": no answer", answer.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.name + ": " + answer->body, status, answer->status);
        }
        check_last(entry, *answer, client);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.name + ": effects", entry.effects, effects_.load());
        health();
    }

    void check_last(const Case& entry, const Answer& answer, RawClient& client) {
        if (answer.status >= 400 && codes.count(answer.status) != 0)
            CPPUNIT_ASSERT_MESSAGE(
                entry.name + ": " + answer.body,
                answer.body.find('"' + codes.at(answer.status) + '"') != std::string::npos);
        if (answer.status == 405 || answer.status == 501)
            CPPUNIT_ASSERT_MESSAGE(entry.name, entry.closes == false || answer.status == 501 ||
                                                   answer.header("Allow").has_value());
        CPPUNIT_ASSERT_MESSAGE(entry.name, answer.body.find(entry.contains) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(entry.name, !answer.header("X-Evil"));
        const bool says_close = answer.header("Connection") == "close";
        if (entry.closes) {
            CPPUNIT_ASSERT_MESSAGE(entry.name + ": must close", client.closed());
            return;
        }
        CPPUNIT_ASSERT_MESSAGE(entry.name + ": must not close", !says_close);
        client.send(get(""));
        const auto next = client.answer();
        CPPUNIT_ASSERT_MESSAGE(entry.name + ": the next", next && next->status == 200);
    }

    void expect_refusal(RawClient& client, int status) {
        const auto answer = client.answer();
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(status, answer->status);
        CPPUNIT_ASSERT(answer->body.find(codes.at(status)) != std::string::npos);
        CPPUNIT_ASSERT(client.closed());
        health();
    }

    // Bounded loosely: a server that waits for somebody else takes seconds.
    void health() {
        RawClient client(server_->port());
        client.send(get(""));
        const auto answer = client.answer(false, 8s);
        CPPUNIT_ASSERT_MESSAGE("an honest client had to wait", answer && answer->status == 200);
    }

    ServerOptions options_;
    std::vector<Route> routes_;
    std::unique_ptr<Server> server_;
    std::atomic<int> effects_{0};
};

CPPUNIT_TEST_SUITE_REGISTRATION(FramingCasesTest);

}  // namespace tandem::serve
