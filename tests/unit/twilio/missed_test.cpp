#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <map>

#include "form.hpp"
#include "listing.h"
#include "signing.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::changed;
using testing::Instance;
using testing::Json;
using testing::listed;
using testing::page;

// Tue, 14 Nov 2023 22:13:20 GMT
constexpr tandem_time since = 1'700'000'000'000;
constexpr tandem_time now = since + 3600'000;
constexpr const char* date_now = "Tue, 14 Nov 2023 23:13:20 GMT";

Json inbound(const std::string& id, const std::string& body, const std::string& date) {
    return changed(listed(id, body, date), {{"direction", "inbound"},
                                            {"status", "received"},
                                            {"from", "+14155550199"},
                                            {"to", "+14155550100"}});
}

std::string sid_of(const std::string& id) {
    return "SM" + std::string(32 - id.size(), '0') + id;
}

}  // namespace

class MissedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MissedTest);
    CPPUNIT_TEST(texts_to_the_businesss_numbers_are_told_oldest_first);
    CPPUNIT_TEST(an_event_is_the_one_that_its_webhook_would_have_been);
    CPPUNIT_TEST(known_texts_cost_nothing);
    CPPUNIT_TEST(what_is_older_is_not_told);
    CPPUNIT_TEST(statuses_of_our_own_texts_are_told);
    CPPUNIT_TEST(subaccounts_are_asked_with_their_own_tokens);
    CPPUNIT_TEST(the_next_question_begins_where_all_was_told);
    CPPUNIT_TEST(a_gap_is_never_called_complete);
    CPPUNIT_TEST(a_host_that_wants_no_more_is_left_alone);
    CPPUNIT_TEST(one_event_that_makes_no_sense_holds_up_nothing);
    CPPUNIT_TEST(lists_go_on_over_pages_and_end_with_the_deadline);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void texts_to_the_businesss_numbers_are_told_oldest_first() {
        lists_["To=%2B14155550100&"] =
            page({inbound("3", "three", "Tue, 14 Nov 2023 22:40:00 +0000"),
                  inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000")});
        lists_["To=whatsapp%3A%2B14155550100&"] =
            page({changed(inbound("2", "two", "Tue, 14 Nov 2023 22:30:00 +0000"),
                          {{"from", "whatsapp:+14155550199"}, {"to", "whatsapp:+14155550100"}})});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, said_->events().size());
        for (size_t i = 0; i < 3; ++i)
            CPPUNIT_ASSERT_EQUAL(sid_of(std::to_string(i + 1)), message(i).provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("whatsapp:+14155550199"), message(1).customer_address);
        CPPUNIT_ASSERT_EQUAL(tandem_time{1700000400000}, message(0).happened_at);
        const std::string first = instance_->host.requests().at(0).url;
        CPPUNIT_ASSERT_EQUAL(testing::list_path() +
                                 "?To=%2B14155550100&DateSent%3E=2023-11-14T22%3A13%3A20Z&"
                                 "PageSize=200",
                             first);
    }

    void an_event_is_the_one_that_its_webhook_would_have_been() {
        const std::string text = "Grüße \xf0\x9f\x98\x80 \"x\"\n";
        const std::string id = sid_of("1");
        const std::string media = "ME00000000000000000000000000000001";
        const std::string url = "https://api.twilio.com/2010-04-01/Accounts/" +
                                std::string(testing::own_account) + "/Messages/" + id + "/Media/" +
                                media;
        lists_["To=%2B14155550100&"] = page(
            {changed(inbound("1", text, "Tue, 14 Nov 2023 22:20:00 +0000"), {{"num_media", "1"}})});
        lists_["Media.json"] =
            Json{{"media_list", {{{"sid", media}, {"content_type", "image/png"}}}}}.dump();
        ask();
        const MessageReceived missed = message(0);

        const testing::Fields fields{{"MessageSid", id},       {"AccountSid", testing::own_account},
                                     {"From", "+14155550199"}, {"To", "+14155550100"},
                                     {"Body", text},           {"NumMedia", "1"},
                                     {"MediaUrl0", url},       {"MediaContentType0", "image/png"}};
        const std::string body = testing::encode(fields);
        WebhookRequest request;
        request.method = "POST";
        request.path = "sms/incoming";
        request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        request.body = body;
        plugin::testing::RecordedWebhook webhook;
        instance_->twilio->normalise(request, webhook.sink());
        const auto hooked = std::get<MessageReceived>(webhook.events().at(0));

        // What the host hashes beside the key, so that a later webhook is a true repetition.
        CPPUNIT_ASSERT_EQUAL(hooked.dedupe_key, missed.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(hooked.business_address, missed.business_address);
        CPPUNIT_ASSERT_EQUAL(hooked.customer_address, missed.customer_address);
        CPPUNIT_ASSERT_EQUAL(hooked.provider_id, missed.provider_id);
        CPPUNIT_ASSERT_EQUAL(hooked.text, missed.text);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, missed.media.size());
        CPPUNIT_ASSERT_EQUAL(hooked.media.at(0).url, missed.media.at(0).url);
        CPPUNIT_ASSERT_EQUAL(hooked.media.at(0).content_type, missed.media.at(0).content_type);
    }

    void known_texts_cost_nothing() {
        said_->know("message:" + sid_of("1"));
        lists_["To=%2B14155550100&"] = page({changed(
            inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000"), {{"num_media", "2"}})});
        ask();
        CPPUNIT_ASSERT(said_->events().empty());
        for (const HttpRequest& request : instance_->host.requests())
            CPPUNIT_ASSERT(request.url.find("Media.json") == std::string::npos);
        CPPUNIT_ASSERT(said_->complete_until().has_value());
    }

    void what_is_older_is_not_told() {
        lists_["To=%2B14155550100&"] =
            page({inbound("2", "now", "Tue, 14 Nov 2023 22:13:20 +0000"),
                  inbound("1", "old", "Tue, 14 Nov 2023 22:13:19 +0000")});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, said_->events().size());
        CPPUNIT_ASSERT_EQUAL(std::string("now"), message(0).text);
    }

    void statuses_of_our_own_texts_are_told() {
        const Json ours = listed("7", "ours", "Tue, 14 Nov 2023 22:20:00 +0000");
        const Json lost = changed(listed("8", "ours too", "Tue, 14 Nov 2023 22:21:00 +0000"),
                                  {{"status", "undelivered"}, {"error_code", 30003}});
        // The callback of a young one is still under way.
        const Json young = listed("9", "new", "Tue, 14 Nov 2023 23:12:00 +0000");
        // One of before the last question may have been delivered since.
        const Json older = listed("6", "older", "Tue, 14 Nov 2023 21:14:00 +0000");
        lists_["From=%2B14155550100&"] = page({young, lost, ours, older});
        // What the webhook told is not told again.
        said_->know("status:" + sid_of("7") + ":sent:");
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, said_->events().size());
        CPPUNIT_ASSERT_EQUAL(sid_of("6"),
                             std::get<MessageStatus>(said_->events().at(0)).provider_id);
        const auto status = std::get<MessageStatus>(said_->events().at(1));
        CPPUNIT_ASSERT_EQUAL("status:" + sid_of("8") + ":undelivered:30003", status.dedupe_key);
        CPPUNIT_ASSERT(status.delivery == Delivery::Undelivered);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), status.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("30003"), status.error_code);
    }

    void subaccounts_are_asked_with_their_own_tokens() {
        make({std::string(testing::subaccount) + ":" + testing::sub_token});
        ask();
        std::map<std::string, size_t> asked;
        for (const HttpRequest& request : instance_->host.requests())
            ++asked[testing::header(request, "Authorization") +
                    (request.url.find(testing::subaccount) == std::string::npos ? " own" : " sub")];
        // Nobody's token goes to another account.
        CPPUNIT_ASSERT_EQUAL(size_t{2}, asked.size());
        for (const auto& [who, count] : asked) CPPUNIT_ASSERT_EQUAL_MESSAGE(who, size_t{3}, count);
    }

    void the_next_question_begins_where_all_was_told() {
        ask();
        CPPUNIT_ASSERT_EQUAL(now - 120'000, said_->complete_until().value());
        // R14: by the clock that is behind. Twilio's is, by an hour:
        make({});
        date_ = "Tue, 14 Nov 2023 22:13:20 GMT";
        ask();
        CPPUNIT_ASSERT_EQUAL(since - 120'000, said_->complete_until().value());
        make({});
        date_ = "Wed, 15 Nov 2023 00:13:20 GMT";
        ask();
        CPPUNIT_ASSERT_EQUAL(now - 120'000, said_->complete_until().value());
    }

    void a_gap_is_never_called_complete() {
        const Json text = inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000");
        const std::vector<std::string> gaps{
            "<html>",
            "{}",
            page({changed(text, {{"sid", "x"}})}),
            page({changed(text, {{"date_created", nullptr}, {"date_sent", nullptr}})}),
            page({text}, "https://evil.example/Messages.json"),
        };
        for (const std::string& gap : gaps) {
            make({});
            lists_["To=%2B14155550100&"] = gap;
            CPPUNIT_ASSERT_THROW_MESSAGE(gap, ask(), Failure);
            CPPUNIT_ASSERT_MESSAGE(gap, !said_->complete_until());
        }
        // What came before a failure is told all the same.
        CPPUNIT_ASSERT_EQUAL(size_t{1}, said_->events().size());

        // Its media are still on their way.
        make({});
        lists_["To=%2B14155550100&"] = page({changed(text, {{"status", "receiving"}})});
        ask();
        CPPUNIT_ASSERT(said_->events().empty() && !said_->complete_until());

        // Without its media a message would be poorer for good.
        make({});
        lists_["To=%2B14155550100&"] = page({changed(text, {{"num_media", "1"}})});
        lists_["Media.json"] = "<html>";
        CPPUNIT_ASSERT_THROW(ask(), Failure);
        CPPUNIT_ASSERT(said_->events().empty() && !said_->complete_until());
    }

    void a_host_that_wants_no_more_is_left_alone() {
        lists_["To=%2B14155550100&"] =
            page({inbound("2", "two", "Tue, 14 Nov 2023 22:30:00 +0000"),
                  inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000")});
        said_->reply(TANDEM_STOP);
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, said_->events().size());
        CPPUNIT_ASSERT(!said_->complete_until());
    }

    void one_event_that_makes_no_sense_holds_up_nothing() {
        lists_["To=%2B14155550100&"] =
            page({inbound("2", "two", "Tue, 14 Nov 2023 22:30:00 +0000"),
                  inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000")});
        said_->reply(TANDEM_INVALID);
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, said_->events().size());
        CPPUNIT_ASSERT(said_->complete_until().has_value());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, instance_->host.log().size());
    }

    void lists_go_on_over_pages_and_end_with_the_deadline() {
        const std::string path =
            "/2010-04-01/Accounts/" + std::string(testing::own_account) + "/Messages.json";
        lists_["To=%2B14155550100&"] =
            page({inbound("2", "two", "Tue, 14 Nov 2023 22:30:00 +0000")}, path + "?Page=1");
        lists_["?Page=1"] = page({inbound("1", "one", "Tue, 14 Nov 2023 22:20:00 +0000")});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, said_->events().size());
        CPPUNIT_ASSERT_EQUAL(std::string("one"), message(0).text);
        CPPUNIT_ASSERT(said_->complete_until().has_value());

        const auto lists = lists_;
        make({});
        lists_ = lists;
        slow_ms_ = 40'000;
        ask();
        // Two requests; then the time is over, and what came is told.
        CPPUNIT_ASSERT_EQUAL(size_t{2}, instance_->host.requests().size());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, said_->events().size());
        CPPUNIT_ASSERT(!said_->complete_until());
    }

private:
    void make(const std::vector<std::string>& accounts) {
        instance_ = std::make_unique<Instance>(std::vector<Header>{}, accounts);
        said_ = std::make_unique<plugin::testing::RecordedMissed>();
        lists_.clear();
        date_ = date_now;
        slow_ms_ = 0;
        instance_->host.now(now);
        instance_->host.answer_http_by([this](const HttpRequest& request) {
            instance_->host.advance(slow_ms_);
            HttpResult result;
            result.answered = true;
            result.status = 200;
            result.headers = {{"Date", date_}};
            result.body = page({});
            for (const auto& [part, body] : lists_)
                if (request.url.find(part) != std::string::npos) result.body = body;
            return result;
        });
    }

    void ask() {
        MissedQuery query;
        query.deadline_ms = 60'000;
        query.business_numbers = {"+14155550100"};
        query.since = since;
        instance_->twilio->missed(query, said_->sink());
    }

    MessageReceived message(size_t at) { return std::get<MessageReceived>(said_->events().at(at)); }

    std::unique_ptr<Instance> instance_;
    std::unique_ptr<plugin::testing::RecordedMissed> said_;
    std::map<std::string, std::string> lists_;  // by a part of the URL
    std::string date_;
    std::int64_t slow_ms_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MissedTest);

}  // namespace tandem::twilio
