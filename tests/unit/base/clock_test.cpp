#include "base/clock.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem {

namespace {

class ClockTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClockTest);
    CPPUNIT_TEST(a_written_time_is_read_as_it_was);
    CPPUNIT_TEST(offsets_and_fractions_count);
    CPPUNIT_TEST(what_is_no_time_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_written_time_is_read_as_it_was() {
        for (const int64_t at : {int64_t{0}, int64_t{1795324691135}, int64_t{951782399999}}) {
            const Time time{Milliseconds{at}};
            const auto read = parse_iso8601(iso8601(time));
            CPPUNIT_ASSERT(read);
            CPPUNIT_ASSERT_EQUAL(iso8601(time), iso8601(*read));
        }
    }

    void offsets_and_fractions_count() {
        const std::string expected = "2026-11-22T05:18:11.500Z";
        for (const char* text : {"2026-11-22T05:18:11.5Z", "2026-11-22t05:18:11.500999z",
                                 "2026-11-22T07:18:11.5+02:00", "2026-11-21T23:48:11.500-05:30"}) {
            const auto read = parse_iso8601(text);
            CPPUNIT_ASSERT_MESSAGE(text, read);
            CPPUNIT_ASSERT_EQUAL(expected, iso8601(*read));
        }
    }

    void what_is_no_time_is_refused() {
        for (const char* text :
             {"", "tomorrow", "2026-11-22", "2026-11-22T05:18:11", "2026-11-22 05:18:11Z",
              "2026-11-31T05:18:11Z", "2026-13-01T05:18:11Z", "2026-11-22T24:00:00Z",
              "2026-11-22T05:18Z", "2026-11-22T05:18:11.Z", "2026-11-22T05:18:11+0200",
              "2026-11-22T05:18:11Z ", "-026-11-22T05:18:11Z", "2026-11-22T05:18:11+24:00"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parse_iso8601(text));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClockTest);

}  // namespace

}  // namespace tandem
