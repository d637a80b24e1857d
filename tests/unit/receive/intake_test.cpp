#include "receive/intake.h"

#include <cppunit/TestFixture.h>

#include "ground.h"
#include "limit/limiter.h"
#include "receive/routes.h"
#include "told.h"

namespace tandem::receive {

namespace {

using namespace testing;
}  // namespace

class IntakeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IntakeTest);
    CPPUNIT_TEST(a_webhook_is_recorded_and_then_answered_as_its_plugin_wants);
    CPPUNIT_TEST(the_plugin_sees_the_public_url_and_the_headers_in_order);
    CPPUNIT_TEST(nobody_is_answered_before_the_commit);
    CPPUNIT_TEST(a_bad_signature_changes_nothing_and_has_one_body);
    CPPUNIT_TEST(what_is_too_large_to_be_judged_is_no_more_genuine);
    CPPUNIT_TEST(report_mode_lets_through_and_says_so);
    CPPUNIT_TEST(what_makes_no_sense_is_told_by_its_kind);
    CPPUNIT_TEST(numbers_that_this_instance_does_not_serve_are_not_found);
    CPPUNIT_TEST(a_request_with_one_foreign_event_is_refused_as_a_whole);
    CPPUNIT_TEST(a_repetition_is_answered_and_has_no_second_effect);
    CPPUNIT_TEST(a_contradiction_is_answered_logged_and_changes_nothing);
    CPPUNIT_TEST(a_thousand_repetitions_at_once_are_one_effect);
    CPPUNIT_TEST(many_texts_of_a_stranger_at_once_make_one_lead_and_one_turn);
    CPPUNIT_TEST(a_lost_race_is_built_again);
    CPPUNIT_TEST(a_race_that_is_always_lost_ends_as_unavailable);
    CPPUNIT_TEST(all_events_of_a_request_are_durable_before_its_answer);
    CPPUNIT_TEST(without_storage_the_provider_is_asked_to_come_again);
    CPPUNIT_TEST(a_status_reaches_its_message_and_an_unknown_one_is_answered);
    CPPUNIT_TEST(a_call_gets_its_context_and_again_when_it_asks_again);
    CPPUNIT_TEST(a_call_gets_defaults_when_storage_fails);
    CPPUNIT_TEST(a_call_gets_defaults_when_storage_is_slow);
    CPPUNIT_TEST(emitted_events_are_recorded_in_order);
    CPPUNIT_TEST(emitted_events_wait_for_storage);
    CPPUNIT_TEST(the_queue_of_emitted_events_is_bounded);
    CPPUNIT_TEST(only_outside_routes_are_offered_and_lead_to_the_source);
    CPPUNIT_TEST(logs_and_metrics_carry_no_phone_and_no_text);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        say({text("SM1", "Hello")});
    }
    void tearDown() override { house_.reset(); }

    void a_webhook_is_recorded_and_then_answered_as_its_plugin_wants() {
        const auto response = post()->wait();
        CPPUNIT_ASSERT_EQUAL(200, response.status);
        CPPUNIT_ASSERT_EQUAL(std::string("text/xml"), response.content_type);
        CPPUNIT_ASSERT_EQUAL(std::string("<Response/>"), response.body);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "lead_auto_created"));
        const auto messages = house_->store.messages("bici", "+14155550199", 0, 10);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, messages->size());
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), messages->front().content);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, owed().size());
        expect_counted("message_received", "new", 1);
    }

    void the_plugin_sees_the_public_url_and_the_headers_in_order() {
        WebhookRequest seen;
        house_->source->judge = [&](const WebhookRequest& request) {
            seen = request;
            return Result<void>();
        };
        post()->wait();
        CPPUNIT_ASSERT_EQUAL(
            std::string("https://gw.example.com/api/webhooks/twilio/sms/incoming?a=%20b"),
            seen.public_url);
        CPPUNIT_ASSERT_EQUAL(std::string("/api/webhooks/twilio/sms/incoming?a=%20b"), seen.target);
        CPPUNIT_ASSERT_EQUAL(std::string("sms/incoming"), seen.path);
        CPPUNIT_ASSERT_EQUAL(std::string("the body"), seen.body);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, seen.headers.size());
        CPPUNIT_ASSERT_EQUAL(std::string("evil.example"), seen.headers[0].second);
        CPPUNIT_ASSERT_EQUAL(std::string("X-B"), seen.headers[1].first);
    }

    void nobody_is_answered_before_the_commit() {
        std::atomic<bool> early{false};
        std::shared_ptr<Asked> asked = std::make_shared<Asked>();
        house_->store.before_commit = [&] { early = early || asked->answered(); };
        post(asked)->wait();
        CPPUNIT_ASSERT(!early);
    }

    void a_bad_signature_changes_nothing_and_has_one_body() {
        std::vector<serve::Response> responses;
        for (const char* reason : {"the header is missing", "no token fits"}) {
            house_->source->judge = [&](const WebhookRequest&) -> Result<void> {
                return Error{Code::Unauthorized, reason};
            };
            responses.push_back(post()->wait());
            CPPUNIT_ASSERT(house_->log.lines().find(reason) != std::string::npos);
            CPPUNIT_ASSERT(responses.back().body.find(reason) == std::string::npos);
        }
        CPPUNIT_ASSERT_EQUAL(403, responses[0].status);
        CPPUNIT_ASSERT(responses[0].body.find("INVALID_SIGNATURE") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(responses[0].body, responses[1].body);
        CPPUNIT_ASSERT(house_->events().empty());
        expect_counted("none", "bad_signature", 2);
    }

    void what_is_too_large_to_be_judged_is_no_more_genuine() {
        limit::Limiter limiter({.bad_signatures = 20}, house_->clock, house_->metrics);
        house_->limits = &limiter;
        house_->restart();
        const auto judged = [&](Code code) {
            house_->source->judge = [code](const WebhookRequest&) -> Result<void> {
                return Error{code, "the body has more than 1 MiB"};
            };
            return post()->wait();
        };
        const serve::Response large = judged(Code::Limited);
        CPPUNIT_ASSERT_EQUAL(403, large.status);
        CPPUNIT_ASSERT_EQUAL(judged(Code::Unauthorized).body, large.body);
        CPPUNIT_ASSERT(house_->log.lines().find("more than 1 MiB") != std::string::npos);
        int before_enough = 0;
        while (judged(Code::Limited).status == 403 && before_enough < 100) ++before_enough;
        CPPUNIT_ASSERT_EQUAL(429, judged(Code::Limited).status);
        // A plugin that could not judge for now is asked again.
        CPPUNIT_ASSERT_EQUAL(503, judged(Code::Unavailable).status);
        house_->limits = nullptr;
        house_->restart();
    }

    void report_mode_lets_through_and_says_so() {
        house_->source->judge = [](const WebhookRequest&) -> Result<void> {
            return Error{Code::Unauthorized, "no token fits"};
        };
        report_only_ = true;
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT(house_->log.lines().find("UNPROVEN") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        // Only what is not genuine is let through, not a plugin that is broken.
        house_->source->judge = [](const WebhookRequest&) -> Result<void> {
            return Error{Code::Internal, "no HMAC here"};
        };
        CPPUNIT_ASSERT_EQUAL(500, post()->wait().status);
    }

    void what_makes_no_sense_is_told_by_its_kind() {
        for (const auto& [code, expected] : {std::pair{Code::Invalid, 400},
                                             {Code::Unsupported, 415},
                                             {Code::Limited, 413},
                                             {Code::Internal, 500}}) {
            house_->source->read = [code = code](const WebhookRequest&) -> Result<Normalised> {
                return Error{code, "inner words"};
            };
            const auto response = post()->wait();
            CPPUNIT_ASSERT_EQUAL(expected, response.status);
            CPPUNIT_ASSERT(response.body.find("inner words") == std::string::npos);
        }
        auto event = text("SM1", "Hello", "not a number at all, really");
        say({event});
        CPPUNIT_ASSERT_EQUAL(400, post()->wait().status);
        event = text("SM1", "Hello");
        event.dedupe_key.clear();
        say({event});
        CPPUNIT_ASSERT_EQUAL(500, post()->wait().status);
        CPPUNIT_ASSERT(house_->events().empty());
    }

    void numbers_that_this_instance_does_not_serve_are_not_found() {
        for (const char* business : {"+14155550111", "+14155550123", "12345", "nonsense"}) {
            auto event = text("SM1", "Hello");
            event.business_address = business;
            say({event});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(business, 404, post()->wait().status);
        }
        CPPUNIT_ASSERT(house_->events().empty());
        CPPUNIT_ASSERT(house_->events("other").empty());
        expect_counted("message_received", "unknown_number", 4);
        // Written otherwise, the same number is the same business.
        for (const char* business : {"whatsapp:+14155550100", "+1 415 555 0100", "14155550100"}) {
            auto event = text(std::string("SM") + business, "Hello");
            event.business_address = business;
            say({event});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(business, 200, post()->wait().status);
        }
    }

    void a_request_with_one_foreign_event_is_refused_as_a_whole() {
        auto foreign = text("SM2", "Hello");
        foreign.business_address = "+14155550111";
        say({text("SM1", "Hello"), foreign});
        CPPUNIT_ASSERT_EQUAL(404, post()->wait().status);
        CPPUNIT_ASSERT(house_->events().empty());
    }

    void a_repetition_is_answered_and_has_no_second_effect() {
        const auto first = post()->wait();
        const size_t events = house_->events().size();
        const auto again = post()->wait();
        CPPUNIT_ASSERT_EQUAL(first.status, again.status);
        CPPUNIT_ASSERT_EQUAL(first.body, again.body);
        CPPUNIT_ASSERT_EQUAL(events, house_->events().size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, owed().size());
        expect_counted("message_received", "duplicate", 1);
    }

    void a_contradiction_is_answered_logged_and_changes_nothing() {
        post()->wait();
        say({text("SM1", "Something else")});
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT(house_->log.lines().find("says something else") != std::string::npos);
        expect_counted("message_received", "conflict", 1);
    }

    void a_thousand_repetitions_at_once_are_one_effect() {
        std::vector<std::shared_ptr<Asked>> all;
        for (int i = 0; i < 1000; ++i) {
            all.push_back(post());
            // The lane of one conversation is bounded.
            if (i % 200 == 199) all.back()->wait();
        }
        for (const auto& one : all) CPPUNIT_ASSERT_EQUAL(200, one->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, owed().size());
        expect_counted("message_received", "duplicate", 999);
    }

    void many_texts_of_a_stranger_at_once_make_one_lead_and_one_turn() {
        std::vector<std::shared_ptr<Asked>> all;
        for (int i = 0; i < 100; ++i) {
            say({text("SM" + std::to_string(i), std::to_string(i))});
            all.push_back(post());
        }
        for (const auto& one : all) CPPUNIT_ASSERT_EQUAL(200, one->wait().status);
        const auto events = house_->events();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(events, "lead_auto_created"));
        CPPUNIT_ASSERT_EQUAL(size_t{100}, count(events, "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, owed().size());
        const auto snapshot = house_->store.snapshot("bici", "+14155550199", 0);
        CPPUNIT_ASSERT_EQUAL(int64_t{100}, snapshot->conversation->message_count);
    }

    void a_lost_race_is_built_again() {
        int races = 3;
        house_->store.before_commit = [&] {
            if (races-- > 0) race();
        };
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        const auto events = house_->events();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(events, "sms_received"));
        // Who raced had met the customer first.
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(events, "lead_auto_created"));
    }

    void a_race_that_is_always_lost_ends_as_unavailable() {
        int commits = 0;
        house_->store.before_commit = [&] {
            ++commits;
            race();
        };
        const auto response = post()->wait();
        CPPUNIT_ASSERT_EQUAL(503, response.status);
        // Before its nine attempts the organisation got its key for hashes.
        CPPUNIT_ASSERT_EQUAL(10, commits);
        CPPUNIT_ASSERT(house_->events().empty());
    }

    void all_events_of_a_request_are_durable_before_its_answer() {
        say({text("SM1", "one"), text("SM2", "two"), text("SM3", "three", "+14155550155")});
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, count(house_->events(), "sms_received"));
        // And one that is known already does not hide the others.
        say({text("SM3", "three", "+14155550155"), text("SM4", "four")});
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{4}, count(house_->events(), "sms_received"));
    }

    void without_storage_the_provider_is_asked_to_come_again() {
        const auto expect_unavailable = [&] {
            const auto response = post()->wait();
            CPPUNIT_ASSERT_EQUAL(503, response.status);
            CPPUNIT_ASSERT(response.body.find("STORAGE_UNAVAILABLE") != std::string::npos);
            bool retry_after = false;
            for (const auto& header : response.headers)
                retry_after = retry_after || header.name == "Retry-After";
            CPPUNIT_ASSERT(retry_after);
        };
        house_->store.reads_fail = true;
        expect_unavailable();
        house_->store.reads_fail = false;
        house_->store.writes_fail = true;
        expect_unavailable();
        house_->store.writes_fail = false;
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        house_->lanes.stop();
        expect_unavailable();
    }

    void a_status_reaches_its_message_and_an_unknown_one_is_answered() {
        say({status("m-1", domain::Delivery::Sent, "sent")});
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        expect_counted("message_status", "unknown_message", 1);
        put_outbound("m-1");
        // It came too early then, and is not forgotten as a repetition now.
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        say({status("m-1", domain::Delivery::Delivered, "delivered")});
        post()->wait();
        say({status("m-1", domain::Delivery::Sending, "sending")});
        CPPUNIT_ASSERT_EQUAL(200, post()->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "sms_status_update"));
        const auto message = house_->store.message("bici", "m-1");
        CPPUNIT_ASSERT(message->delivery == domain::Delivery::Delivered);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, house_->store.status_history("bici", "m-1", 10)->size());
    }

    void a_call_gets_its_context_and_again_when_it_asks_again() {
        say({call("CA1")});
        const auto first = post()->wait();
        CPPUNIT_ASSERT_EQUAL(200, first.status);
        CPPUNIT_ASSERT(first.body.find("caller_type=new_caller;") != std::string::npos);
        const auto again = post()->wait();
        CPPUNIT_ASSERT(again.body.find("caller_type=existing_lead;") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_initiated"));
    }

    void a_call_gets_defaults_when_storage_fails() {
        say({call("CA1")});
        house_->store.reads_fail = true;
        const auto response = post()->wait();
        CPPUNIT_ASSERT_EQUAL(200, response.status);
        CPPUNIT_ASSERT(response.body.find("conversation_context=No previous conversation;") !=
                       std::string::npos);
        CPPUNIT_ASSERT(response.body.find("organization_name=BICI;") != std::string::npos);
    }

    void a_call_gets_defaults_when_storage_is_slow() {
        house_ = std::make_unique<House>(IntakeOptions{}.context_patience);
        say({call("CA1")});
        std::mutex gate;
        std::unique_lock closed(gate);
        house_->store.before_commit = [&] { const std::lock_guard lock(gate); };
        const auto asked = post();
        const auto response = asked->wait();
        CPPUNIT_ASSERT_EQUAL(200, response.status);
        CPPUNIT_ASSERT(response.body.find("caller_type=new_caller;") != std::string::npos);
        CPPUNIT_ASSERT(house_->events().empty());
        // What had begun is recorded all the same.
        closed.unlock();
        until([&] { return count(house_->events(), "call_initiated") == 1; });
    }

    void emitted_events_are_recorded_in_order() {
        put_outbound("m-1");
        CPPUNIT_ASSERT(house_->intake->emit("twilio", status("m-1", domain::Delivery::Sent, "s")));
        CPPUNIT_ASSERT(
            house_->intake->emit("twilio", status("m-1", domain::Delivery::Delivered, "d")));
        until([&] { return count(house_->events(), "sms_status_update") == 2; });
        // Of a number that is not served: refused, and nobody waits for it.
        auto foreign = text("SM7", "Hello");
        foreign.business_address = "+14155550111";
        CPPUNIT_ASSERT(house_->intake->emit("twilio", foreign));
        CPPUNIT_ASSERT(house_->intake->emit("twilio", text("SM8", "Hello")));
        until([&] { return count(house_->events(), "sms_received") == 1; });
        CPPUNIT_ASSERT(house_->events("other").empty());
        // Context was asked for by nobody who could be answered.
        CPPUNIT_ASSERT(house_->intake->emit("twilio", call("CA5")));
        until([&] { return count(house_->events(), "call_initiated") == 1; });
    }

    void emitted_events_wait_for_storage() {
        house_->store.writes_fail = true;
        CPPUNIT_ASSERT(house_->intake->emit("twilio", text("SM8", "Hello")));
        until([&] {
            return house_->metrics.text().find("result=\"unavailable\"") != std::string::npos;
        });
        house_->store.writes_fail = false;
        until([&] { return count(house_->events(), "sms_received") == 1; });
    }

    void the_queue_of_emitted_events_is_bounded() {
        std::mutex gate;
        std::unique_lock closed(gate);
        house_->store.before_commit = [&] { const std::lock_guard lock(gate); };
        int taken = 0;
        while (taken < 1000 &&
               house_->intake->emit("twilio", text("SM" + std::to_string(taken), "Hello")))
            ++taken;
        // 100 wait; up to 64 more were already in hand.
        CPPUNIT_ASSERT(taken >= 100 && taken <= 164);
        closed.unlock();
        until([&] { return count(house_->events(), "sms_received") == size_t(taken); });
        house_->intake->stop();
        CPPUNIT_ASSERT(!house_->intake->emit("twilio", text("SM-late", "Hello")));
    }

    void only_outside_routes_are_offered_and_lead_to_the_source() {
        const auto routes = webhook_routes(*house_->intake, {{house_->source, false}}, 1024);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, routes.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/api/webhooks/twilio/sms/incoming"), routes[0].pattern);
        CPPUNIT_ASSERT(routes[0].access == serve::Access::Webhook);
        CPPUNIT_ASSERT_EQUAL(size_t{1024}, routes[0].body_limit);
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), routes[1].method);
        auto asked = std::make_shared<Asked>();
        routes[0].handler(request(), serve::Responder(asked));
        CPPUNIT_ASSERT_EQUAL(200, asked->wait().status);
    }

    void logs_and_metrics_carry_no_phone_and_no_text() {
        say({text("SM1", "my secret words")});
        post()->wait();
        say({text("SM1", "other secret words")});
        post()->wait();
        auto foreign = text("SM2", "third secret words");
        foreign.business_address = "+14155550111";
        say({foreign});
        post()->wait();
        for (const std::string& seen : {house_->log.lines(), house_->metrics.text()})
            for (const char* piece : {"secret", "555019", "555011", "SM1"})
                CPPUNIT_ASSERT_MESSAGE(seen, seen.find(piece) == std::string::npos);
    }

