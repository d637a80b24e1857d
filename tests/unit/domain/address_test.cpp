#include "domain/address.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

namespace tandem::domain {

namespace {

struct Case {
    const char* name;  // the row of the corpus of bad numbers
    std::string text;
    const char* region;
    const char* expected;  // empty: refused
};

const std::vector<Case>& phones() {
    static const std::vector<Case> cases{
        {"P01", "+15551234567", "US", "+15551234567"},
        {"P01 another region", "+15551234567", "DE", "+15551234567"},
        {"P02 brackets", "(555) 123-4567", "US", "+15551234567"},
        {"P02 dots", "1.555.123.4567", "US", "+15551234567"},
        {"P02 no-break space", "+1\u00a0555\u00a0123\u00a04567", "US", "+15551234567"},
        {"P02 blanks around", "  555 123 4567 ", "US", "+15551234567"},
        {"P02 en dash", "555\u2013123\u20134567", "US", "+15551234567"},
        {"P03 international prefix", "0015551234567", "DE", "+15551234567"},
        {"P03 the prefix of others", "0015551234567", "US", "+15551234567"},
        {"P03 own prefix", "01115551234567", "US", "+15551234567"},
        {"P03 national", "030 123456", "DE", "+4930123456"},
        {"P03 no region", "5551234567", "", ""},
        {"P04 sixteen digits", "+1555123456789012", "US", ""},
        {"P04 six digits", "123456", "US", ""},
        {"P04 six digits abroad", "+493012", "US", ""},
        {"P04 seven digits without area", "5551234", "US", ""},
        {"P04 plus only", "+", "US", ""},
        {"P04 empty", "", "US", ""},
        {"P04 two pluses", "++15551234567", "US", ""},
        {"P04 plus inside", "1+5551234567", "US", ""},
        {"P04 zero country", "+05551234567", "US", ""},
        {"P05 arabic digits", "+\u0661\u0665\u0665\u0665\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
         "US", "+15551234567"},
        {"P05 full width",
         "\uff0b\uff11\uff15\uff15\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17", "US",
         "+15551234567"},
        {"P06 zero width", "+1555\u200b1234567", "US", ""},
        {"P06 right to left mark", "\u200f+15551234567", "US", ""},
        {"P06 soft hyphen", "+1555\u00ad1234567", "US", ""},
        {"P06 byte order mark", "\ufeff+15551234567", "US", ""},
        {"P07 letters", "+1555CALLNOW", "US", ""},
        {"P07 extension parameter", "+15551234567;ext=5", "US", ""},
        {"P07 extension x", "+15551234567x5", "US", ""},
        {"P07 extension hash", "+15551234567#5", "US", ""},
        {"P07 extension word", "+15551234567 ext. 5", "US", ""},
        {"P09 typed", "whatsapp:+15551234567", "US", ""},
        {"P11 911", "911", "US", ""},
        {"P11 112", "112", "DE", ""},
        {"P11 999", "999", "GB", ""},
        {"P11 with the country", "+49112", "US", ""},
        {"P11 elsewhere", "000", "AU", ""},
        {"P14 NUL",
         std::string("+1555\0"
                     "1234567",
                     13),
         "US", ""},
        {"P14 CR LF", "+15551234567\r\n", "US", ""},
        {"P14 tab", "+1555\t1234567", "US", ""},
        {"P14 SQL", "+15551234567' OR '1'='1", "US", ""},
        {"P14 encoded line feed", "%2B15551234567%0a", "US", ""},
        {"P14 long", std::string(10240, '1'), "US", ""},
        {"P14 not UTF-8", "+1555\xc3(1234567", "US", ""},
        {"P14 overlong",
         "+1555\xc0\xad"
         "1234567",
         "US", ""},
        {"P14 overlong in three",
         "+1555\xe0\x80\xb1"
         "234567",
         "US", ""},
        {"P14 overlong in four, percent-encoded", "+1555%f0%80%80%b1234567", "US", ""},
        {"plus as blank", " 15551234567", "US", "+15551234567"},
        {"plus as blank, abroad", " 447911123456", "US", "+447911123456"},
        {"plus as blank, with others", " 1 (555) 123-4567", "DE", "+15551234567"},
        {"blank before a national number", " 555 123 4567", "US", "+15551234567"},
        {"blank before a trunk prefix", " 030 901820", "DE", "+4930901820"},
        {"RFC 3966", "tel:+1-555-123-4567", "US", "+15551234567"},
        {"RFC 3966, capital", "Tel:+15551234567", "DE", "+15551234567"},
        {"RFC 3966, encoded", "tel:%2B15551234567", "DE", "+15551234567"},
        {"RFC 3966 extension", "tel:+15551234567;ext=5", "US", ""},
        {"RFC 3966 empty", "tel:", "US", ""},
        {"RFC 3966 twice", "tel:tel:+15551234567", "US", ""},
        {"blank alone", " ", "US", ""},
        {"percent-encoded", "%2B15551234567", "US", "+15551234567"},
        {"percent-encoded lower case", "%2b15551234567", "US", "+15551234567"},
        {"percent-encoded blank", "%2B1%20555%201234567", "US", "+15551234567"},
        {"percent malformed", "%2G15551234567", "US", ""},
        {"percent cut off", "+15551234567%2", "US", ""},
        {"percent twice", "%252B15551234567", "US", ""},
    };
    return cases;
}

}  // namespace

class AddressTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AddressTest);
    CPPUNIT_TEST(phones_are_read_into_one_form_or_refused);
    CPPUNIT_TEST(five_spellings_are_one_address);
    CPPUNIT_TEST(normal_forms_stay_as_they_are);
    CPPUNIT_TEST(providers_may_name_what_is_no_phone);
    CPPUNIT_TEST(withheld_callers_are_never_merged);
    CPPUNIT_TEST(providers_cannot_forge_our_own_kinds);
    CPPUNIT_TEST(logs_see_two_digits_at_most);
    CPPUNIT_TEST(what_a_number_costs_is_told_by_its_plan);
    CPPUNIT_TEST_SUITE_END();

