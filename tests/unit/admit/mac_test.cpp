#include "admit/mac.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::admit {

class MacTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MacTest);
    CPPUNIT_TEST(hashes_are_those_of_the_standards);
    CPPUNIT_TEST(base64_is_padded_and_that_of_urls_is_not);
    CPPUNIT_TEST_SUITE_END();

public:
    /// RFC 2202 section 3 and RFC 4231 section 4.3: test case 2 of both.
    void hashes_are_those_of_the_standards() {
        const char* text = "what do ya want for nothing?";
        CPPUNIT_ASSERT_EQUAL(std::string("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
                             hex(mac(Hash::Sha1, "Jefe", text)));
        CPPUNIT_ASSERT_EQUAL(
            std::string("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            hex(mac(Hash::Sha256, "Jefe", text)));
    }

    /// RFC 4648 section 10, and the two letters that differ.
    void base64_is_padded_and_that_of_urls_is_not() {
        CPPUNIT_ASSERT_EQUAL(std::string(), base64(""));
        CPPUNIT_ASSERT_EQUAL(std::string("Zg=="), base64("f"));
        CPPUNIT_ASSERT_EQUAL(std::string("Zm8="), base64("fo"));
        CPPUNIT_ASSERT_EQUAL(std::string("Zm9v"), base64("foo"));
        CPPUNIT_ASSERT_EQUAL(std::string("Zm9vYg"), base64url("foob"));
        CPPUNIT_ASSERT_EQUAL(std::string("++//"), base64("\xfb\xef\xff"));
        CPPUNIT_ASSERT_EQUAL(std::string("--__"), base64url("\xfb\xef\xff"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MacTest);

}  // namespace tandem::admit