private:
    void say(std::vector<ProviderEvent> events) {
        house_->source->read = [events = std::move(events)](const WebhookRequest&) {
            return Result<Normalised>(Normalised{events, {200, "text/xml", "<Response/>"}});
        };
    }

    static serve::Request request() {
        serve::Request request;
        request.method = "POST";
        request.target = "/api/webhooks/twilio/sms/incoming?a=%20b";
        request.headers = {{"Host", "evil.example"}, {"X-B", "2"}};
        request.body = "the body";
        request.request_id = "r1";
        return request;
    }

    std::shared_ptr<Asked> post(std::shared_ptr<Asked> asked = std::make_shared<Asked>()) {
        house_->intake->take({{house_->source, report_only_}}, "sms/incoming", request(),
                             serve::Responder(asked));
        return asked;
    }

    std::vector<store::Owed> owed() {
        return *house_->store.due(store::OwedKind::AiTurn,
                                  house_->clock.now() + std::chrono::hours(1), 100);
    }

    void put_outbound(const std::string& id) { testing::put_outbound(*house_, id, {}); }

    /// Somebody else changes the conversation, behind the committer's back.
    void race() {
        store::ChangeSet set;
        set.organization = "bici";
        domain::Conversation conversation;
        conversation.address = "+14155550199";
        domain::Lead lead;
        lead.id = conversation.lead_id = "lead-of-another";
        lead.address = conversation.address;
        set.operations = {lead, conversation};
        const auto before = std::exchange(house_->store.before_commit, nullptr);
        CPPUNIT_ASSERT(house_->store.commit({&set}));
        house_->store.before_commit = before;
    }

    void expect_counted(const std::string& event, const std::string& result, int expected) {
        const std::string line = "tandem_webhook_received_total{event=\"" + event +
                                 "\",provider=\"twilio\",result=\"" + result + "\"} " +
                                 std::to_string(expected) + "\n";
        const std::string text = house_->metrics.text();
        CPPUNIT_ASSERT_MESSAGE(line + text, text.find(line) != std::string::npos);
    }

    std::unique_ptr<House> house_;
    bool report_only_ = false;
};

CPPUNIT_TEST_SUITE_REGISTRATION(IntakeTest);

}  // namespace tandem::receive
