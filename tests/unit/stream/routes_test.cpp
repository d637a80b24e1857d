#include "stream/routes.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "house.h"

namespace tandem::stream {

namespace {

const std::string ann = "+15551230001";
const std::string bob = "+15551230002";

/// What a request got: an answer, or a stream.
struct Got : serve::Responder::Exchange {
    explicit Got(Loop& the_loop) : loop(the_loop) {}
    void answer(serve::Response given) override {
        response = std::move(given);
        answered = true;
    }
    void stream(serve::Response head,
                std::function<void(std::shared_ptr<serve::Stream>)> opened) override {
        response = std::move(head);
        answered = true;
        line = std::make_shared<Line>(loop);
        loop.with([&] { opened(line); });
    }
    bool has(const std::string& part) const {
        return response.body.find(part) != std::string::npos;
    }
    std::string header(const std::string& name) const {
        for (const serve::Header& one : response.headers)
            if (one.name == name) return one.value;
        return {};
    }

    Loop& loop;
    serve::Response response;
    bool answered = false;
    std::shared_ptr<Line> line;
};

domain::Organization organization(const domain::OrganizationId& id) {
    domain::Organization made;
    made.id = id;
    made.default_region = "US";
    return made;
}

}  // namespace

class RoutesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RoutesTest);
    CPPUNIT_TEST(every_route_needs_conversations_read);
    CPPUNIT_TEST(a_stream_has_the_contracts_head);
    CPPUNIT_TEST(a_conversation_is_named_by_lead_or_number);
    CPPUNIT_TEST(what_cannot_be_opened_is_refused_before_it_begins);
    CPPUNIT_TEST(accept_decides_as_http_says);
    CPPUNIT_TEST(the_last_id_comes_by_header_or_query_and_the_header_is_newer);
    CPPUNIT_TEST(one_stream_too_many_is_refused_and_a_closed_one_makes_room);
    CPPUNIT_TEST(an_inbox_is_narrowed_by_types);
    CPPUNIT_TEST(a_ticket_is_asked_for_and_opens_its_stream_without_a_header);
    CPPUNIT_TEST(a_ticket_that_does_not_hold_is_204);
    CPPUNIT_TEST(a_ticket_is_not_for_who_has_a_minute_of_grace);
    CPPUNIT_TEST(bodies_of_ticket_orders_are_read_strictly);
    CPPUNIT_TEST(an_id_of_another_organization_is_as_unknown_as_any);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        tickets_ = std::make_unique<Tickets>(house_->clock);
        places_ = std::make_unique<Places>(3);
        organizations_ = std::make_unique<domain::Organizations>(
            std::vector{organization("acme"), organization("rival")});
        routes_ = routes({house_->hub, *tickets_, *places_, house_->store, *organizations_});
        house_->store.add_lead("acme", "lead-1", ann);
        house_->store.add_lead("rival", "lead-9", bob);
    }
    void tearDown() override { house_.reset(); }

    void every_route_needs_conversations_read() {
        CPPUNIT_ASSERT_EQUAL(size_t{3}, routes_.size());
        for (const serve::Route& route : routes_) {
            CPPUNIT_ASSERT_EQUAL(std::string("conversations:read"), route.permission);
            const bool post = route.method == "POST";
            CPPUNIT_ASSERT(route.access == (post ? serve::Access::Bearer : serve::Access::Stream));
            CPPUNIT_ASSERT_EQUAL(post, route.reads_json);
            CPPUNIT_ASSERT_EQUAL(post, route.body_limit > 0);
        }
    }

    void a_stream_has_the_contracts_head() {
        const auto got = conversation("lead-1");
        CPPUNIT_ASSERT_EQUAL(200, got->response.status);
        CPPUNIT_ASSERT_EQUAL(std::string("text/event-stream"), got->response.content_type);
        CPPUNIT_ASSERT_EQUAL(std::string("no-cache, no-transform"), got->header("Cache-Control"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), got->header("X-Accel-Buffering"));
        const auto events = heard(*got->line);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, events.size());
        CPPUNIT_ASSERT(events[0].data.find("\"leadId\":\"lead-1\"") != std::string::npos);
        CPPUNIT_ASSERT(events[0].data.find(ann) != std::string::npos);
    }

    void a_conversation_is_named_by_lead_or_number() {
        const std::vector<std::string> queries{"", "phoneNumber=%2B15551230001",
                                               "phoneNumber=+15551230001",
                                               "phoneNumber=(555)%20123-0001", "phoneNumber="};
        for (const std::string& query : queries) {
            const auto got = conversation("lead-1", query);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(query, 200, got->response.status);
            house_->publish(ann, "{\"to\":\"" + query + "\"}");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(query, size_t{1}, told(*got->line).size());
            got->line->hang_up();
        }
        const auto unknown = conversation("nobody", "phoneNumber=5551230002");
        CPPUNIT_ASSERT_EQUAL(200, unknown->response.status);
        house_->publish(bob, "{}");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told(*unknown->line).size());
        CPPUNIT_ASSERT(heard(*unknown->line)[0].data.find("\"leadId\":null") != std::string::npos);
    }

    void what_cannot_be_opened_is_refused_before_it_begins() {
        const auto refused = [&](const std::shared_ptr<Got>& got, int status, const char* code) {
            CPPUNIT_ASSERT(!got->line);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(code, status, got->response.status);
            CPPUNIT_ASSERT_MESSAGE(got->response.body, got->has(code));
        };
        refused(conversation("nobody"), 404, "NOT_FOUND");
        refused(conversation(std::string(5000, 'x')), 404, "NOT_FOUND");
        refused(conversation("lead-1", "phoneNumber=5551230002"), 400, "VALIDATION_FAILED");
        refused(conversation("lead-1", "phoneNumber=abc"), 400, "INVALID_PHONE_NUMBER");
        refused(conversation("nobody", "phoneNumber=911"), 400, "INVALID_PHONE_NUMBER");
        refused(inbox("types=A"), 400, "VALIDATION_FAILED");
        refused(inbox("types=a,,b"), 400, "VALIDATION_FAILED");
        serve::Request head = get("/api/stream/organization", "");
        head.method = "HEAD";
        const auto no_head = send(head, 1);
        refused(no_head, 405, "METHOD_NOT_ALLOWED");
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), no_head->header("Allow"));
        house_->store.failing = true;
        refused(conversation("lead-1"), 503, "STORAGE_UNAVAILABLE");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, house_->hub.streams_open());
    }

    void accept_decides_as_http_says() {
        const std::vector<std::pair<std::string, int>> cases{
            {"text/event-stream", 200},
            {"Text/Event-Stream; charset=utf-8", 200},
            {"*/*", 200},
            {"text/*;q=0.5, application/json", 200},
            {"application/json", 406},
            {"text/html, application/xml;q=0.9", 406},
            {"text/event-stream;q=0", 406},
            {"text/event-stream; q=0.000, */*;q=0", 406},
            {"", 406},
            {"text/event-stream;q=0.001", 200},
        };
        for (const auto& [accept, status] : cases) {
            serve::Request request = get("/api/stream/organization", "");
            request.headers.push_back({"Accept", accept});
            const auto got = send(request, 1);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(accept, status, got->response.status);
            if (got->line) got->line->hang_up();
        }
    }

    void the_last_id_comes_by_header_or_query_and_the_header_is_newer() {
        for (int i = 1; i <= 4; ++i) house_->publish(ann, "{\"n\":" + std::to_string(i) + "}");
        const auto by_query = conversation("lead-1", "lastEventId=e0-2");
        CPPUNIT_ASSERT(await_text(*by_query->line, "{\"n\":4}"));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, told(*by_query->line).size());
        serve::Request both = get("/api/stream/conversation/lead-1", "load=true&lastEventId=e0-1");
        both.path_parameters = {{"leadId", "lead-1"}};
        both.headers.push_back({"last-event-id", "e0-3"});
        const auto by_header = send(both, 0);
        CPPUNIT_ASSERT(await_text(*by_header->line, "{\"n\":4}"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told(*by_header->line).size());
    }

    void one_stream_too_many_is_refused_and_a_closed_one_makes_room() {
        std::vector<std::shared_ptr<Got>> open;
        for (int i = 0; i < 3; ++i) open.push_back(inbox(""));
        const auto fourth = inbox("");
        CPPUNIT_ASSERT_EQUAL(429, fourth->response.status);
        CPPUNIT_ASSERT(fourth->has("RATE_LIMITED"));
        CPPUNIT_ASSERT(!fourth->header("Retry-After").empty());
        open.front()->line->hang_up();
        CPPUNIT_ASSERT_EQUAL(200, inbox("")->response.status);
    }

    void an_inbox_is_narrowed_by_types() {
        const auto got = inbox("types=needs_human,%20call_ended");
        house_->publish(ann, "{\"n\":1}", "acme", "sms_received");
        house_->publish(ann, "{\"n\":2}", "acme", "call_ended");
        CPPUNIT_ASSERT(told(*got->line) == std::vector<std::string>{"{\"n\":2}"});
    }

    void a_ticket_is_asked_for_and_opens_its_stream_without_a_header() {
        const std::string ticket = order("{\"leadId\":\"lead-1\"}");
        const auto got = by_ticket("/api/stream/conversation/lead-1", "lead-1", ticket);
        CPPUNIT_ASSERT_EQUAL(200, got->response.status);
        house_->publish(ann, "{\"n\":1}");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told(*got->line).size());
        const auto again = by_ticket("/api/stream/conversation/lead-1", "lead-1", ticket);
        CPPUNIT_ASSERT_EQUAL(200, again->response.status);
        CPPUNIT_ASSERT(got->line->await_end());

        const std::string number = order("{\"phoneNumber\":\"(555) 123-0002\",\"leadId\":null}");
        serve::Request request =
            get("/api/stream/conversation/any", "phoneNumber=5551230002&ticket=" + number);
        request.path_parameters = {{"leadId", "any"}};
        CPPUNIT_ASSERT_EQUAL(200, send(request, 0)->response.status);

        const std::string all = order("{\"organization\":true,\"organizationId\":\"acme\"}");
        CPPUNIT_ASSERT_EQUAL(200, by_ticket("/api/stream/organization", "", all)->response.status);
    }

    void a_ticket_that_does_not_hold_is_204() {
        const std::string ticket = order("{\"leadId\":\"lead-1\"}");
        const auto stopped = [](const std::shared_ptr<Got>& got) {
            return !got->line && got->response.status == 204 && got->response.body.empty();
        };
        CPPUNIT_ASSERT(stopped(by_ticket("/api/stream/organization", "", ticket)));
        serve::Request other =
            get("/api/stream/conversation/x", "phoneNumber=5551230002&ticket=" + ticket);
        other.path_parameters = {{"leadId", "x"}};
        CPPUNIT_ASSERT(stopped(send(other, 0)));
        CPPUNIT_ASSERT(!stopped(by_ticket("/api/stream/conversation/lead-1", "lead-1", ticket)));
        CPPUNIT_ASSERT_MESSAGE("another URL", stopped(by_ticket("/api/stream/conversation/lead-1",
                                                                "lead-1", ticket, "&load=true")));
        house_->clock.pass(Milliseconds{61000});
        CPPUNIT_ASSERT(
            stopped(by_ticket("/api/stream/conversation/lead-1", "lead-1", std::string(64, 'a'))));
    }

    void a_ticket_is_not_for_who_has_a_minute_of_grace() {
        serve::Request request = get("/api/stream/tickets", "");
        request.method = "POST";
        request.body = R"({"organization":true})";
        request.identity->expires_at = house_->clock.now() + Milliseconds{1};
        CPPUNIT_ASSERT_EQUAL(200, send(request, 2)->response.status);
        request.identity->expires_at = house_->clock.now();
        const auto got = send(request, 2);
        CPPUNIT_ASSERT_EQUAL(401, got->response.status);
        CPPUNIT_ASSERT(got->has("TOKEN_EXPIRED"));
    }

    void bodies_of_ticket_orders_are_read_strictly() {
        const std::vector<std::pair<std::string, std::string>> cases{
            {"", "VALIDATION_FAILED"},
            {"[]", "VALIDATION_FAILED"},
            {"{}", "leadId"},
            {"{\"organization\":false}", "leadId"},
            {"{\"organization\":true,\"leadId\":\"lead-1\"}", "together"},
            {"{\"organization\":\"yes\"}", "must be true or false"},
            {"{\"leadId\":7}", "must be a text"},
            {"{\"leadId\":{\"a\":1}}", "must be a text"},
            {"{\"leadId\":[\"lead-1\"]}", "must be a text"},
            {"{\"leadId\":\"lead-1\",\"leadId\":\"lead-1\"}", "stands twice"},
            {"{\"leadId\":\"lead-1\",\"more\":[{\"a\":1,\"a\":1}]}", "stands twice"},
            {std::string("{\"leadId\":\"lead-1\"}\0", 20), "VALIDATION_FAILED"},
            {std::string("{\"leadId\":\"lead-1\"}\0anything", 28), "VALIDATION_FAILED"},
            {"\xef\xbb\xbf{\"leadId\":\"lead-1\"}", "VALIDATION_FAILED"},
            {"{\"leadID\":\"lead-1\"}", "is not known"},
            {"{\"more\":null,\"leadId\":\"lead-1\"}", "is not known"},
            {"{\"leadId\":\"lead-1\"", "VALIDATION_FAILED"},
            {"{\"leadId\":\"a\\u0000b\"}", "NUL"},
            {"{\"leadId\":\"" + std::string(300, 'x') + "\"}", "too long"},
            {std::string(4000, '['), "VALIDATION_FAILED"},
        };
        for (const auto& [body, part] : cases) {
            const auto got = post(body);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, got->response.status);
            CPPUNIT_ASSERT_MESSAGE(body + got->response.body, got->has(part));
            CPPUNIT_ASSERT_MESSAGE(body, got->has("\"code\":\"VALIDATION_FAILED\""));
            CPPUNIT_ASSERT_MESSAGE(body, got->has("\"errors\":[{\"field\":"));
        }
        CPPUNIT_ASSERT_EQUAL(200,
                             post("{\"leadId\":\"lead-1\",\"phoneNumber\":null}")->response.status);
        CPPUNIT_ASSERT_EQUAL(404, post("{\"leadId\":\"nobody\"}")->response.status);
        const auto foreign = post("{\"organization\":true,\"organizationId\":\"rival\"}");
        CPPUNIT_ASSERT_EQUAL(403, foreign->response.status);
        CPPUNIT_ASSERT(foreign->has("ORGANIZATION_ACCESS_DENIED"));
    }

    void an_id_of_another_organization_is_as_unknown_as_any() {
        const auto foreign = conversation("lead-9");
        const auto none = conversation("lead-0");
        CPPUNIT_ASSERT_EQUAL(404, foreign->response.status);
        CPPUNIT_ASSERT_EQUAL(none->response.body, foreign->response.body);
        house_->publish(bob, "{\"secret\":1}", "rival");
        const auto stolen = conversation("x", "phoneNumber=5551230002&lastEventId=e0-0");
        const auto all = inbox("lastEventId=e0-0");
        house_->publish(bob, "{\"mine\":1}");
        CPPUNIT_ASSERT(await_text(*stolen->line, "mine"));
        CPPUNIT_ASSERT(await_text(*all->line, "mine"));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(stolen->line->text(), "secret"));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(all->line->text(), "secret"));
    }

