#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "fixture.h"

namespace tandem::elevenlabs {

using namespace plugin;
using nlohmann::json;
using testing::Instance;
using testing::now;
using testing::Options;

namespace {

constexpr const char* our_id = "0190d2c4-0000-7000-8000-000000000007";

HttpResult answered(int status, std::string body, std::vector<Header> headers = {}) {
    HttpResult result;
    result.answered = true;
    result.status = status;
    result.body = std::move(body);
    result.headers = std::move(headers);
    return result;
}

HttpResult unanswered(bool maybe_sent) {
    HttpResult result;
    result.maybe_sent = maybe_sent;
    result.error = "the line broke";
    return result;
}

std::string started_answer() {
    return R"({"success": true, "message": "ok", "conversation_id": "conv_1", "callSid": "CA1"})";
}

OutboundCall call() {
    OutboundCall call;
    call.deadline_ms = 20'000;
    call.call_id = our_id;
    call.from = "+14155550100";
    call.to = "+14155550199";
    call.variables = {{"customer_name", "Ann"}, {"system__time_utc", "never"}};
    return call;
}

}  // namespace

class CallTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CallTest);
    CPPUNIT_TEST(a_call_is_asked_for_once_with_everything_the_agent_needs);
    CPPUNIT_TEST(how_long_it_rings_is_kept_to_what_the_api_takes);
    CPPUNIT_TEST(without_a_number_to_call_from_nothing_is_sent);
    CPPUNIT_TEST(a_started_call_is_accepted_with_both_ids);
    CPPUNIT_TEST(no_success_in_a_200_is_a_refusal);
    CPPUNIT_TEST(a_clear_no_is_refused_with_words_that_are_safe);
    CPPUNIT_TEST(a_refused_account_sends_nothing_until_it_is_mended);
    CPPUNIT_TEST(too_many_requests_wait_as_long_as_is_wished);
    CPPUNIT_TEST(what_may_ring_is_unknown);
    CPPUNIT_TEST(a_call_is_found_again_by_our_id);
    CPPUNIT_TEST(somebody_elses_conversation_is_not_ours);
    CPPUNIT_TEST(only_an_old_empty_list_says_that_nothing_was_started);
    CPPUNIT_TEST(a_look_up_that_fails_tells_nothing);
    CPPUNIT_TEST(a_live_call_is_the_lines_own);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_call_is_asked_for_once_with_everything_the_agent_needs() {
        Instance instance;
        instance.host.answer_http(200, started_answer());
        instance.plugin->start_call(call());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, instance.host.requests().size());
        const HttpRequest& request = instance.host.requests().front();
        CPPUNIT_ASSERT_EQUAL(std::string("POST"), request.method);
        CPPUNIT_ASSERT_EQUAL(std::string("http://127.0.0.1:9/v1/convai/twilio/outbound-call"),
                             request.url);
        CPPUNIT_ASSERT_EQUAL(20'000u, request.deadline_ms);
        CPPUNIT_ASSERT_EQUAL(
            std::string("xi-key"),
            std::string(find_field(request.headers, "xi-api-key").value_or("none")));
        CPPUNIT_ASSERT_EQUAL(
            std::string("application/json"),
            std::string(find_field(request.headers, "Content-Type").value_or("none")));
        CPPUNIT_ASSERT_EQUAL(json({{"agent_id", "agent_0001"},
                                   {"agent_phone_number_id", "phnum_0001"},
                                   {"to_number", "+14155550199"},
                                   {"conversation_initiation_client_data",
                                    {{"user_id", our_id},
                                     {"dynamic_variables",
                                      {{"customer_name", "Ann"}, {"tandem_call_id", our_id}}}}}}),
                             json::parse(request.body));
    }

    void how_long_it_rings_is_kept_to_what_the_api_takes() {
        for (const auto& [wish, sent] : {std::pair{25u, 25u}, {5000u, 999u}}) {
            Instance instance;
            instance.host.answer_http(200, started_answer());
            OutboundCall rings = call();
            rings.ring_s = wish;
            instance.plugin->start_call(rings);
            const json body = json::parse(instance.host.requests().front().body);
            CPPUNIT_ASSERT_EQUAL(json(sent), body["telephony_call_config"]["ringing_timeout_secs"]);
        }
    }

    void without_a_number_to_call_from_nothing_is_sent() {
        Instance instance(Options{{"agent_phone_number_id", ""}});
        const Receipt receipt = instance.plugin->start_call(call());
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
        CPPUNIT_ASSERT(receipt.account_refused);
        CPPUNIT_ASSERT(instance.host.requests().empty());
    }

    void a_started_call_is_accepted_with_both_ids() {
        const Receipt receipt = receipt_of(answered(200, started_answer()));
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_1"), receipt.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), receipt.line_id);
        const Receipt bare = receipt_of(
            answered(200, R"({"success":true,"conversation_id":"conv_1","callSid":null})"));
        CPPUNIT_ASSERT(bare.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string(), bare.line_id);
    }

    void no_success_in_a_200_is_a_refusal() {
        const Receipt receipt =
            receipt_of(answered(200, R"({"success":false,"message":"Not allowed.\nX: y",)"
                                     R"("conversation_id":null,"callSid":null})"));
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("call_refused"), receipt.error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("ElevenLabs starts no call: Not allowed. X: y"),
                             receipt.error_text);
    }

    void a_clear_no_is_refused_with_words_that_are_safe() {
        const Receipt validation =
            receipt_of(answered(422, R"({"detail":[{"loc":["body","to_number"],)"
                                     R"("msg":"is no number","type":"value_error"}]})"));
        CPPUNIT_ASSERT(validation.outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("validation_error"), validation.error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("ElevenLabs answered 422: to_number: is no number"),
                             validation.error_text);
        const Receipt object =
            receipt_of(answered(404, R"({"detail":{"type":"not_found","code":"agent_not_found",)"
                                     R"("message":"No agent.","status":"x"}})"));
        CPPUNIT_ASSERT(object.outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("agent_not_found"), object.error_code);
        const Receipt legacy =
            receipt_of(answered(400, R"({"detail":{"status":"bad","message":"No."}})"));
        CPPUNIT_ASSERT_EQUAL(std::string("bad"), legacy.error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("ElevenLabs answered 400: plain"),
                             receipt_of(answered(400, R"({"detail":"plain"})")).error_text);
        const Receipt page = receipt_of(answered(400, "<html>"));
        CPPUNIT_ASSERT(page.outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("http_400"), page.error_code);
        CPPUNIT_ASSERT(receipt_of(answered(400, json({{"detail", std::string(5000, 'x')}}).dump()))
                           .error_text.size() <= 300);
    }

    void a_refused_account_sends_nothing_until_it_is_mended() {
        for (const int status : {401, 402, 403}) {
            const Receipt receipt = receipt_of(
                answered(status, R"({"detail":{"code":"invalid_api_key","message":"No."}})"));
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
            CPPUNIT_ASSERT(receipt.account_refused);
            CPPUNIT_ASSERT_EQUAL(std::string("invalid_api_key"), receipt.error_code);
        }
    }

    void too_many_requests_wait_as_long_as_is_wished() {
        const auto waits = [](const std::string& wish) {
            const Receipt receipt =
                receipt_of(answered(429, R"({"detail":{"code":"system_busy","message":"Busy."}})",
                                    {{"Retry-After", wish}}));
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
            CPPUNIT_ASSERT(!receipt.account_refused);
            CPPUNIT_ASSERT_EQUAL(std::string("system_busy"), receipt.error_code);
            return receipt.retry_after_ms;
        };
        CPPUNIT_ASSERT_EQUAL(5000u, waits("5"));
        CPPUNIT_ASSERT_EQUAL(3'600'000u, waits("999999"));
        CPPUNIT_ASSERT_EQUAL(0u, waits("soon"));
        CPPUNIT_ASSERT_EQUAL(0u, waits(""));
        CPPUNIT_ASSERT_EQUAL(0u, waits("-5"));
        CPPUNIT_ASSERT_EQUAL(0u, waits("99999999999999999999"));
        CPPUNIT_ASSERT_EQUAL(10'000u, waits("Tue, 14 Nov 2023 22:13:30 GMT"));
        CPPUNIT_ASSERT_EQUAL(0u, waits("Tue, 14 Nov 2023 22:13:10 GMT"));
        CPPUNIT_ASSERT_EQUAL(3'600'000u, waits("Tue, 14 Nov 2033 22:13:10 GMT"));
    }

    void what_may_ring_is_unknown() {
        std::vector<HttpResult> results{unanswered(true)};
        for (const int status : {500, 502, 503, 504, 301, 302, 307, 408, 101})
            results.push_back(answered(status, R"({"detail":"x"})"));
        const std::string deep(100'000, '[');
        for (const std::string& body :
             {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
              std::string(R"({"success": "true", "conversation_id": "conv_1"})"),
              std::string(R"({"success": true})"),
              std::string(R"({"success": true, "conversation_id": null, "callSid": "CA1"})"),
              std::string(R"({"success": true, "conversation_id": "a b"})"),
              std::string(R"({"success": true, "success": false})"), deep,
              R"({"success": false, "x": )" + deep})
            results.push_back(answered(200, body));
        for (const HttpResult& result : results)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(result.status) + result.body.substr(0, 60),
                                   receipt_of(result).outcome == SendOutcome::Unknown);
        CPPUNIT_ASSERT(receipt_of(unanswered(false)).outcome == SendOutcome::NotSent);
    }

    void a_call_is_found_again_by_our_id() {
        Instance instance;
        instance.host.answer_http(200, list({"conv_0002"}));
        instance.host.answer_http(200, testing::recorded("outbound.json")["data"].dump());
        const Receipt receipt = instance.plugin->look_up(call(), now - 30'000);
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_0002"), receipt.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA00000000000000000000000000000002"), receipt.line_id);
        const std::vector<HttpRequest>& requests = instance.host.requests();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, requests.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string("http://127.0.0.1:9/v1/convai/conversations?user_id=") + our_id +
                "&agent_id=agent_0001&call_start_after_unix=1699992770&page_size=10",
            requests[0].url);
        CPPUNIT_ASSERT_EQUAL(std::string("http://127.0.0.1:9/v1/convai/conversations/conv_0002"),
                             requests[1].url);
        for (const HttpRequest& request : requests)
            CPPUNIT_ASSERT_EQUAL(std::string("GET"), request.method);
    }

    void somebody_elses_conversation_is_not_ours() {
        Instance instance;
        instance.host.answer_http(200, list({"conv_0001"}));
        instance.host.answer_http(200, testing::recorded("inbound.json")["data"].dump());
        CPPUNIT_ASSERT(instance.plugin->look_up(call(), now - 3'600'000).outcome ==
                       SendOutcome::Unknown);

        // A list that did not heed the filter is not worked through.
        Instance other;
        const std::string somebody = testing::recorded("inbound.json")["data"].dump();
        other.host.answer_http_by([&](const HttpRequest& request) {
            const bool is_list = request.url.find('?') != std::string::npos;
            return answered(200, is_list ? list({"c1", "c2", "c3", "c4", "c5", "c6"}) : somebody);
        });
        CPPUNIT_ASSERT(other.plugin->look_up(call(), now - 3'600'000).outcome ==
                       SendOutcome::Unknown);
        CPPUNIT_ASSERT_EQUAL(size_t{4}, other.host.requests().size());
    }

    void only_an_old_empty_list_says_that_nothing_was_started() {
        CPPUNIT_ASSERT(looked_up(answered(200, list({})), 30'000) == SendOutcome::Unknown);
        CPPUNIT_ASSERT(looked_up(answered(200, list({})), 119'999) == SendOutcome::Unknown);
        CPPUNIT_ASSERT(looked_up(answered(200, list({})), 120'000) == SendOutcome::NotSent);
        CPPUNIT_ASSERT(looked_up(answered(200, R"({"conversations":[],"has_more":true})"),
                                 600'000) == SendOutcome::Unknown);
    }

    void a_look_up_that_fails_tells_nothing() {
        for (const HttpResult& result :
             {unanswered(false), unanswered(true), answered(500, ""), answered(401, "{}"),
              answered(404, "{}"), answered(200, "<html>"), answered(200, "{}"),
              answered(200, R"({"conversations":7,"has_more":false})"),
              answered(200, R"({"conversations":[{"conversation_id":7}],"has_more":false})")})
            CPPUNIT_ASSERT(looked_up(result, 3'600'000) == SendOutcome::Unknown);
    }

    void a_live_call_is_the_lines_own() {
        Instance instance;
        CPPUNIT_ASSERT_THROW(instance.plugin->hang_up("CA1"), Failure);
        CPPUNIT_ASSERT_THROW(instance.plugin->transfer("CA1", "+1"), Failure);
    }

private:
    static Receipt receipt_of(HttpResult result) {
        Instance instance;
        instance.host.answer_http(std::move(result));
        return instance.plugin->start_call(call());
    }

    static SendOutcome looked_up(HttpResult result, tandem_time age_ms) {
        Instance instance;
        instance.host.answer_http(std::move(result));
        return instance.plugin->look_up(call(), now - age_ms).outcome;
    }

    static std::string list(const std::vector<std::string>& ids) {
        json list{{"conversations", json::array()}, {"has_more", false}, {"next_cursor", nullptr}};
        for (const std::string& id : ids)
            list["conversations"].push_back({{"conversation_id", id}});
        return list.dump();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CallTest);

}  // namespace tandem::elevenlabs
