#include "listen/address.h"

#include <stdexcept>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::listen {

class AddressTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AddressTest);
    CPPUNIT_TEST(both_forms_of_an_ipv4_address_are_one);
    CPPUNIT_TEST(what_is_no_address_is_not_read);
    CPPUNIT_TEST(a_range_ends_at_its_last_bit);
    CPPUNIT_TEST(an_ipv4_range_holds_no_ipv6_address);
    CPPUNIT_TEST(a_text_that_is_no_range_is_named);
    CPPUNIT_TEST(a_site_is_an_ipv4_address_or_a_64);
    CPPUNIT_TEST_SUITE_END();

public:
    void both_forms_of_an_ipv4_address_are_one() {
        CPPUNIT_ASSERT(Address::parse("10.1.2.3") == Address::parse("::ffff:10.1.2.3"));
        CPPUNIT_ASSERT_EQUAL(std::string("10.1.2.3"), Address::parse("::ffff:10.1.2.3")->text());
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::1"), Address::parse("2001:DB8:0::1")->text());
    }

    void what_is_no_address_is_not_read() {
        for (const char* text : {"", "10.1.2", "10.1.2.3.4", "10.1.2.256", "host", ":::1"})
            CPPUNIT_ASSERT_MESSAGE(text, !Address::parse(text));
        for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "/8"})
            CPPUNIT_ASSERT_MESSAGE(text, !Network::parse(text));
    }

    void a_range_ends_at_its_last_bit() {
        CPPUNIT_ASSERT(holds("10.0.0.0/9", "10.127.255.255"));
        CPPUNIT_ASSERT(!holds("10.0.0.0/9", "10.128.0.0"));
        CPPUNIT_ASSERT(holds("192.0.2.7", "192.0.2.7"));
        CPPUNIT_ASSERT(!holds("192.0.2.7", "192.0.2.8"));
        CPPUNIT_ASSERT(holds("2001:db8::/33", "2001:db8:7fff::1"));
        CPPUNIT_ASSERT(!holds("2001:db8::/33", "2001:db8:8000::1"));
    }

    void an_ipv4_range_holds_no_ipv6_address() {
        CPPUNIT_ASSERT(holds("0.0.0.0/0", "203.0.113.1"));
        CPPUNIT_ASSERT(!holds("0.0.0.0/0", "::1"));
        CPPUNIT_ASSERT(holds("::/0", "203.0.113.1"));
    }

    void a_text_that_is_no_range_is_named() {
        try {
            parse_networks({"10.0.0.0/8", "nowhere"});
            CPPUNIT_FAIL("taken");
        } catch (const std::invalid_argument& refused) {
            CPPUNIT_ASSERT_EQUAL(std::string("nowhere is no address range"),
                                 std::string(refused.what()));
        }
    }

    void a_site_is_an_ipv4_address_or_a_64() {
        const auto site = [](const char* text) { return Address::parse(text)->site(); };
        CPPUNIT_ASSERT(site("203.0.113.7") == Address::parse("203.0.113.7"));
        CPPUNIT_ASSERT(site("2001:db8:1:2:a::1") == site("2001:db8:1:2:b::9"));
        CPPUNIT_ASSERT(!(site("2001:db8:1:2::1") == site("2001:db8:1:3::1")));
    }

private:
    static bool holds(const char* network, const char* address) {
        return contains({*Network::parse(network)}, *Address::parse(address));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AddressTest);

}  // namespace tandem::listen
