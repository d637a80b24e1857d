#include "call/routes.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/workers.h"
#include "store/lanes.h"
#include "unit/call/ground.h"

namespace tandem::call {

namespace {

using namespace std::chrono_literals;
using deliver::Receipt;
using testing::CallWorld;

/// Keeps the one answer to a request.
class Kept : public serve::Responder::Exchange {
public:
    void answer(serve::Response response) override {
        const std::lock_guard lock(mutex_);
        CPPUNIT_ASSERT_MESSAGE("answered twice", !response_);
        response_ = std::move(response);
        came_.notify_all();
    }
    void stream(serve::Response, std::function<void(std::shared_ptr<serve::Stream>)>) override {
        CPPUNIT_FAIL("no stream was asked for");
    }
    bool there() {
        const std::lock_guard lock(mutex_);
        return response_.has_value();
    }
    serve::Response wait() {
        std::unique_lock lock(mutex_);
        CPPUNIT_ASSERT_MESSAGE("no answer came",
                               came_.wait_for(lock, 60s, [this] { return response_.has_value(); }));
        return *response_;
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::optional<serve::Response> response_;  // guarded by mutex_
};

/// A call room with doors.
class Doors {
public:
    explicit Doors(Milliseconds patience = 60s)
        : workers(2, 1000),
          lanes([this](std::function<void()> work) { workers.run(std::move(work)); }, world.log,
                world.metrics),
          placing(world.ground(), lanes, world.calls, world.callers, {patience, 120s}),
          idempotency(*world.store, *world.committer, world.clock, world.log),
          all(routes({&placing, &world.calls, &idempotency, world.store.get(), &world.voiced,
                      &world.ids, &world.clock, 65536})) {}
    ~Doors() {
        lanes.stop();
        workers.stop();
    }

    std::shared_ptr<Kept> post(const std::string& body, const std::string& key = {}) {
        serve::Request request;
        request.method = "POST";
        request.path = "/api/conversations/outbound-call";
        request.body = body;
        if (!key.empty()) request.headers.push_back({"Idempotency-Key", key});
        return send(0, std::move(request));
    }
    std::shared_ptr<Kept> get(const std::string& id) {
        serve::Request request;
        request.method = "GET";
        request.path = "/api/calls/" + id;
        request.path_parameters = {{"conversationId", id}};
        return send(1, std::move(request));
    }
    /// As the dispatcher would, once something is owed.
    void serve_due() {
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (world.due().empty() && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        world.work_due();
    }

    CallWorld world;
    Workers workers;
    store::ConversationLanes lanes;
    Placing placing;
    admit::Idempotency idempotency;
    std::vector<serve::Route> all;

private:
    std::shared_ptr<Kept> send(size_t route, serve::Request request) {
        domain::Identity identity;
        identity.subject = "agent-7";
        identity.organization = CallWorld::organization;
        request.identity = identity;
        auto kept = std::make_shared<Kept>();
        all.at(route).handler(std::move(request), serve::Responder(kept));
        return kept;
    }
};

void expect(const serve::Response& response, int status, const std::string& words) {
    CPPUNIT_ASSERT_EQUAL_MESSAGE(response.body, status, response.status);
    CPPUNIT_ASSERT_MESSAGE(response.body, response.body.find(words) != std::string::npos);
}

class CallRoutesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CallRoutesTest);
    CPPUNIT_TEST(a_call_is_answered_once_the_provider_was_asked);
    CPPUNIT_TEST(what_is_asked_for_is_checked);
    CPPUNIT_TEST(a_human_or_an_opt_out_comes_first);
    CPPUNIT_TEST(a_refusal_is_told_with_a_safe_reason);
    CPPUNIT_TEST(patience_ends_with_a_502_and_nobody_is_called_after_it);
    CPPUNIT_TEST(a_call_for_later_is_answered_at_once);
    CPPUNIT_TEST(a_repetition_gets_the_first_answer_and_calls_nobody);
    CPPUNIT_TEST(a_key_stands_for_one_request);
    CPPUNIT_TEST(a_repetition_after_a_crash_is_told_from_the_record);
    CPPUNIT_TEST(a_call_is_found_by_all_its_ids);
    CPPUNIT_TEST(every_call_has_an_audit_line);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_call_is_answered_once_the_provider_was_asked() {
        Doors doors;
        const auto kept = doors.post(R"({"phoneNumber":"+1 555 123 4567","callReason":"test ride",
            "userId":"extra","organizationId":""})");
        doors.serve_due();
        const serve::Response answer = kept->wait();
        expect(answer, 200, "\"conversationId\":\"conv-1\"");
        expect(answer, 200, "\"phoneNumber\":\"+15551234567\"");
        expect(answer, 200, "\"status\":\"initiated\"");
        expect(answer, 200, "\"initiatedBy\":\"agent-7\"");
        expect(answer, 200, "\"priority\":\"medium\"");
        const std::string event = doors.world.last_event("call_initiated");
        CPPUNIT_ASSERT(event.find("\"callReason\":\"test ride\"") != std::string::npos);
        CPPUNIT_ASSERT(event.find("\"call_reason\":\"test ride\"") != std::string::npos);
        CPPUNIT_ASSERT(!doors.world.last_event("lead_auto_created").empty());
    }

