#include "webhook_ground.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using namespace tandem::twilio::testing;

constexpr const char* account = own_account;
constexpr const char* sid = message_sid;
constexpr const char* token = own_token;

}  // namespace

/// How requests carry their parameters, and whose they are.
class ParametersTest : public WebhookGround {
    CPPUNIT_TEST_SUITE(ParametersTest);
    CPPUNIT_TEST(f01_broken_percent_encoding_makes_no_sense);
    CPPUNIT_TEST(f05_names_differ_by_case);
    CPPUNIT_TEST(f06_a_wide_callback_is_taken_and_a_flood_of_fields_is_not);
    CPPUNIT_TEST(f09_f10_another_type_is_refused_only_when_it_is_genuine);
    CPPUNIT_TEST(f11_separators_and_blanks_are_read_as_forms_are);
    CPPUNIT_TEST(f14_another_account_is_left_to_its_own_instance);
    CPPUNIT_TEST(f15_the_url_is_part_of_what_is_signed);
    CPPUNIT_TEST(f16_signatures_are_refused_with_one_status);
    CPPUNIT_TEST(f17_f18_unknown_fields_must_be_signed);
    CPPUNIT_TEST(an_empty_auth_token_is_no_token);
    CPPUNIT_TEST(a_get_has_its_parameters_in_the_query);
    CPPUNIT_TEST(a_json_body_is_read_strictly);
    CPPUNIT_TEST(f23_a_json_body_needs_its_own_hash);
    CPPUNIT_TEST(each_account_has_its_own_tokens);
    CPPUNIT_TEST_SUITE_END();

public:
    void f01_broken_percent_encoding_makes_no_sense() {
        for (const char* broken : {"%zz", "%4", "%"}) {
            const std::string body = encode(text_message()) + "&X=" + broken;
            Fields fields = text_message();
            fields.emplace_back("X", broken);
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(body, sign(token, url(), fields)));
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

    void an_empty_auth_token_is_no_token() {
        for (const std::vector<std::string>& list : {std::vector<std::string>{}, {""}, {"", ""}}) {
            plugin::testing::FakeHost host("twilio");
            host.option("account_sid", account);
            host.option_list("auth_token", list);
            CPPUNIT_ASSERT_THROW(Twilio(host.host()), Failure);
        }
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
};

CPPUNIT_TEST_SUITE_REGISTRATION(ParametersTest);

}  // namespace tandem::twilio
