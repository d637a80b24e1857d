#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "ended.h"
#include "fixture.h"

namespace tandem::elevenlabs {

using namespace plugin;
using nlohmann::json;
using testing::Instance;
using testing::read;
using testing::recorded;

namespace {

constexpr const char* our_id = "0190d2c4-0000-7000-8000-000000000007";

std::string initiation(const json& patch = json::object()) {
    json body{{"caller_id", "+14155550199"},
              {"agent_id", "agent_0001"},
              {"called_number", "+14155550100"},
              {"call_sid", "CA00000000000000000000000000000001"}};
    body.merge_patch(patch);
    return body.dump();
}

/// What odd.json may say of an event.
json members_of(const CallEnded& call) {
    return {{"dedupe_key", call.dedupe_key},
            {"business_address", call.business_address},
            {"customer_address", call.customer_address},
            {"happened_at", call.happened_at},
            {"call_id", call.call_id},
            {"conversation_id", call.conversation_id},
            {"our_call_id", call.our_call_id},
            {"outcome", static_cast<int>(call.outcome)},
            {"duration_s", call.duration_s},
            {"failure_reason", call.failure_reason},
            {"summary", call.summary},
            {"turns", call.turns.size()}};
}

std::string body_of(const json& row) {
    if (row.contains("body")) return row["body"].dump();
    return recorded(row["base"].get<std::string>() + ".json").patch(row["patch"]).dump();
}

}  // namespace

class WebhookTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebhookTest);
    CPPUNIT_TEST(a_ringing_call_asks_for_context);
    CPPUNIT_TEST(numbers_come_in_all_forms_of_telephony);
    CPPUNIT_TEST(a_withheld_caller_is_served_too);
    CPPUNIT_TEST(a_sip_trunk_and_a_conversation_id_are_read_where_they_are);
    CPPUNIT_TEST(a_call_without_any_id_is_a_call_each_time);
    CPPUNIT_TEST(variables_are_rendered_as_texts);
    CPPUNIT_TEST(a_transcription_is_the_end_of_a_call);
    CPPUNIT_TEST(what_was_really_said_is_what_is_kept);
    CPPUNIT_TEST(no_credential_leaves_the_plugin);
    CPPUNIT_TEST(an_analysis_beyond_all_bounds_is_kept_in_short);
    CPPUNIT_TEST(a_call_of_ours_comes_back_with_our_id);
    CPPUNIT_TEST(a_sip_call_is_read_by_its_user_parts);
    CPPUNIT_TEST(a_call_that_never_came_about_says_why);
    CPPUNIT_TEST(what_is_no_call_is_answered_and_left_out);
    CPPUNIT_TEST(j13_odd_bodies_are_read_as_far_as_they_go);
    CPPUNIT_TEST(j13_ten_thousand_turns_are_read);
    CPPUNIT_TEST(bodies_that_are_no_json_make_no_sense);
    CPPUNIT_TEST(depth_and_number_of_values_are_bounded);
    CPPUNIT_TEST(j15_another_body_of_the_same_conversation_has_the_same_key);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_ringing_call_asks_for_context() {
        const CallStarted call = started(initiation());
        CPPUNIT_ASSERT(call.asks_context);
        CPPUNIT_ASSERT(call.direction == Direction::Inbound);
        CPPUNIT_ASSERT_EQUAL(
            std::string("conversation-initiation:CA00000000000000000000000000000001"),
            call.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("CA00000000000000000000000000000001"), call.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), call.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), call.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string(), call.conversation_id);
        CPPUNIT_ASSERT_EQUAL(std::string(), call.our_call_id);
    }

    void numbers_come_in_all_forms_of_telephony() {
        const std::vector<std::pair<const char*, const char*>> forms{
            {"+14155550199", "+14155550199"},
            {"14155550199", "+14155550199"},
            {"4915112345678", "+4915112345678"},
            {"4155550199", "4155550199"},
            {"01511234567", "01511234567"},
            {"sip:+14155550199@sip.example.com", "+14155550199"},
            {"sip:14155550199@sip.example.com:5060;transport=udp", "+14155550199"},
            {"<sip:+14155550199@x.example;user=phone>;tag=1", "+14155550199"},
            {"SIPS:+14155550199;phone-context=x@x.example", "+14155550199"},
            {"+14155550199@x.example", "+14155550199"},
            {"SIP:+14155550199", "+14155550199"},
            {"sip:alice@x.example", "sip:alice@x.example"},
            {"client:alice", "client:alice"}};
        for (const auto& [written, read] : forms)
            CPPUNIT_ASSERT_EQUAL(std::string(read),
                                 started(initiation({{"caller_id", written}})).customer_address);
        // On a SIP trunk eleven digits may be a national number.
        CPPUNIT_ASSERT_EQUAL(
            std::string("14155550199"),
            started(initiation({{"caller_id", "14155550199"}, {"call_sid", "SCL_1"}}))
                .customer_address);
    }

    void a_withheld_caller_is_served_too() {
        for (const json& form : {json(nullptr), json(""), json("anonymous"), json("Anonymous"),
                                 json("unavailable"), json("sip:anonymous@anonymous.invalid"),
                                 json(std::string(500, '9')), json::array({1})})
            CPPUNIT_ASSERT_EQUAL(std::string(),
                                 started(initiation({{"caller_id", form}})).customer_address);
        // The digits that spell it are the host's to read.
        CPPUNIT_ASSERT_EQUAL(std::string("+266696687"),
                             started(initiation({{"caller_id", "+266696687"}})).customer_address);
    }

    void a_sip_trunk_and_a_conversation_id_are_read_where_they_are() {
        const CallStarted call = started(initiation(
            {{"call_sid", nullptr}, {"call_id", "a84b4c76"}, {"conversation_id", "conv_1"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("a84b4c76"), call.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_1"), call.conversation_id);
        CPPUNIT_ASSERT_EQUAL(std::string("conversation-initiation:a84b4c76"), call.dedupe_key);
    }

    void a_call_without_any_id_is_a_call_each_time() {
        const CallStarted call = started(initiation({{"call_sid", nullptr}}));
        CPPUNIT_ASSERT_EQUAL(std::string("conversation-initiation:+14155550199:1700000000000"),
                             call.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string(), started("{}").call_id);
    }

    void variables_are_rendered_as_texts() {
        Instance instance;
        plugin::testing::RecordedWebhook said;
        instance.plugin->render_context(
            {}, {{"customer_name", "Zoë \"Z\""}, {"total_messages", "3"}, {"broken", "a\xff\n"}},
            said.sink());
        CPPUNIT_ASSERT(said.answer());
        CPPUNIT_ASSERT_EQUAL(200, said.answer()->status);
        CPPUNIT_ASSERT_EQUAL(std::string("application/json"), said.answer()->content_type);
        const json answer = json::parse(said.answer()->body);
        CPPUNIT_ASSERT_EQUAL(json({{"type", "conversation_initiation_client_data"},
                                   {"success", true},
                                   {"dynamic_variables",
                                    {{"customer_name", "Zoë \"Z\""},
                                     {"total_messages", "3"},
                                     {"broken", "a\xef\xbf\xbd\n"}}}}),
                             answer);
    }

    void a_transcription_is_the_end_of_a_call() {
        const CallEnded call = Instance().ended(read("inbound.json"));
        CPPUNIT_ASSERT_EQUAL(std::string("post_call_transcription:conv_0001"), call.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_0001"), call.conversation_id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA00000000000000000000000000000001"), call.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), call.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), call.customer_address);
        CPPUNIT_ASSERT(call.direction == Direction::Inbound);
        CPPUNIT_ASSERT(call.outcome == CallOutcome::Success);
        CPPUNIT_ASSERT_EQUAL(64u, call.duration_s);
        CPPUNIT_ASSERT_EQUAL(tandem_time{1699999964000}, call.happened_at);
        CPPUNIT_ASSERT_EQUAL(std::string(), call.our_call_id);
        CPPUNIT_ASSERT(call.summary.find("gravel bike") != std::string::npos);
        const json analysis = json::parse(call.analysis_json);
        CPPUNIT_ASSERT_EQUAL(json("success"), analysis["call_successful"]);
        CPPUNIT_ASSERT_EQUAL(json("gravel bike"),
                             analysis["data_collection_results"]["bike"]["value"]);
        CPPUNIT_ASSERT_EQUAL(json("success"),
                             analysis["evaluation_criteria_results"]["booked"]["result"]);
        CPPUNIT_ASSERT(!analysis["data_collection_results"]["bike"].contains("json_schema"));
    }

    void what_was_really_said_is_what_is_kept() {
        const CallEnded call = Instance().ended(read("inbound.json"));
        CPPUNIT_ASSERT_EQUAL(size_t{5}, call.turns.size());
        CPPUNIT_ASSERT(call.turns[0].speaker == Speaker::Ai);
        CPPUNIT_ASSERT(call.turns[1].speaker == Speaker::Customer);
        CPPUNIT_ASSERT_EQUAL(4u, call.turns[1].seconds);
        CPPUNIT_ASSERT_EQUAL(std::string("Yes, we have two. The first one is"), call.turns[2].text);
        CPPUNIT_ASSERT_EQUAL(std::string("Of course: Saturday at 10. Grüße aus der Werkstatt 🚲"),
                             call.turns[4].text);
    }

    void no_credential_leaves_the_plugin() {
        Instance instance;
        const std::string body = read("inbound.json");
        CPPUNIT_ASSERT(body.find("credential-of-the-stock-api") != std::string::npos);
        const CallEnded call = instance.ended(body);
        std::string all = members_of(call).dump() + call.analysis_json;
        for (const CallTurn& turn : call.turns) all += turn.text;
        for (const plugin::testing::LogLine& line : instance.host.log()) {
            all += line.text;
            for (const Header& field : line.fields) all += field.value;
        }
        CPPUNIT_ASSERT(all.find("credential") == std::string::npos);
    }

    void an_analysis_beyond_all_bounds_is_kept_in_short() {
        json body = recorded("inbound.json");
        body["data"]["analysis"]["data_collection_results"]["bike"]["value"] =
            std::string(100'000, 'x');
        const CallEnded call = Instance().ended(body.dump());
        const json analysis = json::parse(call.analysis_json);
        CPPUNIT_ASSERT_EQUAL(json("Fitting booked"), analysis["call_summary_title"]);
        CPPUNIT_ASSERT(!analysis.contains("data_collection_results"));
    }

    void a_call_of_ours_comes_back_with_our_id() {
        const CallEnded call = Instance().ended(read("outbound.json"));
        CPPUNIT_ASSERT_EQUAL(std::string(our_id), call.our_call_id);
        CPPUNIT_ASSERT(call.direction == Direction::Outbound);
        CPPUNIT_ASSERT(call.outcome == CallOutcome::Failure);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), call.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), call.customer_address);
        // Of an inbound call the user id is somebody else's word.
        json body = recorded("inbound.json");
        body["data"]["user_id"] = "somebody";
        CPPUNIT_ASSERT_EQUAL(std::string(), Instance().ended(body.dump()).our_call_id);
    }

    void a_sip_call_is_read_by_its_user_parts() {
        const CallEnded call = Instance().ended(read("sip.json"));
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), call.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), call.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("SCL_0003"), call.call_id);
    }

    void a_call_that_never_came_about_says_why() {
        const CallEnded busy = Instance().ended(read("busy.json"));
        CPPUNIT_ASSERT_EQUAL(std::string("call_initiation_failure:conv_0004"), busy.dedupe_key);
        CPPUNIT_ASSERT(busy.outcome == CallOutcome::NeverConnected);
        CPPUNIT_ASSERT(busy.direction == Direction::Outbound);
        CPPUNIT_ASSERT_EQUAL(std::string("busy"), busy.failure_reason);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), busy.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), busy.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("CA00000000000000000000000000000004"), busy.call_id);
        CPPUNIT_ASSERT_EQUAL(tandem_time{1700000000000}, busy.happened_at);

        const CallEnded sip = Instance().ended(read("sip_failure.json"));
        CPPUNIT_ASSERT(sip.outcome == CallOutcome::NeverConnected);
        CPPUNIT_ASSERT_EQUAL(std::string("temporarily unavailable"), sip.failure_reason);
        CPPUNIT_ASSERT_EQUAL(std::string("14155550100"), sip.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), sip.customer_address);
    }

    void what_is_no_call_is_answered_and_left_out() {
        for (const char* name : {"audio.json", "own_turn.json", "native_sms.json", "widget.json"}) {
            Instance instance;
            CPPUNIT_ASSERT_MESSAGE(name, instance.post_call(read(name)).empty());
            CPPUNIT_ASSERT_EQUAL(size_t{1}, instance.host.log().size());
            const bool passes_us_by = std::string(name) == "native_sms.json";
            CPPUNIT_ASSERT_EQUAL(passes_us_by,
                                 instance.host.log().front().level == TANDEM_LOG_WARN);
        }
    }

    void j13_odd_bodies_are_read_as_far_as_they_go() {
        const json rows = recorded("odd.json")["rows"];
        CPPUNIT_ASSERT(rows.size() > 30);
        for (const json& row : rows) {
            const std::string name = row["name"];
            const std::vector<AnyEvent> events = Instance().post_call(body_of(row));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, row["result"] == "event", events.size() == 1);
            if (events.empty()) continue;
            const json got = members_of(std::get<CallEnded>(events.front()));
            for (const auto& [member, wanted] : row["want"].items())
                CPPUNIT_ASSERT_EQUAL_MESSAGE(name + ": " + member, wanted, got[member]);
        }
    }

    void j13_ten_thousand_turns_are_read() {
        json body = recorded("outbound.json");
        json& transcript = body["data"]["transcript"];
        const json turn = transcript[0];
        for (int i = 0; i < 10'000; ++i) transcript.push_back(turn);
        CPPUNIT_ASSERT_EQUAL(size_t{10'002}, Instance().ended(body.dump()).turns.size());
    }

    void bodies_that_are_no_json_make_no_sense() {
        const json rows = recorded("odd.json")["senseless"];
        CPPUNIT_ASSERT_EQUAL(size_t{19}, rows.size());
        for (const json& row : rows) {
            const std::string name = row["name"];
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, TANDEM_INVALID, refused(row["text"]));
        }
        for (const std::string& bytes :
             {std::string("{\"type\":\"\xff\"}"), std::string("{\"type\":\"\xed\xa0\x80\"}"),
              std::string("{}\0", 3), std::string("{\"a\":1}\0{}", 10)})
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, refused(bytes));
    }

    void depth_and_number_of_values_are_bounded() {
        const auto nested = [](size_t levels) {
            return "{\"type\":\"x\",\"data\":" + std::string(levels - 1, '[') +
                   std::string(levels - 1, ']') + "}";
        };
        CPPUNIT_ASSERT(Instance().post_call(nested(64)).empty());
        for (const size_t levels : {65u, 10'000u, 100'000u})
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, refused(nested(levels)));
        std::string many = "{\"data\":[0";
        for (int i = 0; i < 1'000'000; ++i) many += ",0";
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, refused(many + "]}"));
    }

    void j15_another_body_of_the_same_conversation_has_the_same_key() {
        const json bodies = recorded("conflict.json");
        const CallEnded first = Instance().ended(bodies[0].dump());
        const CallEnded second = Instance().ended(bodies[1].dump());
        CPPUNIT_ASSERT_EQUAL(first.dedupe_key, second.dedupe_key);
        CPPUNIT_ASSERT(first.summary != second.summary);
        // And the same body says the same, always.
        CPPUNIT_ASSERT_EQUAL(members_of(first).dump(),
                             members_of(Instance().ended(bodies[0].dump())).dump());
    }

private:
    static CallStarted started(const std::string& body) {
        const std::vector<AnyEvent> events = Instance().initiation(body);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, events.size());
        return std::get<CallStarted>(events.front());
    }

    static tandem_status refused(const std::string& body) {
        try {
            Instance().post_call(body);
        } catch (const Failure& failure) {
            return failure.code();
        }
        return TANDEM_OK;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebhookTest);

}  // namespace tandem::elevenlabs
