#include "load/options.h"

#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace {

using namespace tandem;
using load::check_options;
using settings::OptionValue;

load::Description acme() {
    load::Description made;
    made.id = "com.example.acme";
    made.options = {
        {"account_sid", "", "The account.", TANDEM_OPTION_TEXT, true, false, false},
        {"auth_token", "", "The secret.", TANDEM_OPTION_TEXT, true, true, false},
        {"port", "8443", "The port.", TANDEM_OPTION_INTEGER, false, false, true},
        {"strict", "true", "Whether it is strict.", TANDEM_OPTION_YES_NO, false, false, true},
        {"numbers", "", "Our numbers.", TANDEM_OPTION_TEXT_LIST, false, false, false},
    };
    return made;
}

class OptionsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OptionsTest);
    CPPUNIT_TEST(values_are_typed_and_defaults_fill_the_rest);
    CPPUNIT_TEST(numbers_and_yes_no_may_be_quoted);
    CPPUNIT_TEST(a_text_takes_every_scalar_and_a_list_takes_one);
    CPPUNIT_TEST(an_unknown_option_is_named_with_the_nearest_known_one);
    CPPUNIT_TEST(a_wrong_type_says_what_was_expected_and_never_the_value);
    CPPUNIT_TEST(missing_values_are_all_told_at_once);
    CPPUNIT_TEST(an_empty_text_counts_as_not_written);
    CPPUNIT_TEST_SUITE_END();

public:
    void values_are_typed_and_defaults_fill_the_rest() {
        const auto checked = check({{"port", plain("9000")}});
        CPPUNIT_ASSERT(checked.findings.empty());
        CPPUNIT_ASSERT_EQUAL(int64_t{9000}, checked.values.at("port").integer);
        CPPUNIT_ASSERT(checked.values.at("port").written);
        CPPUNIT_ASSERT(checked.values.at("strict").yes);
        CPPUNIT_ASSERT(!checked.values.at("strict").written);
        CPPUNIT_ASSERT(checked.values.find("numbers") == checked.values.end());
    }

    void numbers_and_yes_no_may_be_quoted() {
        const auto checked = check({{"port", quoted("-5")}, {"strict", quoted("false")}});
        CPPUNIT_ASSERT(checked.findings.empty());
        CPPUNIT_ASSERT_EQUAL(int64_t{-5}, checked.values.at("port").integer);
        CPPUNIT_ASSERT(!checked.values.at("strict").yes);
    }

    void a_text_takes_every_scalar_and_a_list_takes_one() {
        const auto checked = check({{"account_sid", plain("0123")}, {"numbers", plain("+1555")}});
        CPPUNIT_ASSERT(checked.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("0123"), checked.values.at("account_sid").text);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, checked.values.at("numbers").list.size());
    }

    void an_unknown_option_is_named_with_the_nearest_known_one() {
        const auto checked = check({{"auth_tokn", quoted("s3cret")}, {"colour", plain("red")}});
        CPPUNIT_ASSERT_EQUAL(size_t{2}, checked.findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("acme.options.auth_tokn"), checked.findings[0].key);
        CPPUNIT_ASSERT_EQUAL(
            std::string("unknown option of plugin com.example.acme; did you mean auth_token?"),
            checked.findings[0].expected);
        CPPUNIT_ASSERT_EQUAL(std::string("unknown option of plugin com.example.acme; it has "
                                         "account_sid, auth_token, port, strict, numbers"),
                             checked.findings[1].expected);
    }

    void a_wrong_type_says_what_was_expected_and_never_the_value() {
        const auto checked = check({{"port", plain("80a")},
                                    {"strict", plain("yes")},
                                    {"auth_token", list({"s3cret", "b"})}});
        CPPUNIT_ASSERT_EQUAL(size_t{3}, checked.findings.size());
        std::string all;
        for (const auto& finding : checked.findings) all += settings::to_text(finding) + "\n";
        for (const char* words : {"port: expected an integer", "strict: expected true or false",
                                  "auth_token: expected one value, not a list"}) {
            CPPUNIT_ASSERT_MESSAGE(all, all.find(words) != std::string::npos);
        }
        CPPUNIT_ASSERT_MESSAGE(all, all.find("s3cret") == std::string::npos);
    }

    void missing_values_are_all_told_at_once() {
        const auto checked = check_options(
            acme(), {.id = "acme", .plugin = "acme", .options = {}, .where = "tandem.yaml:7:3"});
        CPPUNIT_ASSERT_EQUAL(size_t{2}, checked.findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("tandem.yaml:7:3"), checked.findings[0].where);
        CPPUNIT_ASSERT_EQUAL(std::string("acme.options.account_sid"), checked.findings[0].key);
        CPPUNIT_ASSERT_EQUAL(std::string("required: The account."), checked.findings[0].expected);
    }

    void an_empty_text_counts_as_not_written() {
        const auto checked = check({{"port", plain("")}, {"account_sid", plain("")}});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, checked.findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("acme.options.account_sid"), checked.findings[0].key);
        CPPUNIT_ASSERT_EQUAL(int64_t{8443}, checked.values.at("port").integer);
    }

private:
    static OptionValue plain(const char* text) { return {std::string(text), true, "f:1:1"}; }
    static OptionValue quoted(const char* text) { return {std::string(text), false, "f:1:1"}; }
    static OptionValue list(std::vector<std::string> texts) {
        return {std::move(texts), false, "f:1:1"};
    }

    // With the required ones there, unless the test says otherwise.
    static load::CheckedOptions check(settings::Options written) {
        written.insert({{"account_sid", plain("AC1")}, {"auth_token", quoted("t")}});
        return check_options(
            acme(), {.id = "acme", .plugin = "acme", .options = written, .where = "f:9:9"});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OptionsTest);

}  // namespace
