#include <set>

#include "form.hpp"
#include "webhook_ground.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using namespace tandem::twilio::testing;

constexpr const char* sid = message_sid;

}  // namespace

/// Texts and statuses: what they say.
class WebhookTest : public WebhookGround {
    CPPUNIT_TEST_SUITE(WebhookTest);
    CPPUNIT_TEST(a_text_is_read_and_answered_with_empty_twiml);
    CPPUNIT_TEST(f02_nul_is_replaced_in_a_text_and_refused_in_an_address);
    CPPUNIT_TEST(f03_text_that_is_not_utf8_is_repaired);
    CPPUNIT_TEST(f04_two_ids_are_none);
    CPPUNIT_TEST(f07_a_text_beyond_64_kib_is_too_much);
    CPPUNIT_TEST(f08_an_id_that_is_none_makes_no_sense);
    CPPUNIT_TEST(f12_wrong_media_counts_lose_the_media_and_not_the_text);
    CPPUNIT_TEST(f13_media_that_points_inside_is_left_out);
    CPPUNIT_TEST(f20_unknown_words_of_status_are_kept_and_move_nothing);
    CPPUNIT_TEST(f24_error_codes_are_texts);
    CPPUNIT_TEST(statuses_are_keyed_by_message_word_and_error);
    CPPUNIT_TEST(our_own_id_comes_back_in_the_query);
    CPPUNIT_TEST(the_providers_own_opt_out_word_is_told);
    CPPUNIT_TEST(every_status_is_an_event_of_its_own_and_a_repetition_is_none);
    CPPUNIT_TEST(a_service_without_a_sender_yet_tells_for_whom_it_was);
    CPPUNIT_TEST(addresses_of_all_kinds_come_as_they_are);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_text_is_read_and_answered_with_empty_twiml() {
        Fields fields = text_message();
        put(fields, "NumMedia", "1");
        put(fields, "MediaUrl0", "https://api.twilio.com/2010-04-01/x/Media/ME1");
        put(fields, "MediaContentType0", "image/jpeg");
        put(fields, "ProfileName", "Zoë");
        const auto message = received(fields);
        CPPUNIT_ASSERT_EQUAL(std::string("message:") + sid, message.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string(sid), message.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), message.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), message.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), message.text);
        CPPUNIT_ASSERT_EQUAL(std::string("Zoë"), message.sender_name);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, message.media.size());
        CPPUNIT_ASSERT_EQUAL(std::string("image/jpeg"), message.media[0].content_type);
        CPPUNIT_ASSERT(message.opt == Opt::None);
        CPPUNIT_ASSERT_EQUAL(200, answer_.status);
        CPPUNIT_ASSERT_EQUAL(std::string("text/xml"), answer_.content_type);
        CPPUNIT_ASSERT_EQUAL(std::string(R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)"),
                             answer_.body);
    }

    void f02_nul_is_replaced_in_a_text_and_refused_in_an_address() {
        const std::string nul("a\0b", 3);
        CPPUNIT_ASSERT_EQUAL(std::string("a\xef\xbf\xbd"
                                         "b"),
                             received(with(text_message(), "Body", nul)).text);
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(with(text_message(), "From", "+1" + nul)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(with(text_message(), "To", "\xff")));
    }

    void f03_text_that_is_not_utf8_is_repaired() {
        CPPUNIT_ASSERT_EQUAL(std::string("a\xef\xbf\xbd"
                                         "b \xe2\x82\xac"),
                             received(with(text_message(), "Body",
                                           "a\xff"
                                           "b \xe2\x82\xac"))
                                 .text);
        CPPUNIT_ASSERT_EQUAL(std::string("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
                             received(with(text_message(), "Body", "\xed\xa0\x80")).text);
    }

    void f04_two_ids_are_none() {
        Fields fields = text_message();
        fields.emplace_back("MessageSid", "SM22222222222222222222222222222222");
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(fields));
        for (const char* name : {"From", "To", "Body"}) {
            fields = text_message();
            fields.emplace_back(name, "+14155550111");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, TANDEM_INVALID, outcome(fields));
        }
    }

    void f07_a_text_beyond_64_kib_is_too_much() {
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK,
                             outcome(with(text_message(), "Body", std::string(65536, 'a'))));
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED,
                             outcome(with(text_message(), "Body", std::string(65537, 'a'))));
    }

    void f08_an_id_that_is_none_makes_no_sense() {
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(without(text_message(), "MessageSid")));
        for (const std::string& wrong :
             {std::string(), std::string("CA11111111111111111111111111111111"),
              "SM" + std::string(1024, '1'), std::string("SM1 OR 1=1"), std::string("sm1")})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(wrong, TANDEM_INVALID,
                                         outcome(with(text_message(), "MessageSid", wrong)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(with(text_message(), "MessageSid",
                                                     "MM11111111111111111111111111111111")));
    }

    void f12_wrong_media_counts_lose_the_media_and_not_the_text() {
        for (const char* count : {"99999", "-1", "abc", "11", "1x", ""}) {
            Fields fields = with(text_message(), "NumMedia", count);
            put(fields, "MediaUrl0", "https://api.twilio.com/x");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(count, size_t{0}, received(fields).media.size());
        }
        CPPUNIT_ASSERT_EQUAL(size_t{0},
                             received(with(text_message(), "NumMedia", "1")).media.size());
    }

    void f13_media_that_points_inside_is_left_out() {
        for (const char* bad :
             {"http://169.254.169.254/", "https://169.254.169.254/", "file:///etc/passwd",
              "https://2852039166/", "https://0xa9fea9fe/", "https://localhost/",
              "https://api.local/", "https://user@evil.example/", "https://[::1]/",
              "ftp://api.twilio.com/", "https://2130706433.1/", "https://a.b\\@10.0.0.1/",
              "https://metadata.google.internal/", "https://x.example\n/"}) {
            Fields fields = with(text_message(), "NumMedia", "1");
            put(fields, "MediaUrl0", bad);
            const auto message = received(fields);
            if (std::string(bad).find('\n') != std::string::npos) continue;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bad, size_t{0}, message.media.size());
            CPPUNIT_ASSERT_EQUAL(std::string("Hello"), message.text);
        }
        CPPUNIT_ASSERT(!instance_->host.log().empty());
    }

    void f20_unknown_words_of_status_are_kept_and_move_nothing() {
        for (const char* word : {"banana", "DELIVERED"}) {
            const auto status = told(with(delivered(), "MessageStatus", word));
            CPPUNIT_ASSERT(status.delivery == Delivery::Other);
            CPPUNIT_ASSERT_EQUAL(std::string(word), status.provider_word);
        }
        path_ = "sms/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(without(delivered(), "MessageStatus")));
    }

    void f24_error_codes_are_texts() {
        for (const char* code : {"abc", "12345678901234567890", "30003"})
            CPPUNIT_ASSERT_EQUAL(std::string(code),
                                 told(with(delivered(), "ErrorCode", code)).error_code);
        CPPUNIT_ASSERT_EQUAL(
            size_t{64},
            told(with(delivered(), "ErrorCode", std::string(1000, '9'))).error_code.size());
    }

    void statuses_are_keyed_by_message_word_and_error() {
        const auto status = told(delivered());
        CPPUNIT_ASSERT_EQUAL(std::string("status:") + sid + ":delivered:", status.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), status.customer_address);
        CPPUNIT_ASSERT(status.delivery == Delivery::Delivered);
        const auto failed =
            told(with(with(delivered(), "MessageStatus", "failed"), "ErrorCode", "30007"));
        CPPUNIT_ASSERT_EQUAL(std::string("status:") + sid + ":failed:30007", failed.dedupe_key);
    }

    void our_own_id_comes_back_in_the_query() {
        query_ = "?message_id=0190d2c4-0000-7000-8000-000000000001";
        CPPUNIT_ASSERT_EQUAL(std::string("0190d2c4-0000-7000-8000-000000000001"),
                             told(delivered()).message_id);
        query_ = "?message_id=%ff";
        CPPUNIT_ASSERT_EQUAL(std::string(), told(delivered()).message_id);
        query_.clear();
        CPPUNIT_ASSERT_EQUAL(std::string(), told(delivered()).message_id);
    }

    void the_providers_own_opt_out_word_is_told() {
        CPPUNIT_ASSERT(received(with(text_message(), "OptOutType", "STOP")).opt == Opt::Stop);
        CPPUNIT_ASSERT(received(with(text_message(), "OptOutType", "START")).opt == Opt::Start);
        CPPUNIT_ASSERT(received(with(text_message(), "OptOutType", "HELP")).opt == Opt::Help);
        CPPUNIT_ASSERT(received(with(text_message(), "OptOutType", "other")).opt == Opt::None);
    }

    void every_status_is_an_event_of_its_own_and_a_repetition_is_none() {
        std::set<std::string> keys;
        size_t count = 0;
        for (const char* id : {sid, "MM22222222222222222222222222222222"})
            for (const std::string& word :
                 {std::string("queued"), std::string("sent"), std::string("a:b"), std::string("a"),
                  std::string(200, 'x'), std::string(201, 'x')})
                for (const std::string& code :
                     {std::string(), std::string("30003"), std::string("b:30003"), std::string("b"),
                      std::string(100, '9'), std::string(99, '9')}) {
                    const auto fields =
                        with(with(with(delivered(), "MessageSid", id), "MessageStatus", word),
                             "ErrorCode", code);
                    const std::string key = told(fields).dedupe_key;
                    CPPUNIT_ASSERT(key.size() <= 512);
                    keys.insert(key);
                    ++count;
                    // Whatever else comes with it, it is the same event.
                    CPPUNIT_ASSERT_EQUAL(key, told(with(fields, "RawDlrDoneDate", "1")).dedupe_key);
                    query_ = "?message_id=m-1";
                    CPPUNIT_ASSERT_EQUAL(key, told(fields).dedupe_key);
                    query_.clear();
                }
        CPPUNIT_ASSERT_EQUAL(count, keys.size());
    }

    void a_service_without_a_sender_yet_tells_for_whom_it_was() {
        query_ = "?message_id=m-1&sender=%2B14155550100";
        auto status = told(with(delivered(), "From", "+18005550000"));
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
        status = told(without(delivered(), "From"));
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
        query_ = "?message_id=m-1&sender=%0a";
        CPPUNIT_ASSERT_EQUAL(std::string(), told(without(delivered(), "From")).business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("m-1"), told(delivered()).message_id);
    }

    void addresses_of_all_kinds_come_as_they_are() {
        for (const char* address :
             {"+14155550199", "12345", "ACME Bikes", "whatsapp:+14155550199",
              "whatsapp:US.1234567890abcdef", "messenger:1", "anonymous", "rcs:agent_x"})
            CPPUNIT_ASSERT_EQUAL(std::string(address),
                                 received(with(text_message(), "From", address)).customer_address);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebhookTest);

}  // namespace tandem::twilio
