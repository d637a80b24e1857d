#include "admit/networks.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>

namespace tandem::admit {

class NetworksTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NetworksTest);
    CPPUNIT_TEST(loopback_is_always_contained);
    CPPUNIT_TEST(configured_networks_are_contained_to_the_bit);
    CPPUNIT_TEST(what_is_no_network_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void loopback_is_always_contained() {
        const Networks none({});
        for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
            CPPUNIT_ASSERT_MESSAGE(address, none.contains(address));
        for (const char* address : {"128.0.0.1", "::2", "", "localhost", "127.0.0.1 ", "127.1"})
            CPPUNIT_ASSERT_MESSAGE(address, !none.contains(address));
    }

    void configured_networks_are_contained_to_the_bit() {
        const Networks some({"10.0.0.0/9", "192.0.2.7", "2001:db8::/33"});
        for (const char* address : {"10.127.255.255", "192.0.2.7", "2001:db8:7fff::1"})
            CPPUNIT_ASSERT_MESSAGE(address, some.contains(address));
        for (const char* address : {"10.128.0.0", "192.0.2.8", "2001:db8:8000::1"})
            CPPUNIT_ASSERT_MESSAGE(address, !some.contains(address));
    }

    void what_is_no_network_is_refused() {
        for (const char* text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "host"})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, Networks({text}), std::invalid_argument);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NetworksTest);

}  // namespace tandem::admit
