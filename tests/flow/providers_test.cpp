#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <set>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr char question[] = "Is the red one in stock?";
constexpr char answer[] = "Yes, the red one is here. Shall I keep it for you?";
constexpr char summary[] = "Wants the red bike, will come on Friday at noon.";

bool contains(const Json& text, const std::string& part) {
    return text.is_string() && text.get<std::string>().find(part) != std::string::npos;
}

}  // namespace

/// The whole story of one customer, over both providers and on one record.
class ProvidersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProvidersTest);
    CPPUNIT_TEST(one_record_from_the_first_text_to_the_call_back);
    CPPUNIT_TEST(stop_is_the_last_word);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_agent(twilio_.url(), elevenlabs_.settings());
        store.more = "conversation: {coalesce_ms: 100}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        elevenlabs_.order("agent", {{"variables",
                                     {"conversation_context", "customer_name", "organization_name",
                                      "lead_status", "previous_summary"}}});
        screen_ = std::make_unique<Screen>(*gateway_);
        screen_->events();
    }

    void one_record_from_the_first_text_to_the_call_back() {
        a_text_is_answered();
        its_statuses_come_out_of_order();
        the_customer_calls();
        the_shop_calls_back();
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, screen_->events("lead_auto_created").size());
        std::set<Json> leads;
        for (const Json& event : screen_->events()) leads.insert(event.at("leadId"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, leads.size());
    }

    void stop_is_the_last_word() {
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, "Stop.").at("status").get<int>());
        CPPUNIT_ASSERT(screen_->await_events("customer_opted_out", 1));
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, "START").at("status").get<int>());
        CPPUNIT_ASSERT(screen_->await_events("customer_opted_in", 1));
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, question).at("status").get<int>());
        CPPUNIT_ASSERT(twilio_.await_messages(1));
        CPPUNIT_ASSERT(screen_->await_events("ai_message_sent", 1));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("only the question was answered", size_t{1},
                                     screen_->events("ai_message_sent").size());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
    }

