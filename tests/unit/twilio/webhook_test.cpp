#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <memory>

#include "signing.h"
#include "tandem/plugin/testing.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::encode;
using testing::Fields;
using testing::sign;

constexpr const char* account = "AC00000000000000000000000000000001";
constexpr const char* token = "0123456789abcdef0123456789abcdef";
constexpr const char* sid = "SM11111111111111111111111111111111";
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
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<plugin::testing::FakeHost>("twilio");
        host_->option("account_sid", account);
        host_->option("auth_token", token);
        plugin_ = std::make_unique<Twilio>(host_->host());
    }

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
        CPPUNIT_ASSERT(!host_->log().empty());
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

private:
    std::string url() const { return base + path_ + query_; }

    /// What the host would be told: the status of verify, then of normalise.
    int outcome(const std::string& body, const std::optional<std::string>& signature,
                const char* type = form_type) {
        const std::string public_url = url();
        const std::string target = "/api/webhooks/twilio/" + path_ + query_;
        WebhookRequest request;
        request.method = "POST";
        request.public_url = public_url;
        request.target = target;
        request.path = path_;
        if (*type) request.headers.push_back({"content-type", type});
        if (signature) request.headers.push_back({"x-twilio-signature", *signature});
        request.body = body;
        plugin::testing::RecordedWebhook said;
        try {
            plugin_->verify(request);
            plugin_->normalise(request, said.sink());
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

    std::unique_ptr<plugin::testing::FakeHost> host_;
    std::unique_ptr<Twilio> plugin_;
    std::string path_ = "sms/incoming";
    std::string query_;
    std::vector<AnyEvent> events_;
    Answer answer_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebhookTest);

}  // namespace tandem::twilio
