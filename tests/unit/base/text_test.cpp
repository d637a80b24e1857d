#include "base/text.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem {

class TextTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TextTest);
    CPPUNIT_TEST(what_nobody_sees_is_blank);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_nobody_sees_is_blank() {
        for (const char* blank : {"", " ", "\r\n\t", "\u00a0\u2003", "\u200b", "\ufeff", "\u202e"})
            CPPUNIT_ASSERT_MESSAGE(blank, is_blank(blank));
        for (const char* text :
             {".", " a ", "\u00a0\u00e4", "\u202ea", "\xe2\x80", "\xff", "\u2764"})
            CPPUNIT_ASSERT_MESSAGE(text, !is_blank(text));
        CPPUNIT_ASSERT(!is_blank(std::string_view("\0", 1)));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TextTest);

}  // namespace tandem
