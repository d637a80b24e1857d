#include "domain/organization.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::domain {

class OrganizationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OrganizationTest);
    CPPUNIT_TEST(answers_come_from_the_number_that_the_customer_knows);
    CPPUNIT_TEST(a_number_that_is_ours_no_more_sends_nothing);
    CPPUNIT_TEST(without_numbers_there_is_no_sender);
    CPPUNIT_TEST(emergency_and_dear_numbers_and_its_own_are_objected_to);
    CPPUNIT_TEST(numbers_of_other_countries_are_objected_to);
    CPPUNIT_TEST(whoever_lists_no_country_lists_all);
    CPPUNIT_TEST_SUITE_END();

public:
    void answers_come_from_the_number_that_the_customer_knows() {
        CPPUNIT_ASSERT_EQUAL(std::string("+2"), shop_.sender("+2"));
        CPPUNIT_ASSERT_EQUAL(std::string("+1"), shop_.sender(""));
    }

    void a_number_that_is_ours_no_more_sends_nothing() {
        CPPUNIT_ASSERT_EQUAL(std::string("+1"), shop_.sender("+3"));
    }

    void without_numbers_there_is_no_sender() {
        CPPUNIT_ASSERT_EQUAL(std::string(), Organization{}.sender("+3"));
    }

    void emergency_and_dear_numbers_and_its_own_are_objected_to() {
        Organization shop = shop_;
        CPPUNIT_ASSERT(shop.objection_to("+15551234567").empty());
        CPPUNIT_ASSERT(!shop.objection_to("+19002345678").empty());
        CPPUNIT_ASSERT(!shop.objection_to("shortcode:911").empty());
        CPPUNIT_ASSERT(!shop.objection_to("+2").empty());
        shop.allow_premium = true;
        CPPUNIT_ASSERT(shop.objection_to("+19002345678").empty());
        CPPUNIT_ASSERT(!shop.objection_to("shortcode:911").empty());
        CPPUNIT_ASSERT(!shop.objection_to("+2").empty());
    }

    void numbers_of_other_countries_are_objected_to() {
        Organization shop = shop_;
        shop.allow_regions = {"US", "CA"};
        // An area code of +1 that nobody knows is of the largest country that has it.
        for (const char* number : {"+12125550123", "+14165550123", "+15551234567", "+18005550123",
                                   "shortcode:12345", "whatsapp:+12125550123", "client:bob"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(number, std::string_view(), shop.objection_to(number));
        for (const char* number :
             {"+442079460123", "+18765550123", "+14735550123", "+18095550123", "+17875550123",
              "+525512345678", "+77010000000", "+80012345678", "whatsapp:+442079460123"})
            CPPUNIT_ASSERT_MESSAGE(number, !shop.objection_to(number).empty());
        CPPUNIT_ASSERT_EQUAL(
            std::string_view("is of a country that the organisation neither writes to nor calls"),
            shop.objection_to("+442079460123"));
        // Nor does allowing dear numbers allow those of no country.
        shop.allow_premium = true;
        CPPUNIT_ASSERT(!shop.objection_to("+881612345678").empty());
        CPPUNIT_ASSERT(shop.objection_to("+19002345678").empty());
        shop.allow_regions = {"GB"};
        CPPUNIT_ASSERT(shop.objection_to("+442079460123").empty());
        CPPUNIT_ASSERT(!shop.objection_to("+12125550123").empty());
        CPPUNIT_ASSERT(!shop.objection_to("shortcode:12345").empty());
    }

    void whoever_lists_no_country_lists_all() {
        for (const char* number : {"+442079460123", "+18765550123", "+80012345678"})
            CPPUNIT_ASSERT(shop_.objection_to(number).empty());
    }

private:
    const Organization shop_{"bici", "BICI", "US", {"+1", "+2"}, "", "", ""};
};

CPPUNIT_TEST_SUITE_REGISTRATION(OrganizationTest);

}  // namespace tandem::domain
