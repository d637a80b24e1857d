#include "admit/mint.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::admit {

class MintTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MintTest);
    CPPUNIT_TEST(a_token_is_what_another_implementation_signs);
    CPPUNIT_TEST(claims_are_named_as_the_settings_name_them);
    CPPUNIT_TEST(a_servers_key_is_random_and_written_down_as_its_hash);
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

    void claims_are_named_as_the_settings_name_them() {
        TokenOrder order;
        order.subject = "a";
        order.organization = "demo";
        order.type = "at+jwt";
        order.subject_claim = "uid";
        order.organization_claim = "tenant";
        order.permissions_claim = "roles";
        const std::string secret = "0123456789abcdef0123456789abcdef";
        const auto token = mint_token(order, secret);
        CPPUNIT_ASSERT(token);
        // {"alg":"HS256","typ":"at+jwt"} and {"uid":"a","tenant":"demo","roles":[],"iat":0,…
        CPPUNIT_ASSERT_EQUAL(
            std::string("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9."
                        "eyJ1aWQiOiJhIiwidGVuYW50IjoiZGVtbyIsInJvbGVzIjpbXSwiaWF0IjowLCJleHAiOjM2M"
                        "DB9"),
            token->substr(0, token->rfind('.')));
    }

    void a_servers_key_is_random_and_written_down_as_its_hash() {
        const auto one = mint_api_key(), other = mint_api_key();
        CPPUNIT_ASSERT(one && other);
        CPPUNIT_ASSERT(one->key != other->key);
        CPPUNIT_ASSERT_EQUAL(size_t{50}, one->key.size());
        CPPUNIT_ASSERT_EQUAL(std::string("tandem_"), one->key.substr(0, 7));
        CPPUNIT_ASSERT_EQUAL(size_t{71}, one->hash.size());
        CPPUNIT_ASSERT(one->hash.find(one->key.substr(7)) == std::string::npos);
    }

    void a_short_secret_is_refused() {
        CPPUNIT_ASSERT(!mint_token({}, "0123456789abcdef0123456789abcde"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MintTest);

}  // namespace tandem::admit