private:
    static serve::Request get(const std::string& path, const std::string& query) {
        serve::Request request;
        request.method = "GET";
        request.path = path;
        request.raw_query = query;
        request.target = path + '?' + query;
        request.identity.emplace();
        request.identity->organization = "acme";
        request.identity->subject = "ann";
        return request;
    }
    std::shared_ptr<Got> send(const serve::Request& request, size_t route) {
        auto got = std::make_shared<Got>(house_->loop);
        routes_.at(route).handler(request, serve::Responder(got));
        CPPUNIT_ASSERT(got->answered);
        return got;
    }
    std::shared_ptr<Got> conversation(const std::string& lead, const std::string& query = "") {
        serve::Request request = get("/api/stream/conversation/" + lead, query);
        request.path_parameters = {{"leadId", lead}};
        return send(request, 0);
    }
    std::shared_ptr<Got> inbox(const std::string& query) {
        return send(get("/api/stream/organization", query), 1);
    }
    std::shared_ptr<Got> post(const std::string& body) {
        serve::Request request = get("/api/stream/tickets", "");
        request.method = "POST";
        request.body = body;
        return send(request, 2);
    }
    std::string order(const std::string& body) {
        const auto got = post(body);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(got->response.body, 200, got->response.status);
        CPPUNIT_ASSERT(got->has("\"expiresAt\":\"2026-11-22T05:19:11.135Z\""));
        const size_t at = got->response.body.find("\"ticket\":\"") + 10;
        return got->response.body.substr(at, 64);
    }
    std::shared_ptr<Got> by_ticket(const std::string& path, const std::string& lead,
                                   const std::string& ticket, const std::string& more = "") {
        serve::Request request = get(path, "ticket=" + ticket + more);
        if (!lead.empty()) request.path_parameters = {{"leadId", lead}};
        return send(request, lead.empty() ? 1 : 0);
    }

    std::unique_ptr<House> house_;
    std::unique_ptr<Tickets> tickets_;
    std::unique_ptr<Places> places_;
    std::unique_ptr<domain::Organizations> organizations_;
    std::vector<serve::Route> routes_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RoutesTest);

}  // namespace tandem::stream
