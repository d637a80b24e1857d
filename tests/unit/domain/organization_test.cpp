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

private:
    const Organization shop_{"bici", "BICI", "US", {"+1", "+2"}, "", "", ""};
};

CPPUNIT_TEST_SUITE_REGISTRATION(OrganizationTest);

}  // namespace tandem::domain
