#include "publish/payload.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <nlohmann/json.hpp>

namespace tandem::publish {

namespace {

using Json = nlohmann::ordered_json;

Scene scene() {
    Scene made;
    made.event_id = "0190-event";
    made.organization = "acme";
    made.address = "+15551234567";
    made.lead_id = "lead-1";
    made.customer_name = "Ann";
    made.lead_status = "Hot";
    made.at = Time{Milliseconds{1795324691135}};
    return made;
}

domain::Message message(domain::Author author) {
    const bool customer = author == domain::Author::Customer;
    domain::Message made;
    made.id = "m1";
    made.address = "+15551234567";
    made.author = author;
    made.direction = customer ? domain::Direction::Inbound : domain::Direction::Outbound;
    made.delivery = customer ? domain::Delivery::Received : domain::Delivery::Queued;
    made.content = "Hello";
    made.provider_id = "SM1";
    made.at = scene().at;
    return made;
}

/// The member names in order, without the six that every event has.
std::string added(const std::string& payload) {
    const Json json = Json::parse(payload);
    static const std::vector<std::string> always{"type",   "organizationId", "phoneNumber",
                                                 "leadId", "timestamp",      "eventId"};
    std::string names;
    size_t place = 0;
    for (const auto& [name, value] : json.items()) {
        if (place < always.size()) {
            CPPUNIT_ASSERT_EQUAL(always[place++], name);
            continue;
        }
        names += (names.empty() ? "" : " ") + name;
    }
    CPPUNIT_ASSERT_EQUAL(always.size(), place);
    return names;
}

std::string at(const domain::Event& event, const std::string& pointer) {
    return Json::parse(event.payload)[Json::json_pointer(pointer)].dump();
}

const std::string message_object =
    R"({"id":"m1","content":"Hello","sentBy":"user","type":"text",)"
    R"("timestamp":"2026-11-22T05:18:11.135Z","phoneNumber":"+15551234567",)"
    R"("direction":"inbound","status":"received","messageSid":"SM1","agentName":null,)"
    R"("media":[]})";
const std::string null = "null";

}  // namespace

class PayloadTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PayloadTest);
    CPPUNIT_TEST(every_event_has_exactly_the_members_of_the_contract);
    CPPUNIT_TEST(an_event_of_the_house_and_its_json_agree);
    CPPUNIT_TEST(a_scene_says_whose_conversation_was_read);
    CPPUNIT_TEST(what_is_absent_is_null_and_not_an_empty_text);
    CPPUNIT_TEST(a_received_text_says_what_a_screen_needs);
    CPPUNIT_TEST(a_human_outside_a_session_has_a_null_session);
    CPPUNIT_TEST(a_status_is_told_in_the_words_of_the_contract);
    CPPUNIT_TEST(outcomes_of_calls_have_four_words_and_only_failed_has_a_reason);
    CPPUNIT_TEST(a_foreign_analysis_is_kept_or_left_out_but_never_breaks_the_event);
    CPPUNIT_TEST(a_history_shows_messages_session_and_call);
    CPPUNIT_TEST(a_session_reads_its_record_under_the_names_of_the_contract);
    CPPUNIT_TEST(hostile_bytes_become_valid_text_on_one_line);
    CPPUNIT_TEST(an_event_too_long_for_a_stream_keeps_its_members_and_says_so);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_event_has_exactly_the_members_of_the_contract() {
        using domain::Author;
        const domain::Call call;
        const std::vector<std::pair<domain::Event, std::string>> cases{
            {sms_received(scene(), message(Author::Customer), {}),
             "message messageSid conversationMessage customerName isNewLead hasMedia media "
             "underHumanControl queueDepth"},
            {message_sent(scene(), message(Author::Ai)), "message conversationMessage"},
            {message_sent(scene(), message(Author::Human)),
             "message conversationMessage agentName agentId sessionId"},
            {sms_status_update(scene(), message(Author::Ai)),
             "messageId messageSid status errorCode errorMessage"},
            {call_initiated(scene(), call, "", "", {}),
             "callType conversationId callSid callReason initiatedBy dynamicVariables "
             "customerName leadStatus"},
            {call_ended(scene(), call, "", "", {}),
             "callType conversationId duration outcome summary analysis transcript"},
            {lead_auto_created(scene()), "customerName leadStatus"},
            {lead_updated(scene()), "customerName leadStatus"},
            {needs_human(scene(), "no_responder"), "reason"},
            {customer_opted(scene(), domain::OptWord::Stop, "STOP"), "keyword"},
        };
        for (const auto& [event, names] : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(event.type, names, added(event.payload));
        CPPUNIT_ASSERT_EQUAL(std::string("connectionId"), added(connected(scene(), "c")));
        CPPUNIT_ASSERT_EQUAL(std::string(), added(heartbeat(scene())));
        CPPUNIT_ASSERT_EQUAL(std::string("reason"), added(stream_reset(scene(), "r")));
        CPPUNIT_ASSERT_EQUAL(std::string("reason"), added(stream_end(scene(), "r")));
        CPPUNIT_ASSERT_EQUAL(std::string("messages summary humanControl activeCall"),
                             added(conversation_history(scene(), History{{}, {}})));
    }

    void an_event_of_the_house_and_its_json_agree() {
        const domain::Event event = lead_updated(scene());
        CPPUNIT_ASSERT_EQUAL(std::string("0190-event"), event.id);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_updated"), event.type);
        CPPUNIT_ASSERT_EQUAL(std::string("+15551234567"), event.address);
        CPPUNIT_ASSERT(event.at == scene().at);
        CPPUNIT_ASSERT_EQUAL(std::string(R"("lead_updated")"), at(event, "/type"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("0190-event")"), at(event, "/eventId"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("acme")"), at(event, "/organizationId"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("2026-11-22T05:18:11.135Z")"), at(event, "/timestamp"));
        CPPUNIT_ASSERT_EQUAL(std::string("customer_opted_in"),
                             customer_opted(scene(), domain::OptWord::Start, "START").type);
        CPPUNIT_ASSERT_EQUAL(std::string("customer_opted_out"),
                             customer_opted(scene(), domain::OptWord::Stop, "STOP").type);
    }

    void a_scene_says_whose_conversation_was_read() {
        store::Snapshot read;
        const Scene nobody = scene_of("0190-event", "acme", read, scene().at);
        CPPUNIT_ASSERT_EQUAL(std::string("0190-event"), nobody.event_id);
        CPPUNIT_ASSERT_EQUAL(std::string("acme"), nobody.organization);
        CPPUNIT_ASSERT(nobody.address.empty() && nobody.lead_id.empty());
        CPPUNIT_ASSERT(nobody.at == scene().at);

        read.conversation.emplace();
        read.conversation->address = "+15551234567";
        read.conversation->lead_id = "lead-1";
        read.lead.emplace();
        read.lead->customer_name = "Ann";
        read.lead->status = "Hot";
        const Scene known = scene_of("0190-event", "acme", read, scene().at);
        CPPUNIT_ASSERT_EQUAL(std::string("+15551234567"), known.address);
        CPPUNIT_ASSERT_EQUAL(std::string("lead-1"), known.lead_id);
        CPPUNIT_ASSERT_EQUAL(std::string("Ann"), known.customer_name);
        CPPUNIT_ASSERT_EQUAL(std::string("Hot"), known.lead_status);
    }

    void what_is_absent_is_null_and_not_an_empty_text() {
        Scene bare = scene();
        bare.lead_id = bare.customer_name = bare.lead_status = bare.address = "";
        const domain::Event event = lead_updated(bare);
        for (const char* name : {"/leadId", "/customerName", "/leadStatus", "/phoneNumber"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, null, at(event, name));
    }

    void a_received_text_says_what_a_screen_needs() {
        domain::Message one = message(domain::Author::Customer);
        const domain::Event plain = sms_received(scene(), one, {true, true, 3});
        CPPUNIT_ASSERT_EQUAL(message_object, at(plain, "/conversationMessage"));
        CPPUNIT_ASSERT_EQUAL(std::string("true"), at(plain, "/isNewLead"));
        CPPUNIT_ASSERT_EQUAL(std::string("true"), at(plain, "/underHumanControl"));
        CPPUNIT_ASSERT_EQUAL(std::string("3"), at(plain, "/queueDepth"));
        CPPUNIT_ASSERT_EQUAL(std::string("false"), at(plain, "/hasMedia"));
        CPPUNIT_ASSERT_EQUAL(message_object, message_json(one));

        one.media.push_back({"https://media/1", "image/png"});
        const domain::Event picture = sms_received(scene(), one, {});
        CPPUNIT_ASSERT_EQUAL(std::string("true"), at(picture, "/hasMedia"));
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"([{"url":"https://media/1","contentType":"image/png"}])"),
            at(picture, "/media"));
    }

    void a_human_outside_a_session_has_a_null_session() {
        domain::Message one = message(domain::Author::Human);
        one.agent_id = "agent-7";
        CPPUNIT_ASSERT_EQUAL(null, at(message_sent(scene(), one), "/sessionId"));
        one.session_id = "s1";
        const domain::Event event = message_sent(scene(), one);
        CPPUNIT_ASSERT_EQUAL(std::string(R"("s1")"), at(event, "/sessionId"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("agent-7")"), at(event, "/agentId"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("human_agent")"),
                             at(event, "/conversationMessage/sentBy"));
    }

    void a_status_is_told_in_the_words_of_the_contract() {
        domain::Message one = message(domain::Author::Ai);
        one.delivery = domain::Delivery::Undelivered;
        one.error_code = "30003";
        const domain::Event event = sms_status_update(scene(), one);
        CPPUNIT_ASSERT_EQUAL(std::string(R"("undelivered")"), at(event, "/status"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("30003")"), at(event, "/errorCode"));
        CPPUNIT_ASSERT_EQUAL(null, at(event, "/errorMessage"));
        CPPUNIT_ASSERT_EQUAL(std::string(R"("m1")"), at(event, "/messageId"));
    }

    void outcomes_of_calls_have_four_words_and_only_failed_has_a_reason() {
        const std::map<domain::CallOutcome, std::string> words{
            {domain::CallOutcome::Unknown, "\"unknown\""},
            {domain::CallOutcome::Success, "\"success\""},
            {domain::CallOutcome::Failure, "\"failure\""},
            {domain::CallOutcome::NeverConnected, "\"failed\""},
        };
        for (const auto& [outcome, word] : words) {
            domain::Call call;
            call.outcome = outcome;
            const domain::Event event = call_ended(scene(), call, "busy", "", {});
            CPPUNIT_ASSERT_EQUAL(word, at(event, "/outcome"));
            CPPUNIT_ASSERT_EQUAL(outcome == domain::CallOutcome::NeverConnected,
                                 Json::parse(event.payload).contains("failureReason"));
        }
        const domain::Event spoken =
            call_ended(scene(), {}, "", "",
                       {{domain::Author::Ai, 0, "Hi"}, {domain::Author::Customer, 4, "Yes"}});
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"role":"agent","message":"Hi","timeInCallSecs":0},)"
                                         R"({"role":"user","message":"Yes","timeInCallSecs":4}])"),
                             at(spoken, "/transcript"));
    }

    void a_foreign_analysis_is_kept_or_left_out_but_never_breaks_the_event() {
        const auto analysis = [](const std::string& json) {
            return at(call_ended(scene(), {}, "", json, {}), "/analysis");
        };
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"b":1,"a":[true]})"),
                             analysis(R"({"b":1, "a":[true]})"));
        CPPUNIT_ASSERT_EQUAL(null, analysis(""));
        CPPUNIT_ASSERT_EQUAL(null, analysis("{\"a\":"));
        CPPUNIT_ASSERT_EQUAL(null, analysis(R"({"a":1,"a":2})"));
        CPPUNIT_ASSERT_EQUAL(null, analysis(R"({"x":[{"a":1,"\u0061":2}]})"));
        CPPUNIT_ASSERT_EQUAL(null, analysis("{} {}"));
        CPPUNIT_ASSERT_EQUAL(null, analysis(std::string("{\"a\":1}\0", 8)));
        CPPUNIT_ASSERT_EQUAL(null, analysis(std::string("{\"a\":1}\0anything", 16)));
        CPPUNIT_ASSERT_EQUAL(null, analysis(std::string("\0{}", 3)));
        CPPUNIT_ASSERT_EQUAL(null, analysis("\"\xff\""));
        CPPUNIT_ASSERT_EQUAL(null, analysis(std::string(65, '[') + std::string(65, ']')));
        CPPUNIT_ASSERT_EQUAL(null, analysis(std::string(1000000, '[')));
        const std::string deepest = std::string(64, '[') + std::string(64, ']');
        CPPUNIT_ASSERT_EQUAL(deepest, analysis(deepest));
    }

    void a_history_shows_messages_session_and_call() {
        const std::vector<domain::Message> messages{message(domain::Author::Customer)};
        domain::ControlSession session;
        session.id = "s1";
        domain::Call call;
        call.id = "c1";
        const History full{messages, "was here", &session, &call, 2};
        const Json shown = Json::parse(conversation_history(scene(), full));
        CPPUNIT_ASSERT_EQUAL(message_object, shown["messages"][0].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"was here\""), shown["summary"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"s1\""), shown["humanControl"]["sessionId"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("2"),
                             shown["humanControl"]["customerResponsesPending"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"c1\""), shown["activeCall"]["callId"].dump());

        const Json empty = Json::parse(conversation_history(scene(), History{{}, {}}));
        CPPUNIT_ASSERT_EQUAL(std::string("[]"), empty["messages"].dump());
        CPPUNIT_ASSERT(empty["summary"].is_null());
        CPPUNIT_ASSERT(empty["humanControl"].is_null());
        CPPUNIT_ASSERT(empty["activeCall"].is_null());
    }

    void a_session_reads_its_record_under_the_names_of_the_contract() {
        domain::ControlSession session;
        session.id = "s1";
        session.started_at = scene().at - Milliseconds{61500};
        session.record_json = R"({"messageCount":4,"handoffReason":"escalation"})";
        Json json = Json::parse(session_json(scene(), session, 1));
        std::string names;
        for (const auto& [name, value] : json.items()) names += name + ' ';
        CPPUNIT_ASSERT_EQUAL(
            std::string("sessionId phoneNumber leadId agentName agentId organizationId startTime "
                        "lastActivity endTime duration messageCount customerResponsesPending "
                        "handoffReason customMessage summary nextSteps handoffSuccess status "),
            names);
        CPPUNIT_ASSERT_EQUAL(std::string("61"), json["duration"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("4"), json["messageCount"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"escalation\""), json["handoffReason"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"active\""), json["status"].dump());
        CPPUNIT_ASSERT(json["endTime"].is_null());

        session.state = domain::SessionState::TimedOut;
        session.ended_at = scene().at;
        session.record_json = "not json";
        json = Json::parse(session_json(scene(), session, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("\"timed_out\""), json["status"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("0"), json["messageCount"].dump());
        CPPUNIT_ASSERT_EQUAL(std::string("\"2026-11-22T05:18:11.135Z\""), json["endTime"].dump());
    }

    void hostile_bytes_become_valid_text_on_one_line() {
        for (const std::string& hostile :
             {std::string("\xff\xfe"), std::string("\xed\xa0\x80"), std::string("cut \xe2\x82"),
              std::string("a\r\ndata: x\n\nid: 9"), std::string("nul\0in", 6),
              std::string("\xf0\x9f\x98\x80 \xe2\x80\xa8")}) {
            domain::Message one = message(domain::Author::Human);
            one.content = one.agent_name = hostile;
            one.media.push_back({hostile, hostile});
            Scene odd = scene();
            odd.customer_name = odd.lead_id = hostile;
            for (const domain::Event& event :
                 {sms_received(odd, one, {}), message_sent(odd, one),
                  call_initiated(odd, {}, hostile, hostile, {{hostile, hostile}}),
                  needs_human(odd, hostile)}) {
                CPPUNIT_ASSERT(event.payload.find_first_of(std::string("\r\n\0", 3)) ==
                               std::string::npos);
                CPPUNIT_ASSERT(Json::accept(event.payload));
            }
        }
        domain::Message one = message(domain::Author::Customer);
        one.content = "a\xff";
        CPPUNIT_ASSERT_EQUAL(std::string("\"a\xef\xbf\xbd\""),
                             at(sms_received(scene(), one, {}), "/message"));
    }

    void an_event_too_long_for_a_stream_keeps_its_members_and_says_so() {
        domain::Call call;
        call.conversation_id = "conv-1";
        const std::vector<domain::SpokenTurn> turns(
            3000, {domain::Author::Customer, 1, std::string(100, 'x')});
        const domain::Event long_call = call_ended(scene(), call, "", "", turns);
        CPPUNIT_ASSERT(long_call.payload.size() < 10000);
        CPPUNIT_ASSERT_EQUAL(std::string("[]"), at(long_call, "/transcript"));
        CPPUNIT_ASSERT_EQUAL(std::string("true"), at(long_call, "/truncated"));
        CPPUNIT_ASSERT_EQUAL(std::string("\"conv-1\""), at(long_call, "/conversationId"));

        domain::Message one = message(domain::Author::Customer);
        one.content = std::string(1 << 20, 'x');
        const domain::Event long_text = sms_received(scene(), one, {});
        CPPUNIT_ASSERT(long_text.payload.size() < 10000);
        CPPUNIT_ASSERT_EQUAL(std::string("\"m1\""), at(long_text, "/conversationMessage/id"));
        CPPUNIT_ASSERT_EQUAL(std::string("\"\""), at(long_text, "/message"));

        one.content = std::string(100000, 'x');
        CPPUNIT_ASSERT(!Json::parse(sms_received(scene(), one, {}).payload).contains("truncated"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PayloadTest);

}  // namespace tandem::publish
