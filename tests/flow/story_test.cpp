#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <nlohmann/json.hpp>
#include <set>

#include "flow/bike_store.h"
#include "flow/event_source.h"
#include "flow/fake.h"

namespace tandem::flow {

namespace {

constexpr char boats_number[] = "+15550002222";

std::string two_businesses(const std::string& twilio_url) {
    BikeStore store = answered_by_sandbox(twilio_url);
    store.more_organizations = std::string("  - {id: boats, name: Boats, default_region: US, ") +
                               "numbers: [\"" + boats_number +
                               "\"], channel: sandbox, responder: sandbox}\n";
    store.more = "conversation: {coalesce_ms: 50}\n";
    return settings(store);
}

std::string stream_path(const std::string& more = "") {
    return "/api/stream/conversation/unknown?phoneNumber=%2B15551234567" + more;
}

}  // namespace

/// The main job, told from the outside: a signed SMS is stored for good and seen live.
class StoryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoryTest);
    CPPUNIT_TEST(an_sms_is_seen_answered_and_survives_a_kill);
    CPPUNIT_TEST(what_is_not_genuine_changes_nothing);
    CPPUNIT_TEST(a_number_of_nobody_is_404_and_changes_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        twilio_ = std::make_unique<FakeTwilio>();
        gateway_ = std::make_unique<Gateway>(two_businesses(twilio_->url()));
        gateway_->start();
        token_ = gateway_->token("bikes", "conversations:read");
    }

    void tearDown() override {
        gateway_.reset();
        twilio_.reset();
    }

    void an_sms_is_seen_answered_and_survives_a_kill() {
        EventSource screen(gateway_->url() + stream_path(), bearer());
        CPPUNIT_ASSERT(screen.await("connected") == 0);

        HttpClient provider(gateway_->url());
        const TwilioRequest hello = signed_text(1, "Hello, is the red one in stock?");
        const HttpAnswer answer = deliver(provider, hello);
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT(answer.header("Content-Type").find("text/xml") == 0);
        CPPUNIT_ASSERT(answer.body.find("<Response") != std::string::npos);

        const int received = screen.await("sms_received");
        CPPUNIT_ASSERT(received > 0);
        const auto event = nlohmann::json::parse(screen.event(received).data);
        CPPUNIT_ASSERT_EQUAL(std::string("Hello, is the red one in stock?"),
                             event.value("message", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("bikes"), event.value("organizationId", ""));
        CPPUNIT_ASSERT_EQUAL(true, event.value("isNewLead", false));
        const int answered = screen.await("ai_message_sent");
        CPPUNIT_ASSERT(answered > received);
        CPPUNIT_ASSERT(twilio_->await_messages(1));
        CPPUNIT_ASSERT_EQUAL(std::string(customer), twilio_->messages()[0].value("to", ""));
        CPPUNIT_ASSERT_EQUAL(std::string(bikes_number), twilio_->messages()[0].value("from", ""));
        CPPUNIT_ASSERT(screen.await("sms_status_update") > 0);

        const std::string seen_until = screen.event(received).id;
        gateway_->kill();
        CPPUNIT_ASSERT(screen.await_end());
        gateway_->start();

        // Back with the id of the SMS: exactly what came after it, nothing twice.
        Headers again = bearer();
        again.emplace_back("Last-Event-ID", seen_until);
        EventSource back(gateway_->url() + stream_path(), again);
        CPPUNIT_ASSERT(back.await("ai_message_sent") > 0);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the SMS came twice", -1,
                                     index_of(back.events(), "sms_received"));

        // The same webhook again: answered as before, no event.
        const HttpAnswer repeated = deliver(provider, hello);
        CPPUNIT_ASSERT_EQUAL(200, repeated.status);
        const TwilioRequest more = signed_text(2, "And the blue one?");
        CPPUNIT_ASSERT_EQUAL(200, deliver(provider, more).status);
        const int next = back.await("sms_received");
        CPPUNIT_ASSERT(next > 0);
        CPPUNIT_ASSERT_EQUAL(std::string("And the blue one?"),
                             nlohmann::json::parse(back.event(next).data).value("message", ""));
        CPPUNIT_ASSERT(twilio_->await_messages(2));
        CPPUNIT_ASSERT(back.await("ai_message_sent", static_cast<size_t>(next)) > 0);
        assert_every_id_once(back.events());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_->violations());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, twilio_->messages().size());
        CPPUNIT_ASSERT_EQUAL(0, gateway_->stop());
    }

    void what_is_not_genuine_changes_nothing() {
        EventSource screen(gateway_->url() + stream_path(), bearer());
        CPPUNIT_ASSERT(screen.await("connected") == 0);
        HttpClient provider(gateway_->url());
        const TwilioRequest genuine = signed_text(1, "Hello");
        std::set<std::string> bodies;

        const auto refused = [&](const std::string& body, const Headers& headers) {
            const HttpAnswer answer = provider.post(webhook_path, body, headers);
            CPPUNIT_ASSERT_EQUAL(403, answer.status);
            auto problem = nlohmann::json::parse(answer.body);
            CPPUNIT_ASSERT_EQUAL(std::string("INVALID_SIGNATURE"), problem.value("code", ""));
            problem.erase("requestId");
            bodies.insert(problem.dump());
        };
        Headers unsigned_headers = signed_headers(genuine);
        unsigned_headers.pop_back();
        refused(genuine.body + "&Extra=1", signed_headers(genuine));
        refused(genuine.body, unsigned_headers);
        TwilioRequest foreign = genuine;
        foreign.signature =
            twilio_request("https://gateway.example.com/api/webhooks/other",
                           incoming_message(1, customer, bikes_number, "Hello"), auth_token)
                .signature;
        refused(foreign.body, signed_headers(foreign));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("one body for every reason", size_t{1}, bodies.size());

        // Another organisation's token sees neither this conversation nor its stream.
        const std::string other = gateway_->token("boats", "conversations:read");
        HttpClient agent(gateway_->url());
        const HttpAnswer crossed =
            agent.get(stream_path("&organizationId=bikes"), {{"Authorization", "Bearer " + other}});
        CPPUNIT_ASSERT_EQUAL(403, crossed.status);
        CPPUNIT_ASSERT_EQUAL(std::string("ORGANIZATION_ACCESS_DENIED"),
                             nlohmann::json::parse(crossed.body).value("code", ""));
        EventSource stranger(gateway_->url() + stream_path(),
                             {{"Authorization", "Bearer " + other}});
        CPPUNIT_ASSERT(stranger.await("connected") == 0);

        CPPUNIT_ASSERT_EQUAL(200, deliver(provider, genuine).status);
        const int first = screen.await("sms_received");
        CPPUNIT_ASSERT(first > 0);
        // The lead is the journal's first event, this text its second: nothing came before.
        const std::string id = screen.event(first).id;
        CPPUNIT_ASSERT_EQUAL(std::string("-2"), id.substr(id.find('-')));
        CPPUNIT_ASSERT(screen.await("ai_message_sent") > 0);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, stranger.events().size());
    }

    void a_number_of_nobody_is_404_and_changes_nothing() {
        HttpClient provider(gateway_->url());
        for (const char* to : {"+15550009999", boats_number}) {
            const TwilioRequest request = signed_text(7, "Hello?", customer, to);
            const HttpAnswer answer = deliver(provider, request);
            CPPUNIT_ASSERT_EQUAL(404, answer.status);
        }
        EventSource inbox(gateway_->url() + "/api/stream/organization?lastEventId=0-0", bearer());
        CPPUNIT_ASSERT(inbox.await("stream_reset") > 0);
        CPPUNIT_ASSERT_MESSAGE("a journal was begun", inbox.last_id().empty());
    }

private:
    Headers bearer() const { return {{"Authorization", "Bearer " + token_}}; }

    static int index_of(const std::vector<StreamedEvent>& events, const std::string& type) {
        for (size_t i = 0; i < events.size(); ++i)
            if (events[i].type == type) return static_cast<int>(i);
        return -1;
    }

    static void assert_every_id_once(const std::vector<StreamedEvent>& events) {
        std::set<std::string> ids;
        for (const StreamedEvent& event : events)
            if (!event.id.empty())
                CPPUNIT_ASSERT_MESSAGE(event.id + " came twice", ids.insert(event.id).second);
    }

    std::unique_ptr<FakeTwilio> twilio_;
    std::unique_ptr<Gateway> gateway_;
    std::string token_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StoryTest);

}  // namespace tandem::flow
