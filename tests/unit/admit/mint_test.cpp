#include "admit/mint.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::admit {

class MintTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MintTest);
    CPPUNIT_TEST(a_token_is_what_another_implementation_signs);
    CPPUNIT_TEST(a_short_secret_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_token_is_what_another_implementation_signs() {
        TokenOrder order;
        order.subject = "a\"b";
        order.organization = "demo";
        order.permissions = {"admin", "leads:read"};
        order.name = "\xc3\x84";
        order.issuer = "i";
        order.audience = "u";
        order.issued_at = Time{Milliseconds{1795324691135}};
        order.lifetime = std::chrono::seconds{900};
        const auto token = mint_token(order, "0123456789abcdef0123456789abcdef");
        CPPUNIT_ASSERT(token);
        // Made with Python's hmac, hashlib and base64.
        CPPUNIT_ASSERT_EQUAL(
            std::string("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                        "eyJzdWIiOiJhXCJiIiwib3JnYW5pemF0aW9uSWQiOiJkZW1vIiwicGVybWlzc2lvbnMiOls"
                        "iYWRtaW4iLCJsZWFkczpyZWFkIl0sImlhdCI6MTc5NTMyNDY5MSwiZXhwIjoxNzk1MzI1NT"
                        "kxLCJuYW1lIjoiw4QiLCJpc3MiOiJpIiwiYXVkIjoidSJ9."
                        "mrk8c6idWVAyQbLVlzORkKQJRnNT6MKivmD8ilVYxrs"),
            *token);
    }

    void a_short_secret_is_refused() {
        CPPUNIT_ASSERT(!mint_token({}, "0123456789abcdef0123456789abcde"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MintTest);

}  // namespace tandem::admit
