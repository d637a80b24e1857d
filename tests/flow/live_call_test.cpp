#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <string>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr char line[] = "CA0123456789abcdef0123456789abcdef";
constexpr char anns_phone[] = "+15557770001";

}  // namespace

/// The AI's voice comes by one provider and the line by another: what the line's provider
/// tells is told of the call, and who joins can end the call or take it to their own phone.
class LiveCallTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LiveCallTest);
    CPPUNIT_TEST(a_line_that_nobody_takes_ends_the_call);
    CPPUNIT_TEST(a_line_that_was_taken_is_ended_by_the_voice_provider);
    CPPUNIT_TEST(who_joins_takes_the_call_to_their_phone);
    CPPUNIT_TEST(who_joins_may_hang_up);
    CPPUNIT_TEST(a_call_that_cannot_be_taken_does_not_keep_anybody_from_joining);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        twilio_ = std::make_unique<FakeTwilio>();
        elevenlabs_ = std::make_unique<FakeElevenLabs>();
        BikeStore store = answered_by_agent(twilio_->url(), elevenlabs_->settings());
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_->calls(*gateway_, "twilio");
        elevenlabs_->calls(*gateway_, "elevenlabs");
        screen_ = std::make_unique<Screen>(*gateway_);
        ann_ = {{"Authorization", "Bearer " + gateway_->token("bikes", "admin", "ann")},
                {"Content-Type", "application/json"}};
    }
    void tearDown() override {
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_->violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_->violations());
        screen_.reset();
        gateway_.reset();
        elevenlabs_.reset();
        twilio_.reset();
    }

    void a_line_that_nobody_takes_ends_the_call() {
        HttpClient agent(gateway_->url());
        const HttpAnswer placed = agent.post("/api/conversations/outbound-call",
                                             Json{{"phoneNumber", customer}}.dump(), ann_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(placed.body, 200, placed.status);
        const Json begun = only("call_initiated");
        CPPUNIT_ASSERT_EQUAL(Json::parse(placed.body)["data"]["conversationId"],
                             begun.at("conversationId"));
        const std::string its_line = begun.at("callSid");
        twilio_->order("call", {{"sid", its_line},
                                {"from", bikes_number},
                                {"to", customer},
                                {"status", "queued"},
                                {"direction", "outbound-api"}});
        status(its_line, "ringing");
        CPPUNIT_ASSERT(!screen_->history(customer).at("activeCall").is_null());
        status(its_line, "busy");
        const Json ended = only("call_ended");
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), ended.value("outcome", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("busy"), ended.value("failureReason", ""));
        CPPUNIT_ASSERT_EQUAL(begun.at("conversationId"), ended.at("conversationId"));
        CPPUNIT_ASSERT(screen_->history(customer).at("activeCall").is_null());
    }

    void a_line_that_was_taken_is_ended_by_the_voice_provider() {
        const Json call = ring();
        status(line, "in-progress");
        status(line, "completed", 33);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("what was said is still to come", size_t{0},
                                     screen_->events("call_ended").size());
        const Json told =
            elevenlabs_->finish(call.at("conversation_id"), "Wants a bike.",
                                {{{"role", "user"}, {"message", "A red one, please."}}});
        CPPUNIT_ASSERT_EQUAL(200, told.at("status").get<int>());
        const Json ended = only("call_ended");
        CPPUNIT_ASSERT_EQUAL(std::string("success"), ended.value("outcome", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), ended.value("summary", ""));
    }

    void who_joins_takes_the_call_to_their_phone() {
        const Json call = ring();
        const Json data = join({{"action", "transfer"}, {"to", "(555) 777-0001"}});
        CPPUNIT_ASSERT_EQUAL(std::string(line), data.at("activeCall").value("callSid", ""));
        CPPUNIT_ASSERT_MESSAGE(data.dump(), data.at("takeCall").value("done", false));
        const Json updates = twilio_->requests("calls.update");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, updates.size());
        const std::string twiml = updates[0].at("fields").value("Twiml", "");
        CPPUNIT_ASSERT_MESSAGE(twiml, twiml.find("<Dial") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(twiml, twiml.find(anns_phone) != std::string::npos);

        // The AI's part of the call is over, and its words come while Ann holds it.
        const Json told =
            elevenlabs_->finish(call.at("conversation_id"), "Was put through.",
                                {{{"role", "user"}, {"message", "A person, please."}}});
        CPPUNIT_ASSERT_EQUAL(200, told.at("status").get<int>());
        only("call_ended");
        CPPUNIT_ASSERT(!screen_->history(customer).at("humanControl").is_null());
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the AI wrote nothing", size_t{0}, twilio_->messages().size());
    }

    void who_joins_may_hang_up() {
        ring();
        const Json data = join({{"action", "hang_up"}});
        CPPUNIT_ASSERT_MESSAGE(data.dump(), data.at("takeCall").value("done", false));
        const Json updates = twilio_->requests("calls.update");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, updates.size());
        CPPUNIT_ASSERT_EQUAL(std::string("completed"), updates[0].at("fields").value("Status", ""));
    }

    void a_call_that_cannot_be_taken_does_not_keep_anybody_from_joining() {
        ring();
        twilio_->mood({{"endpoint", "calls.update"},
                       {"form", "status"},
                       {"status", 500},
                       {"count", -1},
                       {"accept", false}});
        const Json data = join({{"action", "transfer"}, {"to", anns_phone}});
        CPPUNIT_ASSERT(!data.at("takeCall").value("done", true));
        CPPUNIT_ASSERT_EQUAL(std::string("the provider did not do it"),
                             data.at("takeCall").value("reason", ""));
        CPPUNIT_ASSERT(!screen_->history(customer).at("humanControl").is_null());
    }

private:
    /// A customer's call that the AI has taken; its line is known to the line's provider.
    Json ring() {
        const Json call = elevenlabs_->ring(customer, {{"call_sid", line}});
        CPPUNIT_ASSERT_EQUAL(200, call.at("status").get<int>());
        twilio_->order("call", {{"sid", line}, {"from", customer}, {"to", bikes_number}});
        only("call_initiated");
        return call;
    }
    void status(const std::string& sid, const std::string& word, int duration = 0) {
        const Json told = twilio_->order(
            "call_status",
            {{"sid", sid}, {"status", word}, {"duration", duration}, {"sequence", ++sequence_}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(told.dump(), 2, told.at("status").get<int>() / 100);
    }
    Json join(const Json& take_call) {
        HttpClient page(gateway_->url());
        const HttpAnswer joined =
            page.post("/api/human-control/join",
                      Json{{"phoneNumber", customer}, {"takeCall", take_call}}.dump(), ann_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(joined.body, 200, joined.status);
        return Json::parse(joined.body).at("data");
    }
    Json only(const std::string& type) {
        CPPUNIT_ASSERT_MESSAGE(type, screen_->await_events(type, 1));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(type, size_t{1}, screen_->events(type).size());
        return screen_->events(type).at(0);
    }

    std::unique_ptr<FakeTwilio> twilio_;
    std::unique_ptr<FakeElevenLabs> elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
    Headers ann_;
    int sequence_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LiveCallTest);

}  // namespace tandem::flow
