#include "serve/cursor.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>

#include "serve/refuse.h"

namespace tandem::serve {

using namespace std::chrono_literals;

class CursorTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CursorTest);
    CPPUNIT_TEST(a_cursor_comes_back_as_it_was);
    CPPUNIT_TEST(a_cursor_that_is_none_of_ours_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_cursor_comes_back_as_it_was() {
        for (const std::string key : {"", "+15551234567", "a|b:c", "\xc3\xa4"}) {
            const Cursor cursor{Time(1234567890123ms), key};
            const Cursor back = parse_cursor(to_text(cursor, "o", "l"), "o", "l");
            CPPUNIT_ASSERT(cursor.at == back.at);
            CPPUNIT_ASSERT_EQUAL(key, back.key);
        }
    }

    void a_cursor_that_is_none_of_ours_is_refused() {
        const std::string good = to_text({Time(1234567890123ms), "key"}, "o", "l");
        const auto refused = [&](const std::string& text, const char* organization = "o",
                                 const char* list = "l") {
            CPPUNIT_ASSERT_THROW(parse_cursor(text, organization, list), Refused);
        };
        refused(good, "other");
        refused(good, "o", "other");
        // Moved between the two names, the texts together would be the same.
        refused(to_text({Time(1ms), "key"}, "ol", ""), "o", "l");
        for (size_t at = 0; at < good.size(); ++at) {
            std::string edited = good;
            edited[at] = edited[at] == '3' ? '4' : '3';
            refused(edited);
        }
        refused(good.substr(2));
        refused(good.substr(0, good.size() - 1));
        refused(good.substr(0, good.size() - 2));
        refused(good + "30");
        refused("odd");
        refused("7c7c");
        // Its check is right, but its time reads 12x.
        refused("31343734373237343237323633363732373036347c3132787c6b6579");
        refused(std::string(10000, '0'));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CursorTest);

}  // namespace tandem::serve
