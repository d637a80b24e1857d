#include "serve/server.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "unit/serve/server_fixture.h"

namespace tandem::serve {

namespace {

/// Lets in who says `Bearer good`.
class TestGuard : public Guard {
public:
    std::optional<Response> check(Request& request, const Route&) override {
        if (request.header("Authorization") != "Bearer good")
            return problem({401, "INVALID_TOKEN", "The token is not valid."});
        request.identity = domain::Identity{.subject = "somebody"};
        return std::nullopt;
    }
};

/// Keeps responders until the test answers them.
class Desk {
public:
    void put(Responder responder) {
        const std::lock_guard lock(mutex_);
        responders_.push_back(std::move(responder));
        arrived_.notify_all();
    }
    Responder take() {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, 20s, [this] { return !responders_.empty(); }))
            throw std::runtime_error("no request came");
        Responder responder = std::move(responders_.front());
        responders_.pop_front();
        return responder;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Responder> responders_;  // guarded by mutex_
};

}  // namespace

class ServerTest : public ServerFixture {
    CPPUNIT_TEST_SUITE(ServerTest);
    CPPUNIT_TEST(a_handler_answers_with_the_headers_that_serve_sets);
    CPPUNIT_TEST(the_request_id_of_the_caller_is_kept_when_it_is_one);
    CPPUNIT_TEST(a_guarded_route_answers_the_guards_refusal_or_runs_with_an_identity);
    CPPUNIT_TEST(a_secret_in_a_webhooks_path_is_repeated_nowhere);
    CPPUNIT_TEST(head_is_answered_as_get_without_the_body);
    CPPUNIT_TEST(options_and_unknown_paths_and_methods_are_answered_by_the_table);
    CPPUNIT_TEST(json_routes_refuse_other_types);
    CPPUNIT_TEST(an_answer_may_come_later_from_another_thread);
    CPPUNIT_TEST(pipelined_requests_are_answered_in_order);
    CPPUNIT_TEST(a_large_answer_arrives_whole_at_a_slow_reader);
    CPPUNIT_TEST(the_client_is_the_last_untrusted_address);
    CPPUNIT_TEST(behind_a_trusted_proxy_answers_promise_tls);
    CPPUNIT_TEST(a_handler_that_never_answers_is_answered_for);
    CPPUNIT_TEST(drain_finishes_what_is_in_hand_and_refuses_the_rest);
    CPPUNIT_TEST(a_late_answer_after_stop_is_dropped);
    CPPUNIT_TEST(cross_origin_is_allowed_by_exact_match_only);
    CPPUNIT_TEST(several_loops_share_one_port);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        furniture_.guard = &guard_;
        add("GET", "/health", [](Request, Responder r) { r.answer(text("fine")); });
        routes_.back().while_draining = true;
        add("GET", "/slow", [this](Request, Responder r) { desk_.put(std::move(r)); });
        add("GET", "/api/echo/{name}", [](Request request, Responder r) {
            r.answer(text(std::string(request.path_parameter("name")) + " " +
                          request.query("q").value_or("none") + " " + request.client));
        });
        add("POST", "/api/json",
            [](Request request, Responder r) { r.answer(text(request.body)); });
        routes_.back().body_limit = 1000;
        routes_.back().reads_json = true;
    }

    void a_handler_answers_with_the_headers_that_serve_sets() {
        RawClient client(start());
        client.send(get("/api/echo/J%C3%B6rg?q=a+b%21"));
        const auto answer = client.answer();
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(200, answer->status);
        CPPUNIT_ASSERT_EQUAL(std::string("J\xc3\xb6rg a b! 127.0.0.1"), answer->body);
        CPPUNIT_ASSERT(answer->header("Content-Type") == "text/plain; charset=utf-8");
        CPPUNIT_ASSERT(answer->header("X-Content-Type-Options") == "nosniff");
        CPPUNIT_ASSERT(answer->header("Cache-Control") == "no-store");
        CPPUNIT_ASSERT(answer->header("X-Request-Id").has_value());
    }

    void the_request_id_of_the_caller_is_kept_when_it_is_one() {
        RawClient client(start());
        client.send(get("/health", "X-Request-Id: a.B-9_\r\n"));
        CPPUNIT_ASSERT(client.answer()->header("X-Request-Id") == "a.B-9_");
        for (const std::string& bad :
             {std::string("a b"), std::string(129, 'a'), std::string("<x>")}) {
            client.send(get("/nothing", "X-Request-Id: " + bad + "\r\n"));
            const auto answer = client.answer();
            const std::string id = answer->header("X-Request-Id").value();
            CPPUNIT_ASSERT(id != bad && !id.empty());
            CPPUNIT_ASSERT(answer->body.find("\"requestId\":\"" + id + "\"") != std::string::npos);
        }
    }

    void a_guarded_route_answers_the_guards_refusal_or_runs_with_an_identity() {
        add("GET", "/api/who", [](Request request, Responder r) {
            r.answer(text(request.identity ? request.identity->subject : "nobody"));
        });
        routes_.back().access = Access::Bearer;
        routes_.back().permission = "leads:read";
        RawClient client(start());
        client.send(get("/api/who"));
        const auto refused = client.answer();
        CPPUNIT_ASSERT_EQUAL(401, refused->status);
        CPPUNIT_ASSERT(refused->header("Content-Type") == "application/problem+json");
        CPPUNIT_ASSERT(refused->body.find("\"instance\":\"/api/who\"") != std::string::npos);
        client.send(get("/api/who", "Authorization: Bearer good\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("somebody"), client.answer()->body);
    }

    void a_secret_in_a_webhooks_path_is_repeated_nowhere() {
        add("POST", "/api/webhooks/eleven/start/{secret}", [](Request request, Responder r) {
            const bool good = request.path_parameter("secret") == "s3cret";
            r.answer(problem({good ? 404 : 403, "NO", "No."}));
        });
        routes_.back().access = Access::Webhook;
        RawClient client(start());
        const auto post = [](const std::string& method, const std::string& path) {
            return method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        };
        for (const auto& [method, path, status] :
             {std::tuple{"POST", "/api/webhooks/eleven/start/s3cret", 404},
              {"POST", "/api/webhooks/eleven/start/s3cret2", 403},
              {"GET", "/api/webhooks/eleven/start/s3cret", 405},
              {"POST", "/api/webhooks/eleven/start/s3cret/more", 404},
              {"POST", "/api/webhooks/s3cret", 404}}) {
            client.send(post(method, path));
            const auto answer = client.answer();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, status, answer->status);
            CPPUNIT_ASSERT_MESSAGE(
                answer->body,
                answer->body.find("\"instance\":\"/api/webhooks/") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(answer->body, answer->body.find("s3cret") == std::string::npos);
        }
    }

    void head_is_answered_as_get_without_the_body() {
        RawClient client(start());
        client.send("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n" + get("/health"));
        const auto head = client.answer(true);
        CPPUNIT_ASSERT(head->header("Content-Length") == "4");
        CPPUNIT_ASSERT_EQUAL(std::string("fine"), client.answer()->body);
    }

    void options_and_unknown_paths_and_methods_are_answered_by_the_table() {
        RawClient client(start());
        client.send("OPTIONS /health HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto options = client.answer();
        CPPUNIT_ASSERT_EQUAL(204, options->status);
        CPPUNIT_ASSERT(options->header("Allow") == "GET, HEAD, OPTIONS");
        client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT(client.answer()->header("Allow") == "GET, HEAD, OPTIONS, POST");
        client.send("DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto denied = client.answer();
        CPPUNIT_ASSERT_EQUAL(405, denied->status);
        CPPUNIT_ASSERT(denied->header("Allow") == "GET, HEAD, OPTIONS");
        client.send(get("/nothing"));
        const auto missing = client.answer();
        CPPUNIT_ASSERT_EQUAL(404, missing->status);
        CPPUNIT_ASSERT(missing->body.find("\"code\":\"NOT_FOUND\"") != std::string::npos);
    }

    void json_routes_refuse_other_types() {
        RawClient client(start());
        const auto post = [&](const std::string& header) {
            client.send("POST /api/json HTTP/1.1\r\nHost: x\r\n" + header +
                        "Content-Length: 2\r\n\r\n{}");
            return client.answer()->status;
        };
        CPPUNIT_ASSERT_EQUAL(200, post("Content-Type: application/json\r\n"));
        CPPUNIT_ASSERT_EQUAL(200, post("Content-Type: Application/JSON; charset=\"UTF-8\"\r\n"));
        CPPUNIT_ASSERT_EQUAL(415, post("Content-Type: text/plain\r\n"));
        CPPUNIT_ASSERT_EQUAL(415, post("Content-Type: application/json; charset=utf-16\r\n"));
        CPPUNIT_ASSERT_EQUAL(415, post(""));
        CPPUNIT_ASSERT_EQUAL(415,
                             post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n"));
    }

    void an_answer_may_come_later_from_another_thread() {
        RawClient client(start());
        client.send(get("/slow"));
        Responder responder = desk_.take();
        std::thread([&] { responder.answer(text("late")); }).join();
        CPPUNIT_ASSERT_EQUAL(std::string("late"), client.answer()->body);
    }

    void pipelined_requests_are_answered_in_order() {
        RawClient client(start());
        std::string all = get("/slow");
        for (int i = 0; i < 200; ++i) all += get("/api/echo/" + std::to_string(i));
        client.send(all);
        Responder first = desk_.take();
        first.answer(text("first"));
        CPPUNIT_ASSERT_EQUAL(std::string("first"), client.answer()->body);
        for (int i = 0; i < 200; ++i)
            CPPUNIT_ASSERT_EQUAL(std::to_string(i) + " none 127.0.0.1", client.answer()->body);
    }

    void a_large_answer_arrives_whole_at_a_slow_reader() {
        const std::string large(8 * 1024 * 1024, 'x');
        add("GET", "/large", [&](Request, Responder r) { r.answer(text(large)); });
        RawClient client(start(), 4096);
        client.send(get("/large") + get("/health"));
        CPPUNIT_ASSERT(client.answer()->body == large);
        CPPUNIT_ASSERT_EQUAL(std::string("fine"), client.answer()->body);
    }

    void the_client_is_the_last_untrusted_address() {
        const std::string forwarded =
            "X-Forwarded-For: 6.6.6.6, 198.51.100.7\r\nX-Forwarded-For: 10.1.2.3\r\n";
        {
            RawClient client(start());
            client.send(get("/api/echo/n", forwarded));
            CPPUNIT_ASSERT_EQUAL(std::string("n none 127.0.0.1"), client.answer()->body);
        }
        server_.reset();
        options_.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
        RawClient client(start());
        client.send(get("/api/echo/n", forwarded));
        CPPUNIT_ASSERT_EQUAL(std::string("n none 198.51.100.7"), client.answer()->body);
        client.send(get("/api/echo/n", "X-Forwarded-For: 6.6.6.6, nonsense\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("n none 127.0.0.1"), client.answer()->body);
    }

    void behind_a_trusted_proxy_answers_promise_tls() {
        const auto promises = [](RawClient& client, const std::string& headers) {
            client.send(get("/health", headers));
            return client.answer()->header("Strict-Transport-Security").has_value();
        };
        options_.public_https = true;
        {
            RawClient stranger(start());
            CPPUNIT_ASSERT(!promises(stranger, "X-Forwarded-Proto: https\r\n"));
        }
        server_.reset();
        options_.trusted_proxies = {"127.0.0.0/8"};
        RawClient proxy(start());
        CPPUNIT_ASSERT(promises(proxy, "X-Forwarded-Proto: https\r\n"));
        CPPUNIT_ASSERT(promises(proxy, ""));
        CPPUNIT_ASSERT(!promises(proxy, "X-Forwarded-Proto: http\r\n"));
    }

    void a_handler_that_never_answers_is_answered_for() {
        options_.answer_time = 100ms;
        RawClient client(start());
        client.send(get("/slow"));
        Responder kept = desk_.take();
        const auto answer = client.answer();
        CPPUNIT_ASSERT_EQUAL(500, answer->status);
        CPPUNIT_ASSERT(client.closed());
        kept.answer(text("too late"));
    }

    void drain_finishes_what_is_in_hand_and_refuses_the_rest() {
        bool told = false;
        furniture_.on_drain = [&] { told = true; };
        const uint16_t port = start();
        RawClient slow(port), other(port), health(port);
        slow.send(get("/slow"));
        Responder responder = desk_.take();
        other.send(get("/health"));
        CPPUNIT_ASSERT_EQUAL(200, other.answer()->status);
        CPPUNIT_ASSERT(!server_->drain(50ms));
        CPPUNIT_ASSERT(told);
        other.send(get("/api/echo/x"));
        const auto refused = other.answer();
        CPPUNIT_ASSERT_EQUAL(503, refused->status);
        CPPUNIT_ASSERT(refused->body.find("SHUTTING_DOWN") != std::string::npos);
        CPPUNIT_ASSERT(refused->header("Connection") == "close");
        CPPUNIT_ASSERT(other.closed());
        health.send(get("/health"));
        CPPUNIT_ASSERT_EQUAL(200, health.answer()->status);
        await([&] {
            try {
                RawClient late(port);
                return false;
            } catch (const std::runtime_error&) {
                return true;
            }
        });
        responder.answer(text("done"));
        CPPUNIT_ASSERT(server_->drain(20s));
        CPPUNIT_ASSERT_EQUAL(std::string("done"), slow.answer()->body);
        CPPUNIT_ASSERT(slow.closed());
    }

    void a_late_answer_after_stop_is_dropped() {
        RawClient client(start());
        client.send(get("/slow"));
        Responder responder = desk_.take();
        server_->stop();
        CPPUNIT_ASSERT(client.closed());
        server_.reset();
        responder.answer(text("nobody hears"));
    }

    void cross_origin_is_allowed_by_exact_match_only() {
        options_.cors_origins = {"https://desk.example"};
        RawClient client(start());
        client.send("OPTIONS /health HTTP/1.1\r\nHost: x\r\nOrigin: https://desk.example\r\n\r\n");
        const auto preflight = client.answer();
        CPPUNIT_ASSERT(preflight->header("Access-Control-Allow-Origin") == "https://desk.example");
        CPPUNIT_ASSERT(preflight->header("Access-Control-Max-Age") == "600");
        // What a script reads of an answer beside its body.
        client.send(get("/health", "Origin: https://desk.example\r\n"));
        const auto read = client.answer();
        for (const char* name : {"X-Request-Id", "X-Next-Cursor", "Retry-After", "RateLimit"})
            CPPUNIT_ASSERT_MESSAGE(
                name,
                read->header("Access-Control-Expose-Headers")->find(name) != std::string::npos);
        for (const std::string origin :
             {"null", "https://desk.example.evil", "http://desk.example"}) {
            client.send(get("/health", "Origin: " + origin + "\r\n"));
            const auto answer = client.answer();
            CPPUNIT_ASSERT(!answer->header("Access-Control-Allow-Origin"));
            CPPUNIT_ASSERT(answer->header("Vary") == "Origin");
        }
    }

    void several_loops_share_one_port() {
        options_.loops = 3;
        const uint16_t port = start();
        for (int i = 0; i < 30; ++i) {
            RawClient client(port);
            client.send(get("/health"));
            CPPUNIT_ASSERT_EQUAL(200, client.answer()->status);
        }
    }

private:
    TestGuard guard_;
    Desk desk_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServerTest);

}  // namespace tandem::serve
