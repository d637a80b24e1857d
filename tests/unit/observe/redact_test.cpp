#include "observe/redact.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::observe {

class RedactTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RedactTest);
    CPPUNIT_TEST(phone_numbers_keep_their_last_two_digits);
    CPPUNIT_TEST(tokens_are_masked);
    CPPUNIT_TEST(what_is_no_secret_stays);
    CPPUNIT_TEST_SUITE_END();

    static void same(const std::string& expected, const std::string& text) {
        CPPUNIT_ASSERT_EQUAL(expected, redact(text));
    }

public:
    void phone_numbers_keep_their_last_two_digits() {
        same("from +***67 to +***00", "from +15551234567 to +442071838700");
        same("To=+***67&x", "To=%2B15551234567&x");
        same("whatsapp:+***67.", "whatsapp:+15551234567.");
        same("+***67", "+1 (555) 123-4567");
        same("call +***43!", "call +49.30.1234.43!");
    }

    void tokens_are_masked() {
        same("Bearer ***", "Bearer abcdefgh.ijklmnop");
        same("got ***, bad", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.dGhpcyBpcyBub3Q, bad");
        same("/api/stream?token=***&x=1", "/api/stream?token=0123456789abcdef&x=1");
        same("key ***.", "key tandem_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg.");
        same("ticket=***", "ticket=0123456789abcdef");
        same(R"({"auth_token":"***"})", R"({"auth_token":"0123456789abcdef"})");
        same("X-Webhook-Secret: ***", "X-Webhook-Secret: 0123456789abcdef");
    }

    void what_is_no_secret_stays() {
        for (const char* text :
             {"2026-11-22T05:18:11.135+00:00", "1 + 2 = 3", "a+b", "+123456",
              "0191-abcd-7000-8000-000000000000", "token expired", "the bearer is unknown",
              "secret: too few", "tandem_auth_failures_total{}", "eyJ is no token", "", "+",
              "+12345678901234567890"})
            same(text, text);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RedactTest);

}  // namespace tandem::observe