private:
    void a_text_is_answered() {
        elevenlabs_.order("reply", {{"text", answer}});
        CPPUNIT_ASSERT_EQUAL(200, twilio_.receive(customer, question).at("status").get<int>());
        CPPUNIT_ASSERT_MESSAGE(gateway_->output(), twilio_.await_messages(1));
        const Json sent = twilio_.messages().at(0);
        CPPUNIT_ASSERT_EQUAL(std::string(answer), sent.value("body", ""));
        CPPUNIT_ASSERT_EQUAL(std::string(customer), sent.value("to", ""));
        CPPUNIT_ASSERT_EQUAL(std::string(bikes_number), sent.value("from", ""));
        CPPUNIT_ASSERT(screen_->await_events("ai_message_sent", 1));

        CPPUNIT_ASSERT(await([&] {
            const Json talks = elevenlabs_.conversations();
            return talks.size() == 1 && talks[0].at("status") == "done";
        }));
        const Json talk = elevenlabs_.conversations().at(0);
        CPPUNIT_ASSERT_EQUAL(1000, talk.value("closed_with", 0));
        const Json& variables =
            talk.at("conversation_initiation_client_data").at("dynamic_variables");
        CPPUNIT_ASSERT_EQUAL(std::string("Bikes"), variables.value("organization_name", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("No previous conversation"),
                             variables.value("conversation_context", ""));
    }

    void its_statuses_come_out_of_order() {
        const std::string sid = twilio_.messages().at(0).at("sid");
        for (const char* status : {"sent", "delivered", "queued", "sending", "sent"})
            CPPUNIT_ASSERT_EQUAL(200, twilio_.status(sid, status).at("status").get<int>());
        CPPUNIT_ASSERT(await([&] { return screen_->answer_status(customer) == "delivered"; }));
        int rank = 0;
        for (const Json& event : screen_->events("sms_status_update")) {
            static const std::vector<std::string> order{"queued", "sending", "sent", "delivered"};
            const auto found = std::find(order.begin(), order.end(), event.at("status"));
            const int next = static_cast<int>(found - order.begin());
            CPPUNIT_ASSERT_MESSAGE("the status fell to " + event.at("status").dump(), next >= rank);
            rank = next;
        }
    }

    void the_customer_calls() {
        const Json call = elevenlabs_.ring(customer);
        CPPUNIT_ASSERT_EQUAL(200, call.at("status").get<int>());
        const Json& variables = call.at("variables");
        CPPUNIT_ASSERT(
            contains(variables.at("conversation_context"), std::string("Customer: ") + question));
        CPPUNIT_ASSERT(
            contains(variables.at("conversation_context"), std::string("AI Agent: ") + answer));
        CPPUNIT_ASSERT_EQUAL(std::string("existing_lead"), variables.value("caller_type", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("true"), variables.value("has_conversation_history", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), variables.value("total_messages", ""));
        CPPUNIT_ASSERT(screen_->await_events("call_initiated", 1));
        const Json begun = screen_->events("call_initiated").at(0);
        CPPUNIT_ASSERT_EQUAL(call.at("call_sid"), begun.at("callSid"));
        CPPUNIT_ASSERT_EQUAL(std::string("inbound"), begun.value("callType", ""));
        CPPUNIT_ASSERT(!screen_->history(customer).at("activeCall").is_null());

        const Json told = elevenlabs_.finish(
            call.at("conversation_id"), summary,
            {{{"role", "agent"}, {"message", "Bikes, hello again!"}},
             {{"role", "user"}, {"message", "Keep the red one until Friday, please."}},
             {{"role", "agent"}, {"message", "With pleasure."}}});
        CPPUNIT_ASSERT_EQUAL(200, told.at("status").get<int>());
        CPPUNIT_ASSERT(screen_->await_events("call_ended", 1));
        const Json ended = screen_->events("call_ended").at(0);
        CPPUNIT_ASSERT_EQUAL(std::string(summary), ended.value("summary", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("success"), ended.value("outcome", ""));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, ended.at("transcript").size());
        CPPUNIT_ASSERT_EQUAL(begun.at("leadId"), ended.at("leadId"));

        const Json history = screen_->history(customer);
        CPPUNIT_ASSERT(history.at("activeCall").is_null());
        CPPUNIT_ASSERT_EQUAL(std::string(summary), history.value("summary", ""));
        std::vector<std::string> types;
        for (const Json& message : history.at("messages")) types.push_back(message.at("type"));
        CPPUNIT_ASSERT(
            (types == std::vector<std::string>{"text", "text", "voice", "voice", "voice"}));
    }

    void the_shop_calls_back() {
        HttpClient agent(gateway_->url());
        Headers headers = screen_->bearer();
        headers.emplace_back("Content-Type", "application/json");
        const HttpAnswer placed = agent.post(
            "/api/conversations/outbound-call",
            Json{{"phoneNumber", customer}, {"callReason", "follow_up"}}.dump(), headers);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(placed.body, 200, placed.status);
        CPPUNIT_ASSERT(elevenlabs_.await_requests("outbound", 1));
        const Json request = elevenlabs_.requests("outbound").at(0);
        const Json& data = request.at("fields").at("conversation_initiation_client_data");
        CPPUNIT_ASSERT(contains(data.at("dynamic_variables").at("previous_summary"), summary));
        CPPUNIT_ASSERT_EQUAL(std::string("follow_up"),
                             data.at("dynamic_variables").value("call_reason", ""));
        CPPUNIT_ASSERT(!data.value("user_id", "").empty());
        CPPUNIT_ASSERT(screen_->await_events("call_initiated", 2));
        CPPUNIT_ASSERT_EQUAL(std::string("outbound"),
                             screen_->events("call_initiated").at(1).value("callType", ""));
        const Json told =
            elevenlabs_.finish(request.at("made"), "Reminded of Friday.",
                               {{{"role", "agent"}, {"message", "Friday still holds?"}},
                                {{"role", "user"}, {"message", "It does."}}});
        CPPUNIT_ASSERT_EQUAL(200, told.at("status").get<int>());
        CPPUNIT_ASSERT(screen_->await_events("call_ended", 2));
        CPPUNIT_ASSERT_EQUAL(std::string("outbound"),
                             screen_->events("call_ended").at(1).value("callType", ""));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, elevenlabs_.requests("outbound").size());
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ProvidersTest);

}  // namespace tandem::flow
