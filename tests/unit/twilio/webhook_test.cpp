#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <set>

#include "form.hpp"
#include "instance.h"
#include "signing.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::encode;
using testing::Fields;
using testing::Instance;
using testing::sign;

constexpr const char* account = testing::own_account;
constexpr const char* token = testing::own_token;
constexpr const char* sid = testing::message_sid;
constexpr const char* form_type = "application/x-www-form-urlencoded";
const std::string base = "https://gw.example.com/api/webhooks/twilio/";

Fields text_message() {
    return {{"MessageSid", sid},      {"AccountSid", account}, {"From", "+14155550199"},
            {"To", "+14155550100"},   {"Body", "Hello"},       {"NumMedia", "0"},
            {"SmsStatus", "received"}};
}

Fields delivered() {
    return {{"MessageSid", sid},
            {"AccountSid", account},
            {"From", "+14155550100"},
            {"To", "+14155550199"},
            {"MessageStatus", "delivered"}};
}

Fields line(const std::string& word) {
    return {{"CallSid", "CA11111111111111111111111111111111"},
            {"AccountSid", account},
            {"From", "+14155550199"},
            {"To", "+14155550100"},
            {"CallStatus", word},
            {"Direction", "inbound"},
            {"CallDuration", "61"},
            {"Duration", "2"},
            {"Timestamp", "Tue, 14 Nov 2023 22:13:20 +0000"}};
}

void put(Fields& fields, const std::string& name, const std::string& value) {
    for (auto& field : fields)
        if (field.first == name) {
            field.second = value;
            return;
        }
    fields.emplace_back(name, value);
}

Fields with(Fields fields, const std::string& name, const std::string& value) {
    put(fields, name, value);
    return fields;
}

Fields without(const Fields& fields, const std::string& name) {
    Fields rest;
    for (const auto& field : fields)
        if (field.first != name) rest.push_back(field);
    return rest;
}

}  // namespace

class WebhookTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebhookTest);
    CPPUNIT_TEST(a_text_is_read_and_answered_with_empty_twiml);
    CPPUNIT_TEST(f01_broken_percent_encoding_makes_no_sense);
    CPPUNIT_TEST(f02_nul_is_replaced_in_a_text_and_refused_in_an_address);
    CPPUNIT_TEST(f03_text_that_is_not_utf8_is_repaired);
    CPPUNIT_TEST(f04_two_ids_are_none);
    CPPUNIT_TEST(f05_names_differ_by_case);
    CPPUNIT_TEST(f06_a_wide_callback_is_taken_and_a_flood_of_fields_is_not);
    CPPUNIT_TEST(f07_a_text_beyond_64_kib_is_too_much);
    CPPUNIT_TEST(f08_an_id_that_is_none_makes_no_sense);
    CPPUNIT_TEST(f09_f10_another_type_is_refused_only_when_it_is_genuine);
    CPPUNIT_TEST(f11_separators_and_blanks_are_read_as_forms_are);
    CPPUNIT_TEST(f12_wrong_media_counts_lose_the_media_and_not_the_text);
    CPPUNIT_TEST(f13_media_that_points_inside_is_left_out);
    CPPUNIT_TEST(f14_another_account_is_left_to_its_own_instance);
    CPPUNIT_TEST(f15_the_url_is_part_of_what_is_signed);
    CPPUNIT_TEST(f16_signatures_are_refused_with_one_status);
    CPPUNIT_TEST(f17_f18_unknown_fields_must_be_signed);
    CPPUNIT_TEST(f20_unknown_words_of_status_are_kept_and_move_nothing);
    CPPUNIT_TEST(f24_error_codes_are_texts);
    CPPUNIT_TEST(statuses_are_keyed_by_message_word_and_error);
    CPPUNIT_TEST(our_own_id_comes_back_in_the_query);
    CPPUNIT_TEST(the_providers_own_opt_out_word_is_told);
    CPPUNIT_TEST(an_empty_auth_token_is_no_token);
    CPPUNIT_TEST(every_status_is_an_event_of_its_own_and_a_repetition_is_none);
    CPPUNIT_TEST(a_service_without_a_sender_yet_tells_for_whom_it_was);
    CPPUNIT_TEST(addresses_of_all_kinds_come_as_they_are);
    CPPUNIT_TEST(a_get_has_its_parameters_in_the_query);
    CPPUNIT_TEST(a_json_body_is_read_strictly);
    CPPUNIT_TEST(f23_a_json_body_needs_its_own_hash);
    CPPUNIT_TEST(each_account_has_its_own_tokens);
    CPPUNIT_TEST(what_becomes_of_a_line_is_told);
    CPPUNIT_TEST(a_line_is_keyed_by_word_and_number);
    CPPUNIT_TEST(lines_between_others_are_nobodys);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { instance_ = std::make_unique<Instance>(); }

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

    void f01_broken_percent_encoding_makes_no_sense() {
        for (const char* broken : {"%zz", "%4", "%"}) {
            const std::string body = encode(text_message()) + "&X=" + broken;
            Fields fields = text_message();
            fields.emplace_back("X", broken);
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(body, sign(token, url(), fields)));
        }
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

    void f05_names_differ_by_case() {
        Fields fields = text_message();
        fields.emplace_back("from", "+15550000000");
        fields.emplace_back("messagesid", "SMx");
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), received(fields).customer_address);
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID,
                             outcome(with(without(text_message(), "From"), "from", "+1415")));
    }

    void f06_a_wide_callback_is_taken_and_a_flood_of_fields_is_not() {
        const auto wide = [](size_t count) {
            Fields fields = text_message();
            for (size_t i = fields.size(); i < count; ++i)
                fields.emplace_back("X" + std::to_string(i), "");
            return fields;
        };
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(wide(101)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(wide(256)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, outcome(wide(257)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, outcome(wide(300)));
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

    void f09_f10_another_type_is_refused_only_when_it_is_genuine() {
        const std::string body = encode(text_message());
        const std::string good = sign(token, url(), text_message());
        for (const char* type : {"text/plain", "", "multipart/form-data; boundary=x"}) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED, outcome(body, good, type));
            CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(body, "wrong", type));
        }
        // F23, as a genuine JSON request to a route that takes forms.
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome("{}", good, "application/json"));
    }

    void f11_separators_and_blanks_are_read_as_forms_are() {
        Fields fields = without(text_message(), "Body");
        const std::string body = encode(fields) + "&&Body=a+b%20c;d&=x&";
        fields.emplace_back("Body", "a b c;d");
        fields.emplace_back("", "x");
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(body, sign(token, url(), fields)));
        CPPUNIT_ASSERT_EQUAL(std::string("a b c;d"), std::get<MessageReceived>(events_.at(0)).text);
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

    void f14_another_account_is_left_to_its_own_instance() {
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, outcome(with(text_message(), "AccountSid",
                                                            "AC99999999999999999999999999999999")));
        Fields two = text_message();
        two.emplace_back("AccountSid", "AC99999999999999999999999999999999");
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(two));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(without(text_message(), "AccountSid")));
    }

    void f15_the_url_is_part_of_what_is_signed() {
        const std::string body = encode(text_message());
        for (const std::string& other :
             {base + "sms/status", "http" + url().substr(5),
              std::string("https://gw.example.com:8443/api/webhooks/twilio/sms/incoming"),
              url() + "?x=1", url() + "/"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(other, TANDEM_UNAUTHORIZED,
                                         outcome(body, sign(token, other, text_message())));
    }

    void f16_signatures_are_refused_with_one_status() {
        const std::string body = encode(text_message());
        for (const std::string& bad :
             {std::string(28, 'A'), std::string(), std::string("%%%"), std::string(10240, 'A')})
            CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(body, bad));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(body, std::nullopt));
    }

    void f17_f18_unknown_fields_must_be_signed() {
        const Fields more = with(text_message(), "BrandNewField", "1");
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(more));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome(encode(more), sign(token, url(), text_message())));
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

    void an_empty_auth_token_is_no_token() {
        for (const std::vector<std::string>& list : {std::vector<std::string>{}, {""}, {"", ""}}) {
            plugin::testing::FakeHost host("twilio");
            host.option("account_sid", account);
            host.option_list("auth_token", list);
            CPPUNIT_ASSERT_THROW(Twilio(host.host()), Failure);
        }
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

    void a_get_has_its_parameters_in_the_query() {
        method_ = "GET";
        query_ = "?" + encode(text_message());
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome("", sign(token, url(), {}), ""));
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), std::get<MessageReceived>(events_.at(0)).text);
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome("", sign(token, url(), text_message()), ""));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome("X=1", sign(token, url(), {{"X", "1"}}), form_type));
        const std::string good = sign(token, url(), {});
        query_ += "&Body=more";
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome("", good, ""));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome("", sign(token, url(), {}), ""));
        query_ = "?" + encode(with(text_message(), "AccountSid", testing::subaccount));
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, outcome("", sign(token, url(), {}), ""));
        // A form to a GET's URL is none of the query's.
        method_ = "POST";
        query_ = "?" + encode(text_message());
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome("", sign(token, url(), {}), form_type));
        path_ = "voice/status";
        method_ = "GET";
        query_ = "?" + encode(line("completed"));
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome("", sign(token, url(), {}), ""));
    }

    void a_json_body_is_read_strictly() {
        const std::string rest = std::string(R"("MessageSid": ")") + sid + R"(", "AccountSid": ")" +
                                 account + R"(", "From": "+14155550199", "To": "+14155550100")";
        const auto said = [this](const std::string& body) {
            query_ = "?bodySHA256=" + testing::sha256(body);
            return outcome(body, sign(token, url(), {}), "application/json; charset=utf-8");
        };
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, said("{" + rest + R"(, "Body": "a\"b\u0000", "NumMedia": 1,
            "MediaUrl0": "https://api.twilio.com/x", "New": {"deep": [1]}, "Nothing": null})"));
        const auto message = std::get<MessageReceived>(events_.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("a\"b\xef\xbf\xbd"), message.text);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, message.media.size());
        const std::string deep(100000, '[');
        for (const std::string& wrong :
             {std::string(), std::string("[]"), std::string("\"x\""), "{" + rest + "} {}",
              "{" + rest + ",}", "{" + rest + R"(, "To": "+1"})", "{" + rest + ", \"x\": " + deep,
              "{" + rest + ", \"x\": \"\xff\"}", "{" + rest})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(wrong.substr(0, 200), TANDEM_INVALID, said(wrong));
        // Another account's, signed with our token, and too many parameters.
        std::string foreign = "{" + rest + "}";
        foreign.replace(foreign.find(account), 34, testing::subaccount);
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, said(foreign));
        std::string wide = "{" + rest;
        for (int i = 0; i < 260; ++i) wide += ", \"X" + std::to_string(i) + "\": 1";
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, said(wide + "}"));
    }

    void f23_a_json_body_needs_its_own_hash() {
        const std::string body = std::string(R"({"AccountSid": ")") + account + R"("})";
        query_ = "?bodySHA256=" + testing::sha256("{}");
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome(body, sign(token, url(), {}), "application/json"));
        query_.clear();
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome(body, sign(token, url(), {}), "application/json"));
        // What nobody signed is not read, if it is long; a short one is told to its own instance.
        const std::string foreign = std::string(R"({"AccountSid": ")") + testing::subaccount + "\"";
        query_ = "?bodySHA256=" + testing::sha256(foreign + "}");
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, outcome(foreign + "}", "x", "application/json"));
        const std::string padded = foreign + std::string(20000, ' ') + "}";
        query_ = "?bodySHA256=" + testing::sha256(padded);
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(padded, "x", "application/json"));
    }

    void each_account_has_its_own_tokens() {
        instance_ = std::make_unique<Instance>(
            std::vector<Header>{},
            std::vector<std::string>{std::string(testing::subaccount) + ":" + testing::sub_token,
                                     std::string(testing::subaccount) + ":newer"});
        const auto said = [this](const char* of, const std::string& with_token) {
            const Fields fields = with(text_message(), "AccountSid", of);
            return outcome(encode(fields), sign(with_token, url(), fields));
        };
        for (const char* own : {token, "older"})
            CPPUNIT_ASSERT_EQUAL(TANDEM_OK, said(account, own));
        for (const char* sub : {testing::sub_token, "newer"})
            CPPUNIT_ASSERT_EQUAL(TANDEM_OK, said(testing::subaccount, sub));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, said(account, testing::sub_token));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, said(testing::subaccount, token));
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, said("AC99999999999999999999999999999999", token));
        // An encoded name is the same name, and two are ambiguous.
        const std::string encoded = encode(without(text_message(), "AccountSid"));
        CPPUNIT_ASSERT_EQUAL(
            TANDEM_NOT_FOUND,
            outcome(encoded + "&%41ccount%53id=AC99999999999999999999999999999999", "x"));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED,
                             outcome(encoded + "&AccountSid=AC9&AccountSid=" + account, "x"));
    }

    void what_becomes_of_a_line_is_told() {
        const std::vector<std::pair<const char*, Line>> words{
            {"queued", Line::Other},        {"initiated", Line::Other},
            {"ringing", Line::Ringing},     {"in-progress", Line::Answered},
            {"completed", Line::Completed}, {"busy", Line::Busy},
            {"no-answer", Line::NoAnswer},  {"failed", Line::Failed},
            {"canceled", Line::Canceled},   {"COMPLETED", Line::Other}};
        for (const auto& [word, expected] : words) {
            const CallStatus status = called(line(word));
            CPPUNIT_ASSERT_MESSAGE(word, status.line == expected);
            CPPUNIT_ASSERT_EQUAL(std::string(word), status.provider_word);
            CPPUNIT_ASSERT_EQUAL(std::string("CA11111111111111111111111111111111"), status.call_id);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, expected == Line::Completed ? 61u : 0u,
                                         status.duration_s);
            CPPUNIT_ASSERT_EQUAL(tandem_time{1'700'000'000'000}, status.happened_at);
            CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
            CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), status.customer_address);
        }
        const CallStatus outbound = called(with(line("busy"), "Direction", "outbound-api"));
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), outbound.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), outbound.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("sip_486"),
                             called(with(line("busy"), "SipResponseCode", "486")).error_code);
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             called(with(line("completed"), "SipResponseCode", "200")).error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("13224"),
                             called(with(line("failed"), "ErrorCode", "13224")).error_code);
        // Who calls may be withheld, and a call may be as long as it likes.
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             called(without(line("ringing"), "From")).customer_address);
        CPPUNIT_ASSERT_EQUAL(0u, called(with(line("completed"), "CallDuration", "x")).duration_s);
        CPPUNIT_ASSERT_EQUAL(
            86400u, called(with(line("completed"), "CallDuration", "4000000000")).duration_s);
        path_ = "voice/status";
        for (const char* needed : {"CallSid", "CallStatus"})
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(without(line("ringing"), needed)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(with(line("ringing"), "CallSid", sid)));
    }

    void a_line_is_keyed_by_word_and_number() {
        const std::string key = called(with(line("ringing"), "SequenceNumber", "1")).dedupe_key;
        CPPUNIT_ASSERT_EQUAL(std::string("line:CA11111111111111111111111111111111:ringing:1"), key);
        CPPUNIT_ASSERT_EQUAL(
            key, called(with(with(line("ringing"), "SequenceNumber", "1"), "New", "1")).dedupe_key);
        CPPUNIT_ASSERT(key != called(with(line("ringing"), "SequenceNumber", "2")).dedupe_key);
        CPPUNIT_ASSERT(key != called(with(line("busy"), "SequenceNumber", "1")).dedupe_key);
        CPPUNIT_ASSERT(key != called(line("ringing")).dedupe_key);
    }

    void lines_between_others_are_nobodys() {
        path_ = "voice/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(with(line("completed"), "ParentCallSid",
                                                     "CA22222222222222222222222222222222")));
        CPPUNIT_ASSERT(events_.empty());
    }