    void what_is_asked_for_is_checked() {
        Doors doors;
        const auto refused = [&](const std::string& body, int status, const std::string& words) {
            expect(doors.post(body)->wait(), status, words);
        };
        refused("{}", 400, "MISSING_PHONE_NUMBER");
        refused(R"({"phoneNumber":"911"})", 400, "INVALID_PHONE_NUMBER");
        refused(R"({"phoneNumber":7})", 400, "VALIDATION_FAILED");
        refused(R"({"phoneNumber":"+15551234567","priority":"now"})", 400, "priority");
        refused(R"({"phoneNumber":"+15551234567","serviceDetails":[1]})", 400, "serviceDetails");
        refused(R"({"phoneNumber":"+15551234567","scheduledTime":"soon"})", 400, "scheduledTime");
        refused(R"({"phoneNumber":"+15551234567","scheduledTime":"2001-01-01T00:00:00Z"})", 400,
                "future");
        refused(R"({"phoneNumber":"+15551234567","callReason":")" + std::string(501, 'a') + "\"}",
                400, "callReason");
        refused(R"({"phoneNumber":"911","organizationId":"other"})", 403,
                "ORGANIZATION_ACCESS_DENIED");
        CPPUNIT_ASSERT(doors.world.due().empty());
    }

    void a_human_or_an_opt_out_comes_first() {
        Doors doors;
        doors.world.joins();
        expect(doors.post(R"({"phoneNumber":"+15551234567"})")->wait(), 409, "UNDER_HUMAN_CONTROL");
        doors.world.leaves();
        doors.world.opts_out();
        expect(doors.post(R"({"phoneNumber":"+15551234567"})")->wait(), 409, "OPTED_OUT");
        CPPUNIT_ASSERT(doors.world.due().empty());
    }

    void a_refusal_is_told_with_a_safe_reason() {
        Doors doors;
        Receipt no = CallWorld::of(Receipt::Kind::Refused);
        no.error_text = "may not call +15551234567";
        doors.world.voice->receipts = {no};
        const auto kept = doors.post(R"({"phoneNumber":"+15551234567"})");
        doors.serve_due();
        const serve::Response answer = kept->wait();
        expect(answer, 502, "PROVIDER_FAILED");
        expect(answer, 502, "may not call [...]");
    }

    void patience_ends_with_a_502_and_nobody_is_called_after_it() {
        Doors doors(1s);
        expect(doors.post(R"({"phoneNumber":"+15551234567"})")->wait(), 502, "PROVIDER_FAILED");
        CPPUNIT_ASSERT(!doors.world.last_event("call_ended").empty());
        doors.world.clock.advance(std::chrono::hours{1});
        doors.world.work_due();
        CPPUNIT_ASSERT(doors.world.voice->started.empty());
    }

