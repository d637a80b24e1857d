#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include "tandem/plugin/testing.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;

constexpr const char* sid = "SM11111111111111111111111111111111";

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

}  // namespace

class SendTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SendTest);
    CPPUNIT_TEST(one_form_goes_to_the_accounts_messages);
    CPPUNIT_TEST(another_region_and_a_service_are_options);
    CPPUNIT_TEST(the_status_callback_carries_our_own_id);
    CPPUNIT_TEST(a_messenger_is_answered_from_the_same_messenger);
    CPPUNIT_TEST(every_byte_of_a_text_arrives);
    CPPUNIT_TEST(a_created_message_is_accepted);
    CPPUNIT_TEST(a_clear_no_is_refused_with_its_code);
    CPPUNIT_TEST(opted_out_is_told_apart);
    CPPUNIT_TEST(what_was_not_acted_on_may_be_tried_again);
    CPPUNIT_TEST(what_may_have_been_sent_is_unknown);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void one_form_goes_to_the_accounts_messages() {
        const HttpRequest request = sent("Hi & bye");
        CPPUNIT_ASSERT_EQUAL(std::string("POST"), request.method);
        CPPUNIT_ASSERT_EQUAL(
            std::string("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"),
            request.url);
        CPPUNIT_ASSERT_EQUAL(std::string("To=%2B14155550199&From=%2B14155550100&Body=Hi+%26+bye"),
                             request.body);
        // AC1:new
        CPPUNIT_ASSERT_EQUAL(std::string("Basic QUMxOm5ldw=="), header(request, "Authorization"));
        CPPUNIT_ASSERT_EQUAL(std::string("application/x-www-form-urlencoded"),
                             header(request, "Content-Type"));
        CPPUNIT_ASSERT_EQUAL(15000u, request.deadline_ms);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, host_->requests().size());
    }

    void another_region_and_a_service_are_options() {
        make({{"api_base_url", "http://127.0.0.1:9/"}, {"messaging_service_sid", "MG1"}});
        const HttpRequest request = sent("Hi");
        CPPUNIT_ASSERT_EQUAL(
            std::string("http://127.0.0.1:9/2010-04-01/Accounts/AC1/Messages.json"), request.url);
        CPPUNIT_ASSERT(request.body.find("&MessagingServiceSid=MG1&") != std::string::npos);
    }

    void the_status_callback_carries_our_own_id() {
        const auto callback = [this](const char* url) {
            message_.status_url = url;
            const std::string body = sent("Hi").body;
            return body.substr(body.find("StatusCallback="));
        };
        CPPUNIT_ASSERT_EQUAL(std::string("StatusCallback=https%3A%2F%2Fgw.example.com%2Fapi%2F"
                                         "webhooks%2Ftwilio%2Fsms%2Fstatus%3Fmessage_id%3Dm-1"),
                             callback("https://gw.example.com/api/webhooks/twilio/"));
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "StatusCallback=https%3A%2F%2Fgw.example.com%2Fs%3Fa%3D1%26message_id%3Dm-1"),
            callback("https://gw.example.com/s?a=1"));
    }

    void a_messenger_is_answered_from_the_same_messenger() {
        message_.to = "whatsapp:+14155550199";
        CPPUNIT_ASSERT_EQUAL(std::string("To=whatsapp%3A%2B14155550199&"
                                         "From=whatsapp%3A%2B14155550100&Body=Hi"),
                             sent("Hi").body);
    }

    void every_byte_of_a_text_arrives() {
        std::string all;
        for (int byte = 1; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
        const Form form = parse_form(sent(all).body, 16);
        CPPUNIT_ASSERT(!form.malformed);
        CPPUNIT_ASSERT_EQUAL(all, form.only("Body").value());
    }

    void a_created_message_is_accepted() {
        const auto receipt = receipt_of(
            answered(201, std::string(R"({"sid": ")") + sid + R"(", "status": "queued"})"));
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string(sid), receipt.provider_id);
        CPPUNIT_ASSERT(receipt.delivery == Delivery::Queued);
    }

    void a_clear_no_is_refused_with_its_code() {
        const auto receipt = receipt_of(answered(400, error(21211)));
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("21211"), receipt.error_code);
        CPPUNIT_ASSERT(receipt.error_text.find("No.") != std::string::npos);
        CPPUNIT_ASSERT(!receipt.opted_out);
        for (int status : {400, 401, 403, 404}) {
            const auto bare = receipt_of(answered(status, "<html>"));
            CPPUNIT_ASSERT(bare.outcome == SendOutcome::Refused);
            CPPUNIT_ASSERT_EQUAL("http_" + std::to_string(status), bare.error_code);
        }
    }

    void opted_out_is_told_apart() {
        CPPUNIT_ASSERT(receipt_of(answered(400, error(21610))).opted_out);
    }

    void what_was_not_acted_on_may_be_tried_again() {
        HttpResult unsent;
        unsent.error = "connection refused";
        CPPUNIT_ASSERT(receipt_of(unsent).outcome == SendOutcome::NotSent);

        const auto waits = [](std::vector<Header> headers) {
            const auto receipt = receipt_of(answered(429, error(20429), std::move(headers)));
            CPPUNIT_ASSERT(receipt.outcome == SendOutcome::NotSent);
            return receipt.retry_after_ms;
        };
        CPPUNIT_ASSERT_EQUAL(5000u, waits({{"Retry-After", "5"}}));
        CPPUNIT_ASSERT_EQUAL(3600000u, waits({{"Retry-After", "999999"}}));
        CPPUNIT_ASSERT_EQUAL(0u, waits({{"Retry-After", "soon"}}));
        CPPUNIT_ASSERT_EQUAL(0u, waits({{"Retry-After", "-5"}}));
        CPPUNIT_ASSERT_EQUAL(0u, waits({{"Retry-After", "99999999999"}}));
        CPPUNIT_ASSERT_EQUAL(0u, waits({}));
        CPPUNIT_ASSERT(receipt_of(answered(400, error(21611))).outcome == SendOutcome::NotSent);
    }

    void what_may_have_been_sent_is_unknown() {
        HttpResult lost;
        lost.maybe_sent = true;
        lost.error = "timed out";
        std::vector<HttpResult> results{lost};
        for (int status : {500, 502, 503, 504, 301, 302, 307, 408})
            results.push_back(answered(status, ""));
        const std::string deep(100000, '[');
        for (const std::string& body :
             {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
              std::string(R"({"sid": "CA11111111111111111111111111111111"})"),
              std::string(R"({"sid": "SM1"})"), std::string(R"({"sid": 7})"), deep,
              R"({"sid": "SM11111111111111111111111111111111", "x": )" + deep})
            results.push_back(answered(201, body));
        for (const HttpResult& result : results)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(result.status) + result.body.substr(0, 40),
                                   receipt_of(result).outcome == SendOutcome::Unknown);
    }

private:
    void make(const std::vector<Header>& options) {
        host_ = std::make_unique<plugin::testing::FakeHost>("twilio");
        host_->option("account_sid", "AC1");
        host_->option_list("auth_token", {"new", "old"});
        for (const Header& option : options) host_->option(option.name, option.value);
        plugin_ = std::make_unique<Twilio>(host_->host());
        message_ = {};
        message_.deadline_ms = 15000;
        message_.message_id = "m-1";
        message_.from = "+14155550100";
        message_.to = "+14155550199";
    }

    HttpRequest sent(const std::string& text) {
        host_->answer_http(201, std::string(R"({"sid": ")") + sid + R"("})");
        message_.text = text;
        CPPUNIT_ASSERT(plugin_->send(message_).outcome == SendOutcome::Accepted);
        return host_->requests().back();
    }

    static std::string header(const HttpRequest& request, std::string_view name) {
        return std::string(find_field(request.headers, name).value_or("none"));
    }

    std::unique_ptr<plugin::testing::FakeHost> host_;
    std::unique_ptr<Twilio> plugin_;
    OutboundMessage message_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SendTest);

}  // namespace tandem::twilio
