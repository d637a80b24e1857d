#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "form.hpp"
#include "instance.h"
#include "outcome.hpp"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::header;
using testing::Instance;
using testing::message_sid;

// Tue, 14 Nov 2023 22:13:20 GMT
constexpr tandem_time now = 1'700'000'000'000;

HttpResult answered(int status, std::string body, std::vector<Header> headers = {}) {
    HttpResult result;
    result.answered = true;
    result.status = status;
    result.body = std::move(body);
    result.headers = std::move(headers);
    return result;
}

std::string error(int code) {
    return R"({"code": )" + std::to_string(code) + R"(, "message": "No.", "status": 400})";
}

std::string created(const std::string& more = R"("status": "queued")") {
    return std::string(R"({"sid": ")") + message_sid + "\", " + more + "}";
}

Receipt read(const HttpResult& result) {
    return receipt_of(result, now);
}

}  // namespace

class SendTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SendTest);
    CPPUNIT_TEST(one_form_goes_to_the_accounts_messages);
    CPPUNIT_TEST(another_region_is_an_option);
    CPPUNIT_TEST(an_api_key_asks_in_the_accounts_name);
    CPPUNIT_TEST(a_service_sends_from_the_organisations_number_unless_it_may_choose);
    CPPUNIT_TEST(the_status_callback_carries_our_own_id);
    CPPUNIT_TEST(a_messenger_is_answered_from_the_same_messenger);
    CPPUNIT_TEST(short_codes_and_names_go_out_without_their_type);
    CPPUNIT_TEST(every_byte_of_a_text_arrives);
    CPPUNIT_TEST(a_text_that_twilio_never_takes_is_not_sent);
    CPPUNIT_TEST(options_that_make_no_sense_are_refused);
    CPPUNIT_TEST(a_created_message_is_accepted);
    CPPUNIT_TEST(segments_are_told_where_they_make_sense);
    CPPUNIT_TEST(codes_are_what_the_table_says);
    CPPUNIT_TEST(a_refused_account_holds_everything);
    CPPUNIT_TEST(no_phone_number_is_told_on);
    CPPUNIT_TEST(r01_the_provider_says_when_to_come_back);
    CPPUNIT_TEST(what_was_not_acted_on_may_be_tried_again);
    CPPUNIT_TEST(r04_r05_what_may_have_been_sent_is_unknown);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void one_form_goes_to_the_accounts_messages() {
        const HttpRequest request = sent("Hi & bye");
        CPPUNIT_ASSERT_EQUAL(std::string("POST"), request.method);
        CPPUNIT_ASSERT_EQUAL(testing::list_path(), request.url);
        CPPUNIT_ASSERT_EQUAL(std::string("To=%2B14155550199&From=%2B14155550100&Body=Hi+%26+bye&"
                                         "ValidityPeriod=900"),
                             request.body);
        // AC00000000000000000000000000000001:0123456789abcdef0123456789abcdef
        CPPUNIT_ASSERT_EQUAL(
            std::string("Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTowMTIzNDU2Nzg5YWJjZG"
                        "VmMDEyMzQ1Njc4OWFiY2RlZg=="),
            header(request, "Authorization"));
        CPPUNIT_ASSERT_EQUAL(std::string("application/x-www-form-urlencoded"),
                             header(request, "Content-Type"));
        CPPUNIT_ASSERT_EQUAL(15000u, request.deadline_ms);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, instance_->host.requests().size());
    }

    void another_region_is_an_option() {
        make({{"api_base_url", "https://api.dublin.ie1.twilio.com/"}, {"validity_s", "36000"}});
        const HttpRequest request = sent("Hi");
        CPPUNIT_ASSERT_EQUAL(std::string("https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/") +
                                 testing::own_account + "/Messages.json",
                             request.url);
        CPPUNIT_ASSERT(request.body.find("&ValidityPeriod=36000") != std::string::npos);
    }

    void an_api_key_asks_in_the_accounts_name() {
        make({{"api_key_sid", "SK1"}, {"api_key_secret", "s3cret"}});
        const HttpRequest request = sent("Hi");
        // SK1:s3cret
        CPPUNIT_ASSERT_EQUAL(std::string("Basic U0sxOnMzY3JldA=="),
                             header(request, "Authorization"));
        CPPUNIT_ASSERT_EQUAL(testing::list_path(), request.url);
    }

    void a_service_sends_from_the_organisations_number_unless_it_may_choose() {
        make({{"messaging_service_sid", "MG1"}, {"from", "+14155550111"}});
        CPPUNIT_ASSERT_EQUAL(std::string("To=%2B14155550199&From=%2B14155550100&"
                                         "MessagingServiceSid=MG1&Body=Hi&ValidityPeriod=900"),
                             sent("Hi").body);
        message_.from = {};
        CPPUNIT_ASSERT_EQUAL(std::string("To=%2B14155550199&MessagingServiceSid=MG1&Body=Hi&"
                                         "ValidityPeriod=900"),
                             sent("Hi").body);
        make({{"messaging_service_sid", "MG1"}, {"service_picks_sender", "true"}});
        CPPUNIT_ASSERT_EQUAL(std::string("To=%2B14155550199&MessagingServiceSid=MG1&Body=Hi&"
                                         "ValidityPeriod=900"),
                             sent("Hi").body);
        make({{"from", "+14155550111"}});
        message_.from = {};
        CPPUNIT_ASSERT(sent("Hi").body.find("From=%2B14155550111&") != std::string::npos);
    }

    void the_status_callback_carries_our_own_id() {
        const std::string again = "#rc=3&rp=5xx,ct,rt&ct=2000&rt=4500";
        CPPUNIT_ASSERT_EQUAL(
            "https://gw.example.com/api/webhooks/twilio/sms/status?message_id=m-1" + again,
            callback("https://gw.example.com/api/webhooks/twilio/"));
        CPPUNIT_ASSERT_EQUAL("https://gw.example.com/s?a=1&message_id=m-1" + again,
                             callback("https://gw.example.com/s?a=1"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), callback(""));
        // The service's sender may be a number that no organisation lists.
        make({{"messaging_service_sid", "MG1"}});
        CPPUNIT_ASSERT_EQUAL(
            "https://gw.example.com/s?message_id=m-1&sender=%2B14155550100" + again,
            callback("https://gw.example.com/s"));
    }

    void a_messenger_is_answered_from_the_same_messenger() {
        message_.to = "whatsapp:+14155550199";
        CPPUNIT_ASSERT_EQUAL(std::string("To=whatsapp%3A%2B14155550199&"
                                         "From=whatsapp%3A%2B14155550100&Body=Hi"),
                             sent("Hi").body);
        message_.to = "whatsapp:US.1234567890";
        message_.from = "whatsapp:+14155550100";
        CPPUNIT_ASSERT_EQUAL(std::string("To=whatsapp%3AUS.1234567890&"
                                         "From=whatsapp%3A%2B14155550100&Body=Hi"),
                             sent("Hi").body);
    }

    void short_codes_and_names_go_out_without_their_type() {
        message_.from = "sender:ACME Bikes";
        message_.to = "shortcode:12345";
        CPPUNIT_ASSERT_EQUAL(std::string("To=12345&From=ACME+Bikes&Body=Hi&ValidityPeriod=900"),
                             sent("Hi").body);
    }

    void every_byte_of_a_text_arrives() {
        std::string all;
        for (int byte = 1; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
        const Form form = parse_form(sent(all).body, 16);
        CPPUNIT_ASSERT(!form.malformed);
        CPPUNIT_ASSERT_EQUAL(all, form.only("Body").value());
    }

    void a_text_that_twilio_never_takes_is_not_sent() {
        const auto refused = [this](const std::string& text) {
            message_.text = text;
            const auto receipt = instance_->twilio->send(message_);
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Refused);
            CPPUNIT_ASSERT(instance_->host.requests().empty());
            return receipt.error_code;
        };
        std::string emoji;
        for (int i = 0; i < 800; ++i) emoji += "\xf0\x9f\x98\x80";
        CPPUNIT_ASSERT_EQUAL(std::string("21602"), refused(""));
        CPPUNIT_ASSERT_EQUAL(std::string("21617"), refused(std::string(1601, 'a')));
        CPPUNIT_ASSERT_EQUAL(std::string("21617"), refused(emoji + "a"));
        sent(std::string(1600, 'a'));
        sent(emoji);
        CPPUNIT_ASSERT_EQUAL(1600u, instance_->twilio->max_text_units());
    }

    void options_that_make_no_sense_are_refused() {
        const std::vector<std::vector<Header>> wrong{
            {{"account_sid", "SM1"}},           {{"account_sid", "AC1/../AC2"}},
            {{"api_base_url", "ftp://x"}},      {{"api_key_sid", "SK1"}},
            {{"api_key_secret", "x"}},          {{"api_key_sid", "AC1"}, {"api_key_secret", "x"}},
            {{"messaging_service_sid", "AC1"}}, {{"validity_s", "0"}},
            {{"validity_s", "36001"}},          {{"transfer_ring_s", "601"}},
        };
        for (const auto& options : wrong)
            CPPUNIT_ASSERT_THROW_MESSAGE(options[0].name, make(options), Failure);
        for (const char* text : {"AC1", "AC1:", ":token", "SK1:token", "AC1/x:token"}) {
            try {
                Instance({}, {text});
                CPPUNIT_FAIL(text);
            } catch (const Failure& failure) {
                CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, static_cast<int>(failure.code()));
                CPPUNIT_ASSERT(std::string(failure.what()).find("text 1") != std::string::npos);
            }
        }
    }

    void a_created_message_is_accepted() {
        const auto receipt = read(answered(201, created()));
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string(message_sid), receipt.provider_id);
        CPPUNIT_ASSERT(receipt.delivery == Delivery::Queued);
        CPPUNIT_ASSERT(read(answered(201, created(R"("status": "new word")"))).delivery ==
                       Delivery::Queued);
        const auto failed =
            read(answered(201, created(R"("status": "failed", "error_code": 30007)")));
        CPPUNIT_ASSERT(failed.delivery == Delivery::Failed);
        CPPUNIT_ASSERT_EQUAL(std::string("30007"), failed.error_code);
    }

    void segments_are_told_where_they_make_sense() {
        const auto segments = [](const char* number) {
            return read(answered(201, created(std::string(R"("num_segments": )") + number)))
                .segments;
        };
        CPPUNIT_ASSERT_EQUAL(3u, segments("\"3\""));
        CPPUNIT_ASSERT_EQUAL(3u, segments("3"));
        for (const char* none : {"\"0\"", "\"-1\"", "\"x\"", "\"100000\"", "null", "{}", "1.5"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(none, 0u, segments(none));
    }

    void codes_are_what_the_table_says() {
        struct Row {
            int status, code;
            SendOutcome outcome;
            std::uint32_t wait_ms;
        };
        for (const Row& row : std::vector<Row>{{400, 21211, SendOutcome::Refused, 0},
                                               {400, 21212, SendOutcome::Refused, 0},
                                               {400, 21408, SendOutcome::Refused, 0},
                                               {400, 21606, SendOutcome::Refused, 0},
                                               {400, 21610, SendOutcome::Refused, 0},
                                               {400, 21611, SendOutcome::NotSent, 60000},
                                               {400, 21612, SendOutcome::Refused, 0},
                                               {400, 21614, SendOutcome::Refused, 0},
                                               {400, 21617, SendOutcome::Refused, 0},
                                               {400, 21659, SendOutcome::Refused, 0},
                                               {429, 20429, SendOutcome::NotSent, 1000},
                                               {400, 30001, SendOutcome::NotSent, 60000},
                                               {400, 30003, SendOutcome::Refused, 0},
                                               {400, 30007, SendOutcome::Refused, 0},
                                               {400, 30017, SendOutcome::NotSent, 60000},
                                               {400, 30022, SendOutcome::NotSent, 60000},
                                               {400, 30023, SendOutcome::NotSent, 3600000},
                                               {400, 30034, SendOutcome::Refused, 0},
                                               {400, 63016, SendOutcome::Refused, 0},
                                               {400, 99999, SendOutcome::Refused, 0},
                                               {403, 21999, SendOutcome::Refused, 0},
                                               {401, 20003, SendOutcome::NotSent, 0},
                                               {403, 20005, SendOutcome::NotSent, 0},
                                               {404, 20404, SendOutcome::NotSent, 0},
                                               {400, 30002, SendOutcome::NotSent, 0}}) {
            const auto receipt = read(answered(row.status, error(row.code)));
            const std::string code = std::to_string(row.code);
            CPPUNIT_ASSERT_MESSAGE(code, receipt.outcome == row.outcome);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(code, row.wait_ms, receipt.retry_after_ms);
            CPPUNIT_ASSERT_EQUAL(code, receipt.error_code);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(code, row.code == 21610, receipt.opted_out);
            CPPUNIT_ASSERT_MESSAGE(code, receipt.error_text.find("No.") != std::string::npos);
        }
        // Codes as text, and none at all.
        CPPUNIT_ASSERT(read(answered(400, R"({"code": "21610"})")).opted_out);
        CPPUNIT_ASSERT_EQUAL(std::string("http_400"), read(answered(400, "<html>")).error_code);
    }

    void a_refused_account_holds_everything() {
        for (const auto& [status, code] : {std::pair{401, 20003},
                                           {401, 77777},
                                           {403, 20003},
                                           {403, 20005},
                                           {400, 30002},
                                           {404, 20404},
                                           {403, 20999}}) {
            const auto receipt = read(answered(status, error(code)));
            CPPUNIT_ASSERT_MESSAGE(std::to_string(code), receipt.account_refused);
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
            CPPUNIT_ASSERT(receipt.error_text.size() > 20);
        }
        for (const int status : {401, 403, 404})
            CPPUNIT_ASSERT(read(answered(status, "")).account_refused);
        for (const int code : {21606, 21610, 20429})
            CPPUNIT_ASSERT(!read(answered(400, error(code))).account_refused);
        HttpResult forbidden;
        forbidden.code = TANDEM_FORBIDDEN;
        forbidden.error = "not named by an option";
        CPPUNIT_ASSERT(read(forbidden).account_refused);
    }

    void no_phone_number_is_told_on() {
        const auto receipt = read(answered(
            400, R"({"code": 21211, "message": "Invalid 'To' Phone Number: +15551234567, 2023"})"));
        CPPUNIT_ASSERT(receipt.error_text.find("Invalid 'To' Phone Number: +***67, 2023") !=
                       std::string::npos);
    }

    void r01_the_provider_says_when_to_come_back() {
        const auto waits = [](std::vector<Header> headers) {
            const auto receipt = read(answered(429, "", std::move(headers)));
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
            return receipt.retry_after_ms;
        };
        CPPUNIT_ASSERT_EQUAL(5000u, waits({{"Retry-After", "5"}}));
        CPPUNIT_ASSERT_EQUAL(3600000u, waits({{"Retry-After", "999999"}}));
        CPPUNIT_ASSERT_EQUAL(30000u, waits({{"Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT"}}));
        // R14: its clock is an hour ahead of ours, and both dates are its own.
        CPPUNIT_ASSERT_EQUAL(10000u, waits({{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"},
                                            {"Retry-After", "Tue, 14 Nov 2023 23:13:30 GMT"}}));
        CPPUNIT_ASSERT_EQUAL(3600000u, waits({{"Retry-After", "Fri, 14 Nov 2033 22:13:50 GMT"}}));
        for (const char* none : {"soon", "-5", "-9223372036854776", "99999999999999999999", "", "0",
                                 "5x", "Tue, 14 Nov 2022 22:13:50 GMT"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(none, 0u, waits({{"Retry-After", none}}));
        CPPUNIT_ASSERT_EQUAL(0u, waits({}));
    }

    void what_was_not_acted_on_may_be_tried_again() {
        HttpResult unsent;
        unsent.error = "connection refused";
        unsent.code = TANDEM_UNAVAILABLE;
        unsent.retry_after_ms = 7;
        CPPUNIT_ASSERT(read(unsent).outcome == SendOutcome::NotSent);
        CPPUNIT_ASSERT_EQUAL(7u, read(unsent).retry_after_ms);
        CPPUNIT_ASSERT(!read(unsent).account_refused);
        CPPUNIT_ASSERT(read(answered(425, "")).outcome == SendOutcome::NotSent);
    }

    void r04_r05_what_may_have_been_sent_is_unknown() {
        HttpResult lost;
        lost.maybe_sent = true;
        lost.error = "timed out";
        std::vector<HttpResult> results{lost};
        // R02, R06
        for (int status : {500, 502, 503, 504, 301, 302, 307, 408, 100})
            results.push_back(answered(status, ""));
        results.push_back(answered(503, error(20429)));
        const std::string deep(100000, '[');
        const std::string twice =
            std::string(R"({"sid": ")") + message_sid + R"(", "sid": ")" + message_sid + "\"}";
        for (const std::string& body :
             {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
              std::string(R"({"sid": "CA11111111111111111111111111111111"})"),
              std::string(R"({"sid": "SM1"})"), std::string(R"({"sid": 7})"), deep, twice,
              std::string(R"({"sid": "SM1111111111111111111111111111111z"})"),
              created().substr(0, created().size() - 1), created() + created(),
              R"({"sid": "SM11111111111111111111111111111111", "x": )" + deep})
            results.push_back(answered(201, body));
        for (const HttpResult& result : results)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(result.status) + result.body.substr(0, 40),
                                   read(result).outcome == SendOutcome::Unknown);
    }

private:
    void make(const std::vector<Header>& options) {
        instance_ = std::make_unique<Instance>(options);
        message_ = {};
        message_.deadline_ms = 15000;
        message_.message_id = "m-1";
        message_.from = "+14155550100";
        message_.to = "+14155550199";
    }

    HttpRequest sent(const std::string& text) {
        instance_->host.answer_http(201, created());
        message_.text = text;
        CPPUNIT_ASSERT(instance_->twilio->send(message_).outcome == SendOutcome::Accepted);
        return instance_->host.requests().back();
    }

    std::string callback(const char* url) {
        message_.status_url = url;
        return parse_form(sent("Hi").body, 16).only("StatusCallback").value_or("none");
    }

    std::unique_ptr<Instance> instance_;
    OutboundMessage message_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SendTest);

}  // namespace tandem::twilio
