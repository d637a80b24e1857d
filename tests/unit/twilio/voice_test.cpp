#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "form.hpp"
#include "instance.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::Instance;

constexpr const char* call = "CA11111111111111111111111111111111";
constexpr const char* person = "+14155550123";

std::string url_of(const std::string& account = testing::own_account) {
    return "https://api.twilio.com/2010-04-01/Accounts/" + account + "/Calls/" + call + ".json";
}

std::string shown(const std::string& direction) {
    return std::string(R"({"sid": ")") + call +
           R"(", "from": "+14155550100", "to": "+14155550199", "direction": ")" + direction + "\"}";
}

constexpr const char* wrong_state = R"({"code": 21220, "message": "Invalid call state"})";

}  // namespace

class VoiceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VoiceTest);
    CPPUNIT_TEST(a_live_call_is_ended);
    CPPUNIT_TEST(a_call_that_nobody_answered_is_canceled);
    CPPUNIT_TEST(a_call_that_is_over_is_a_conflict);
    CPPUNIT_TEST(a_call_is_handed_to_a_phone_in_the_businesss_name);
    CPPUNIT_TEST(a_call_is_handed_over_also_when_nobody_tells_its_numbers);
    CPPUNIT_TEST(only_phone_numbers_are_dialled);
    CPPUNIT_TEST(what_is_no_call_is_not_asked_for);
    CPPUNIT_TEST(the_account_of_a_call_is_found);
    CPPUNIT_TEST(every_failure_has_its_status);
    CPPUNIT_TEST(it_starts_no_calls);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void a_live_call_is_ended() {
        instance_->host.answer_http(200, shown("inbound"));
        instance_->twilio->hang_up(call);
        const auto& requests = instance_->host.requests();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, requests.size());
        CPPUNIT_ASSERT_EQUAL(std::string("POST"), requests[0].method);
        CPPUNIT_ASSERT_EQUAL(url_of(), requests[0].url);
        CPPUNIT_ASSERT_EQUAL(std::string("Status=completed"), requests[0].body);
    }

    void a_call_that_nobody_answered_is_canceled() {
        instance_->host.answer_http(400, wrong_state);
        instance_->host.answer_http(200, shown("inbound"));
        instance_->twilio->hang_up(call);
        CPPUNIT_ASSERT_EQUAL(std::string("Status=canceled"), instance_->host.requests().at(1).body);
    }

    void a_call_that_is_over_is_a_conflict() {
        instance_->host.answer_http_by([](const HttpRequest& request) {
            HttpResult result;
            result.answered = true;
            result.status = request.method == "GET" ? 200 : 400;
            result.body = request.method == "GET" ? shown("inbound") : wrong_state;
            return result;
        });
        CPPUNIT_ASSERT_EQUAL(TANDEM_CONFLICT, failure([&] { instance_->twilio->hang_up(call); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_CONFLICT,
                             failure([&] { instance_->twilio->transfer(call, person); }));
    }

    void a_call_is_handed_to_a_phone_in_the_businesss_name() {
        for (const auto& [direction, business] :
             {std::pair{"inbound", "+14155550199"}, {"outbound-api", "+14155550100"}}) {
            make({});
            instance_->host.answer_http(200, shown(direction));
            instance_->host.answer_http(200, shown(direction));
            instance_->twilio->transfer(call, person);
            const auto& requests = instance_->host.requests();
            CPPUNIT_ASSERT_EQUAL(std::string("GET"), requests.at(0).method);
            CPPUNIT_ASSERT_EQUAL(url_of(), requests.at(1).url);
            CPPUNIT_ASSERT_EQUAL(
                "<Response><Dial answerOnBridge=\"true\" timeout=\"30\" callerId=\"" +
                    std::string(business) + "\"><Number>" + person + "</Number></Dial></Response>",
                parse_form(requests.at(1).body, 9).only("Twiml").value());
        }
    }

    void a_call_is_handed_over_also_when_nobody_tells_its_numbers() {
        for (const char* told : {"", "<html>", R"({"sid": "CA1", "direction": "inbound",
                                 "to": "\"/><Hangup/>"})"}) {
            make({});
            instance_->host.answer_http(*told ? 200 : 500, told);
            instance_->host.answer_http(200, shown("inbound"));
            instance_->twilio->transfer(call, person);
            CPPUNIT_ASSERT_EQUAL(
                std::string("<Response><Dial answerOnBridge=\"true\" timeout=\"30\"><Number>") +
                    person + "</Number></Dial></Response>",
                parse_form(instance_->host.requests().at(1).body, 9).only("Twiml").value());
        }
    }

    void only_phone_numbers_are_dialled() {
        for (const char* wrong : {"", "911", "112", "4155550123", "+1415555012x", "+0155550123",
                                  "+1 415 555 0123", "sip:a@b", "client:bob", "+12345678901234567",
                                  "+14155550123</Number><Hangup/>", "+14155550123;ext=5"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                wrong, TANDEM_INVALID, failure([&] { instance_->twilio->transfer(call, wrong); }));
        CPPUNIT_ASSERT(instance_->host.requests().empty());
    }

    void what_is_no_call_is_not_asked_for() {
        for (const char* wrong : {"", "CA", "SM11111111111111111111111111111111", "CA1/../..",
                                  "CA1?x=1", "CA1111111111111111111111111111111111111"}) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID,
                                 failure([&] { instance_->twilio->hang_up(wrong); }));
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID,
                                 failure([&] { instance_->twilio->transfer(wrong, person); }));
        }
        CPPUNIT_ASSERT(instance_->host.requests().empty());
    }

    void the_account_of_a_call_is_found() {
        make({std::string(testing::subaccount) + ":" + testing::sub_token});
        instance_->host.answer_http(404, R"({"code": 20404})");
        instance_->host.answer_http(200, shown("inbound"));
        instance_->twilio->hang_up(call);
        CPPUNIT_ASSERT_EQUAL(url_of(testing::subaccount), instance_->host.requests().at(1).url);
        instance_->host.answer_http(404, R"({"code": 20404})");
        instance_->host.answer_http(404, R"({"code": 20404})");
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, failure([&] { instance_->twilio->hang_up(call); }));
    }

    void every_failure_has_its_status() {
        for (const auto& [status, code] :
             std::vector<std::pair<int, int>>{{401, TANDEM_FORBIDDEN},
                                              {403, TANDEM_FORBIDDEN},
                                              {404, TANDEM_NOT_FOUND},
                                              {400, TANDEM_INVALID},
                                              {429, TANDEM_LIMITED},
                                              {302, TANDEM_UNAVAILABLE},
                                              {408, TANDEM_UNAVAILABLE},
                                              {500, TANDEM_UNAVAILABLE}}) {
            instance_->host.answer_http(status, "");
            CPPUNIT_ASSERT_EQUAL(code, failure([&] { instance_->twilio->hang_up(call); }));
        }
        // No answer at all.
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE,
                             failure([&] { instance_->twilio->hang_up(call); }));
    }

    void it_starts_no_calls() {
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED,
                             failure([&] { instance_->twilio->start_call(OutboundCall{}); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED,
                             failure([&] { instance_->twilio->look_up(OutboundCall{}, 0); }));
    }

private:
    void make(const std::vector<std::string>& accounts) {
        instance_ = std::make_unique<Instance>(std::vector<Header>{}, accounts);
    }

    template <typename Work>
    static int failure(const Work& work) {
        try {
            work();
        } catch (const Failure& failure) {
            CPPUNIT_ASSERT(std::string(failure.what()).size() > 10);
            return failure.code();
        }
        return TANDEM_OK;
    }

    std::unique_ptr<Instance> instance_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(VoiceTest);

}  // namespace tandem::twilio