private:
    CallStatus called(const Fields& fields) {
        path_ = "voice/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<CallStatus>(events_.at(0));
    }

    std::string url() const { return base + path_ + query_; }

    /// What the host would be told: the status of verify, then of normalise.
    int outcome(const std::string& body, const std::optional<std::string>& signature,
                const char* type = form_type) {
        const std::string public_url = url();
        const std::string target = "/api/webhooks/twilio/" + path_ + query_;
        WebhookRequest request;
        request.method = method_;
        request.public_url = public_url;
        request.target = target;
        request.path = path_;
        if (*type) request.headers.push_back({"content-type", type});
        if (signature) request.headers.push_back({"x-twilio-signature", *signature});
        request.body = body;
        plugin::testing::RecordedWebhook said;
        try {
            instance_->twilio->verify(request);
            instance_->twilio->normalise(request, said.sink());
        } catch (const Failure& failure) {
            return failure.code();
        }
        events_ = said.events();
        answer_ = said.answer().value_or(Answer{});
        return TANDEM_OK;
    }

    int outcome(const Fields& fields) {
        return outcome(encode(fields), sign(token, url(), fields));
    }

    MessageReceived received(const Fields& fields) {
        path_ = "sms/incoming";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<MessageReceived>(events_.at(0));
    }

    MessageStatus told(const Fields& fields) {
        path_ = "sms/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<MessageStatus>(events_.at(0));
    }

    std::unique_ptr<Instance> instance_;
    std::string method_ = "POST";
    std::string path_ = "sms/incoming";
    std::string query_;
    std::vector<AnyEvent> events_;
    Answer answer_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebhookTest);

}  // namespace tandem::twilio