    void a_call_for_later_is_answered_at_once() {
        Doors doors;
        const std::string when = iso8601(doors.world.clock.now() + std::chrono::hours{2});
        const auto kept =
            doors.post(R"({"phoneNumber":"+15551234567","scheduledTime":")" + when + "\"}");
        const serve::Response answer = kept->wait();
        expect(answer, 200, "\"status\":\"scheduled\"");
        expect(answer, 200, "\"conversationId\":null");
        CPPUNIT_ASSERT(doors.world.due().empty());
        CPPUNIT_ASSERT(doors.world.last_event("call_initiated").empty());
        doors.world.clock.advance(std::chrono::hours{2});
        doors.world.work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, doors.world.voice->started.size());
    }

    void a_repetition_gets_the_first_answer_and_calls_nobody() {
        Doors doors;
        const std::string body = R"({"phoneNumber":"+15551234567"})";
        const auto first = doors.post(body, "key-1");
        expect(doors.post(body, "key-1")->wait(), 409, "IDEMPOTENCY_IN_PROGRESS");
        doors.serve_due();
        const serve::Response answer = first->wait();
        // The answer is kept by a commit of its own, right after it was given.
        serve::Response again = doors.post(body, "key-1")->wait();
        for (int i = 0; i < 6000 && again.status == 409; ++i) {
            std::this_thread::sleep_for(10ms);
            again = doors.post(body, "key-1")->wait();
        }
        CPPUNIT_ASSERT_EQUAL(answer.status, again.status);
        CPPUNIT_ASSERT_EQUAL(answer.body, again.body);
        doors.world.work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, doors.world.voice->started.size());
    }

    void a_key_stands_for_one_request() {
        Doors doors;
        const auto first = doors.post(R"({"phoneNumber":"+15551234567"})", "key-1");
        doors.serve_due();
        first->wait();
        expect(doors.post(R"({"phoneNumber":"+15557654321"})", "key-1")->wait(), 422,
               "IDEMPOTENCY_KEY_REUSED");
        expect(doors.post(R"({"phoneNumber":"+15551234567"})", "a b")->wait(), 400,
               "Idempotency-Key");
        doors.world.clock.advance(std::chrono::hours{25});
        const auto later = doors.post(R"({"phoneNumber":"+15557654321"})", "key-1");
        doors.serve_due();
        expect(later->wait(), 200, "+15557654321");
    }

    void a_repetition_after_a_crash_is_told_from_the_record() {
        Doors doors;
        const std::string body = R"({"phoneNumber":"+15551234567"})";
        const auto first = doors.post(body, "key-1");
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (doors.world.due().empty() && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        // Nobody of the first process is there to give the answer.
        doors.world.callers.forget(doors.world.due().at(0).subject_id);
        doors.world.work_due();
        doors.world.clock.advance(3min);
        expect(doors.post(body, "key-1")->wait(), 200, "\"conversationId\":\"conv-1\"");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, doors.world.voice->started.size());
    }

    void a_call_is_found_by_all_its_ids() {
        Doors doors;
        const auto kept = doors.post(R"({"phoneNumber":"+15551234567","callReason":"why"})");
        doors.serve_due();
        kept->wait();
        const std::string id = doors.world.voice->started.at(0).call_id;
        for (const std::string& known : {std::string("conv-1"), std::string("CA1"), id}) {
            const serve::Response answer = doors.get(known)->wait();
            expect(answer, 200, "\"callId\":\"" + id + "\"");
            expect(answer, 200, "\"transcript\":[]");
            expect(answer, 200, "\"callReason\":\"why\"");
        }
        expect(doors.get("conv-2")->wait(), 404, "NOT_FOUND");
    }

    void every_call_has_an_audit_line() {
        Doors doors;
        const auto kept = doors.post(R"({"phoneNumber":"+15551234567"})");
        doors.serve_due();
        kept->wait();
        const auto lines = doors.world.store->audit(CallWorld::organization, {}, 10);
        CPPUNIT_ASSERT(lines);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, lines->size());
        CPPUNIT_ASSERT_EQUAL(std::string("call"), lines->front().action);
        CPPUNIT_ASSERT_EQUAL(std::string("agent-7"), lines->front().actor);
        CPPUNIT_ASSERT_EQUAL(std::string("+15551234567"), lines->front().address);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CallRoutesTest);

}  // namespace

}  // namespace tandem::call