public:
    void phones_are_read_into_one_form_or_refused() {
        for (const Case& one : phones()) {
            const auto address = parse_phone(one.text, one.region);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.name, std::string(one.expected),
                                         address ? address->text : std::string());
            if (address) CPPUNIT_ASSERT(address->kind == AddressKind::Phone);
            if (!address) CPPUNIT_ASSERT(address.error().code == Code::Invalid);
        }
    }

    void what_a_number_costs_is_told_by_its_plan() {
        struct Number {
            const char* address;
            Tariff tariff;
        };
        using enum Tariff;
        const Number numbers[] = {
            {"+15551234567", Ordinary},
            {"+14155550100", Ordinary},
            {"+15005550006", Ordinary},
            {"+493012345678", Ordinary},
            {"+447911123456", Ordinary},
            {"+18005550100", Ordinary},
            {"+19002345678", Premium},
            {"+19005550100", Premium},
            {"+499001234567", Premium},
            {"+4918012345678", Premium},
            {"+449098790123", Premium},
            {"+447012345678", Premium},
            {"+33891123456", Premium},
            {"+881612345678", Premium},
            {"+870773111632", Premium},
            {"+88213123456789", Premium},
            {"+883510012345", Premium},
            {"+979123456789", Premium},
            {"+80812345678", Premium},
            {"+80012345678", Ordinary},
            {"shortcode:911", Emergency},
            {"shortcode:112", Emergency},
            {"shortcode:999", Emergency},
            {"shortcode:12345", Ordinary},
            {"whatsapp:+19002345678", Ordinary},
            {"withheld:x", Ordinary},
            {"", Ordinary},
            {"+", Premium},
        };
        for (const Number& number : numbers)
            CPPUNIT_ASSERT_MESSAGE(number.address,
                                   tariff_of(number.address, "US") == number.tariff);
        CPPUNIT_ASSERT(tariff_of("shortcode:110", "DE") == Emergency);
        CPPUNIT_ASSERT(tariff_of("shortcode:110", "US") != Emergency);
    }

    void five_spellings_are_one_address() {
        for (const char* text : {"+1 415 555 0100", "(415) 555-0100", "1-415-555-0100",
                                 "4155550100", "%2B14155550100"}) {
            const auto address = parse_phone(text, "US");
            CPPUNIT_ASSERT_MESSAGE(text, bool(address));
            CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), address->text);
        }
    }

    void normal_forms_stay_as_they_are() {
        for (const Case& one : phones()) {
            if (!*one.expected) continue;
            const auto again = parse_phone(one.expected, one.region);
            CPPUNIT_ASSERT_MESSAGE(one.name, bool(again));
            CPPUNIT_ASSERT_EQUAL(std::string(one.expected), again->text);
        }
    }

    void providers_may_name_what_is_no_phone() {
        const auto kind_of = [](std::string_view text, AddressKind kind, std::string expected) {
            const auto address = parse_provider_address(text, "US", "SM1");
            CPPUNIT_ASSERT_MESSAGE(std::string(text), bool(address));
            CPPUNIT_ASSERT_EQUAL(expected, address->text);
            CPPUNIT_ASSERT_MESSAGE(std::string(text), address->kind == kind);
        };
        kind_of("+14155550100", AddressKind::Phone, "+14155550100");
        kind_of("tel:+14155550100", AddressKind::Phone, "+14155550100");
        kind_of("12345", AddressKind::ShortCode, "shortcode:12345");
        kind_of("ACME", AddressKind::Typed, "sender:ACME");
        kind_of("whatsapp:+14155550100", AddressKind::Typed, "whatsapp:+14155550100");
        kind_of("WhatsApp:US.1234", AddressKind::Typed, "whatsapp:US.1234");
        kind_of("client:bob", AddressKind::Typed, "client:bob");
        kind_of("sip:a@b", AddressKind::Typed, "sip:a@b");
        kind_of("messenger:1", AddressKind::Typed, "messenger:1");

        for (const char* text : {"ABCDEFGHIJKL", "whatsapp:", ":x", "client:a b", "+1555CALLNOW",
                                 "client:\n", "+0123456789"}) {
            const auto address = parse_provider_address(text, "US", "SM1");
            CPPUNIT_ASSERT_MESSAGE(text, !address);
        }
        CPPUNIT_ASSERT(!parse_provider_address("client:" + std::string(100, 'a'), "US", "SM1"));
    }

    void withheld_callers_are_never_merged() {
        for (const char* text : {"", "anonymous", "Anonymous", "+266696687", "+7378742833"}) {
            const auto one = parse_provider_address(text, "US", "CA1");
            const auto other = parse_provider_address(text, "US", "CA2");
            CPPUNIT_ASSERT_MESSAGE(text, one && other);
            CPPUNIT_ASSERT(one->kind == AddressKind::Withheld);
            CPPUNIT_ASSERT_EQUAL(std::string("withheld:CA1"), one->text);
            CPPUNIT_ASSERT(one->text != other->text);
        }
        CPPUNIT_ASSERT(!parse_provider_address("anonymous", "US", ""));
    }

    void providers_cannot_forge_our_own_kinds() {
        for (const char* text : {"withheld:CA1", "shortcode:12345", "sender:ACME", "Withheld:x"})
            CPPUNIT_ASSERT_MESSAGE(text, !parse_provider_address(text, "US", "SM1"));
    }

    void logs_see_two_digits_at_most() {
        CPPUNIT_ASSERT_EQUAL(std::string("***00"), redacted("+14155550100"));
        CPPUNIT_ASSERT_EQUAL(std::string("***"), redacted("1234"));
        CPPUNIT_ASSERT_EQUAL(std::string(), redacted(""));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AddressTest);

}  // namespace tandem::domain
