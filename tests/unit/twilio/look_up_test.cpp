#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "form.hpp"
#include "listing.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::changed;
using testing::Instance;
using testing::Json;
using testing::listed;
using testing::page;

// Tue, 14 Nov 2023 22:13:20 GMT; the clock stands two minutes later.
constexpr tandem_time begun_at = 1'700'000'000'000;
constexpr const char* at_once = "Tue, 14 Nov 2023 22:13:21 +0000";
constexpr const char* date_now = "Tue, 14 Nov 2023 22:15:20 GMT";

}  // namespace

/// Nothing is sent twice because of a wrong "it is not there".
class LookUpTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LookUpTest);
    CPPUNIT_TEST(the_pairs_messages_are_listed_by_date_and_without);
    CPPUNIT_TEST(the_message_with_this_text_and_time_was_accepted);
    CPPUNIT_TEST(what_waits_without_a_date_of_sending_is_found);
    CPPUNIT_TEST(changes_that_twilio_makes_to_a_text_do_not_hide_it);
    CPPUNIT_TEST(a_text_that_twilio_may_have_rewritten_is_a_doubt);
    CPPUNIT_TEST(of_equal_texts_the_nearest_in_time_is_meant);
    CPPUNIT_TEST(other_texts_times_and_directions_are_other_messages);
    CPPUNIT_TEST(the_same_text_some_minutes_away_is_a_doubt);
    CPPUNIT_TEST(clocks_that_differ_are_compared);
    CPPUNIT_TEST(without_the_providers_clock_the_same_text_is_a_doubt);
    CPPUNIT_TEST(a_young_send_is_never_certainly_not_there);
    CPPUNIT_TEST(pages_are_followed_on_the_same_list_only);
    CPPUNIT_TEST(a_list_that_does_not_end_proves_nothing);
    CPPUNIT_TEST(answers_that_are_none_prove_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void the_pairs_messages_are_listed_by_date_and_without() {
        answers({page({}), page({})});
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::NotSent);
        const auto& requests = instance_->host.requests();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, requests.size());
        CPPUNIT_ASSERT_EQUAL(testing::list_path() +
                                 "?To=%2B14155550199&PageSize=200&"
                                 "DateSent%3E=2023-11-13T22%3A13%3A20Z",
                             requests[0].url);
        CPPUNIT_ASSERT_EQUAL(testing::list_path() + "?To=%2B14155550199&PageSize=200",
                             requests[1].url);
        for (const HttpRequest& request : requests) {
            CPPUNIT_ASSERT_EQUAL(std::string("GET"), request.method);
            CPPUNIT_ASSERT_EQUAL(std::string(), request.body);
            CPPUNIT_ASSERT(testing::header(request, "Authorization") != "none");
        }
    }

    void the_message_with_this_text_and_time_was_accepted() {
        answers({page({listed("2", "other", at_once),
                       changed(listed("1", "Hello", at_once),
                               {{"status", "undelivered"}, {"error_code", 30003}})})});
        const Receipt receipt = look_up();
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL("SM" + std::string(31, '0') + "1", receipt.provider_id);
        CPPUNIT_ASSERT(receipt.delivery == Delivery::Undelivered);
        CPPUNIT_ASSERT_EQUAL(std::string("30003"), receipt.error_code);
        CPPUNIT_ASSERT_EQUAL(1u, receipt.segments);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, instance_->host.requests().size());
    }

    void what_waits_without_a_date_of_sending_is_found() {
        answers({page({}), page({changed(listed("1", "Hello", at_once),
                                         {{"date_sent", nullptr}, {"status", "queued"}})})});
        const Receipt receipt = look_up();
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT(receipt.delivery == Delivery::Queued);
    }

    void changes_that_twilio_makes_to_a_text_do_not_hide_it() {
        const std::vector<std::pair<std::string, std::string>> pairs{
            {"It\xe2\x80\x99s \xe2\x80\x9csmart\xe2\x80\x9d \xe2\x80\x93 \xe2\x80\xa6",
             "It's \"smart\" - ..."},
            {"blank at the end \n", "blank at the end"},
            {"two\r\nlines", "two\nlines"},
            {"Hello", "Sent from your Twilio trial account - Hello"},
            {"a\xc2\xa0z", "a z"},
        };
        for (const auto& [ours, theirs] : pairs) {
            make({});
            answers({page({listed("1", theirs, at_once)}), page({})});
            text_ = ours;
            CPPUNIT_ASSERT_MESSAGE(theirs, look_up().outcome == SendOutcome::Accepted);
        }
    }

    void a_text_that_twilio_may_have_rewritten_is_a_doubt() {
        const auto outcome = [&](const std::string& ours, const Json& theirs) {
            make({});
            answers({page({theirs}), page({theirs})});
            text_ = ours;
            return look_up().outcome;
        };
        for (const auto& [ours, theirs] : std::vector<std::pair<std::string, std::string>>{
                 {"• Size M", "- Size M"}, {"½ off", "1/2 off"}, {"a\u200bb", "ab"}, {"🚲", "?"}})
            CPPUNIT_ASSERT_MESSAGE(
                ours, outcome(ours, listed("1", theirs, at_once)) == SendOutcome::Unknown);
        // What stays as it is is found or not, and so is what another time belongs to.
        CPPUNIT_ASSERT(outcome("Grüße à 5 €", listed("1", "Hello", at_once)) ==
                       SendOutcome::NotSent);
        CPPUNIT_ASSERT(
            outcome("• Size M", listed("1", "Hello", "Mon, 13 Nov 2023 22:13:21 +0000")) ==
            SendOutcome::NotSent);
    }

    void of_equal_texts_the_nearest_in_time_is_meant() {
        answers({page({listed("3", "Hello", "Tue, 14 Nov 2023 22:13:55 +0000"),
                       listed("2", "Hello", "Tue, 14 Nov 2023 22:13:21 +0000"),
                       listed("1", "Hello", "Tue, 14 Nov 2023 22:13:16 +0000")})});
        CPPUNIT_ASSERT_EQUAL("SM" + std::string(31, '0') + "2", look_up().provider_id);
    }

    void other_texts_times_and_directions_are_other_messages() {
        const std::vector<Json> others{
            listed("1", "Hello!", at_once),
            listed("1", "hello", at_once),
            listed("1", "xSent from your Twilio trial account - Hello", at_once),
            listed("1", "Hello", "Tue, 14 Nov 2023 22:03:00 +0000"),
            listed("1", "Hello", "Tue, 14 Nov 2023 22:23:30 +0000"),
            listed("1", "Hello", "Mon, 13 Nov 2023 22:13:21 +0000"),
            changed(listed("1", "Hello", at_once), {{"direction", "inbound"}}),
        };
        for (const Json& other : others) {
            make({});
            answers({page({other}), page({other})});
            CPPUNIT_ASSERT_MESSAGE(other.dump(), look_up().outcome == SendOutcome::NotSent);
        }
    }

    void the_same_text_some_minutes_away_is_a_doubt() {
        // Our clock may have been set by as much between the send and now.
        for (const char* date :
             {"Tue, 14 Nov 2023 22:12:20 +0000", "Tue, 14 Nov 2023 22:15:25 +0000"}) {
            make({});
            const std::string there = page({listed("1", "Hello", date)});
            answers({there, there});
            CPPUNIT_ASSERT_MESSAGE(date, look_up().outcome == SendOutcome::Unknown);
        }
    }

    void clocks_that_differ_are_compared() {
        // R14: Twilio is an hour ahead of us, and says so.
        instance_->host.answer_http(200,
                                    page({listed("1", "Hello", "Tue, 14 Nov 2023 23:13:21 +0000")}),
                                    {{"Date", "Tue, 14 Nov 2023 23:15:20 GMT"}});
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::Accepted);
    }

    void without_the_providers_clock_the_same_text_is_a_doubt() {
        for (const char* date : {"Tue, 14 Nov 2023 23:13:21 +0000", "last week"}) {
            make({});
            const std::string there = page({listed("1", "Hello", date)});
            instance_->host.answer_http(200, there);
            instance_->host.answer_http(200, there);
            CPPUNIT_ASSERT_MESSAGE(date, look_up().outcome == SendOutcome::Unknown);
        }
    }

    void a_young_send_is_never_certainly_not_there() {
        instance_->host.now(begun_at + 59'000);
        answers({page({}), page({})});
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::Unknown);
        instance_->host.now(begun_at + 60'000);
        answers({page({}), page({})});
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::NotSent);
    }

    void pages_are_followed_on_the_same_list_only() {
        const std::string path =
            "/2010-04-01/Accounts/" + std::string(testing::own_account) + "/Messages.json";
        answers({page({}, path + "?Page=1&PageToken=PTx"), page({listed("1", "Hello", at_once)})});
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL("https://api.twilio.com" + path + "?Page=1&PageToken=PTx",
                             instance_->host.requests().at(1).url);

        for (const std::string& elsewhere :
             {std::string("https://evil.example/x"), std::string("//evil.example/x"),
              std::string("@evil.example/"), std::string(".evil.example/"),
              path + "/../../Calls.json?x", path + "\\?x", path + "?x\r\nHost: y", path + "#?",
              std::string("/2010-04-01/Accounts/AC2/Messages.json?Page=1"), std::string("/")}) {
            make({});
            answers({page({}, elsewhere), page({})});
            CPPUNIT_ASSERT_MESSAGE(elsewhere, look_up().outcome == SendOutcome::Unknown);
            CPPUNIT_ASSERT_EQUAL(size_t{1}, instance_->host.requests().size());
        }
    }

    void a_list_that_does_not_end_proves_nothing() {
        const std::string next =
            "/2010-04-01/Accounts/" + std::string(testing::own_account) + "/Messages.json?Page=1";
        instance_->host.answer_http_by(
            [&](const HttpRequest&) { return answered(page({}, next)); });
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::Unknown);
        CPPUNIT_ASSERT(instance_->host.requests().size() <= 12);

        make({});
        instance_->host.answer_http_by([&](const HttpRequest&) {
            instance_->host.advance(20'000);
            return answered(page({}, next));
        });
        CPPUNIT_ASSERT(look_up().outcome == SendOutcome::Unknown);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, instance_->host.requests().size());
    }

    void answers_that_are_none_prove_nothing() {
        HttpResult lost;
        lost.maybe_sent = true;
        lost.error = "timed out";
        std::vector<HttpResult> results{lost};
        for (const char* body : {"", "<html>", "[]", "{}", R"({"messages": {}})",
                                 R"({"messages": [7]})", R"({"messages": [{"sid": "x"}]})"})
            results.push_back(answered(body));
        for (const int status : {301, 401, 404, 429, 500}) {
            results.push_back(answered(page({})));
            results.back().status = status;
        }
        for (const HttpResult& result : results) {
            make({});
            instance_->host.answer_http_by([&](const HttpRequest&) { return result; });
            CPPUNIT_ASSERT_MESSAGE(std::to_string(result.status) + result.body,
                                   look_up().outcome == SendOutcome::Unknown);
        }
    }

private:
    void make(const std::vector<Header>& options) {
        instance_ = std::make_unique<Instance>(options);
        instance_->host.now(begun_at + 120'000);
        text_ = "Hello";
    }

    static HttpResult answered(std::string body) {
        HttpResult result;
        result.answered = true;
        result.status = 200;
        result.body = std::move(body);
        result.headers = {{"Date", date_now}};
        return result;
    }

    void answers(const std::vector<std::string>& bodies) {
        for (const std::string& body : bodies) instance_->host.answer_http(answered(body));
    }

    Receipt look_up() {
        OutboundMessage message;
        message.deadline_ms = 15000;
        message.message_id = "m-1";
        message.from = "+14155550100";
        message.to = "+14155550199";
        message.text = text_;
        return instance_->twilio->look_up(message, begun_at);
    }

    std::unique_ptr<Instance> instance_;
    std::string text_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LookUpTest);

}  // namespace tandem::twilio
