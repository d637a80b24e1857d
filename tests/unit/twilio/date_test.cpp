#include "date.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <ctime>

namespace tandem::twilio {

class DateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DateTest);
    CPPUNIT_TEST(twilios_dates_are_read);
    CPPUNIT_TEST(what_is_no_date_is_nothing);
    CPPUNIT_TEST(every_day_of_a_century_is_the_systems);
    CPPUNIT_TEST_SUITE_END();

public:
    void twilios_dates_are_read() {
        const tandem_time instant = 1'700'000'000'000;
        for (const char* text : {"Tue, 14 Nov 2023 22:13:20 +0000", "Tue, 14 Nov 2023 22:13:20 GMT",
                                 "14 Nov 2023 22:13:20 +0000", "Tue, 14 Nov 2023 23:43:20 +0130",
                                 "Tue, 14 Nov 2023 14:13:20 -0800"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, instant, read_date(text).value_or(0));
        CPPUNIT_ASSERT_EQUAL(std::string("2023-11-14T22:13:20Z"), iso_date(instant + 999));
        CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:00Z"), iso_date(-5));
    }

    void what_is_no_date_is_nothing() {
        for (const char* text :
             {"", "soon", "Tue, 14 Nov 2023", "Tue, 14 Nov 2023 22:13:20", "2023-11-14T22:13:20Z",
              "Tue, 14 Foo 2023 22:13:20 GMT", "Tue, 0 Nov 2023 22:13:20 GMT",
              "Tue, 32 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 24:13:20 GMT",
              "Tue, 14 Nov 2023 22:60:20 GMT", "Tue, 14 Nov 2023 22:13:20 +",
              "Tue, 14 Nov 2023 22:13:20 GMT!", "Tue, 14 Nov 99999 22:13:20 GMT",
              "Tue, 14 Nov 2023 22:13:20 EST", "Tue, 14 Nov 1901 22:13:20 GMT"})
            CPPUNIT_ASSERT_MESSAGE(text, !read_date(text));
    }

    void every_day_of_a_century_is_the_systems() {
        for (std::time_t second = 0; second < 4'102'444'800; second += 86'399) {
            std::tm parts{};
            gmtime_r(&second, &parts);
            char iso[32], written[64];
            std::strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%SZ", &parts);
            std::strftime(written, sizeof written, "%a, %d %b %Y %H:%M:%S +0000", &parts);
            CPPUNIT_ASSERT_EQUAL(std::string(iso), iso_date(second * 1000));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(written, tandem_time{second} * 1000,
                                         read_date(written).value_or(-1));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DateTest);

}  // namespace tandem::twilio
