#include "base/id.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>

namespace tandem {

namespace {

class FixedClock : public Clock {
public:
    Time now() const override { return time; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
    Time time{Milliseconds{1795324691135}};
};

}  // namespace

class IdTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdTest);
    CPPUNIT_TEST(ids_carry_the_time_the_version_and_the_variant);
    CPPUNIT_TEST(ids_increase_within_one_millisecond_and_when_the_clock_goes_back);
    CPPUNIT_TEST(random_hex_has_the_asked_length_and_differs);
    CPPUNIT_TEST(times_are_written_in_utc_with_milliseconds);
    CPPUNIT_TEST_SUITE_END();

public:
    void ids_carry_the_time_the_version_and_the_variant() {
        FixedClock clock;
        IdSource ids(clock);
        const std::string id = ids.next();
        CPPUNIT_ASSERT_EQUAL(size_t{36}, id.size());
        const std::string time_digits = id.substr(0, 8) + id.substr(9, 4);
        CPPUNIT_ASSERT_EQUAL(clock.time.time_since_epoch().count(),
                             static_cast<int64_t>(std::stoll(time_digits, nullptr, 16)));
        CPPUNIT_ASSERT_EQUAL('7', id[14]);
        CPPUNIT_ASSERT(std::string("89ab").find(id[19]) != std::string::npos);
    }

    void ids_increase_within_one_millisecond_and_when_the_clock_goes_back() {
        FixedClock clock;
        IdSource ids(clock);
        std::string last = ids.next();
        for (int i = 0; i < 10000; ++i) {
            if (i == 5000) clock.time -= Milliseconds{60000};
            const std::string next = ids.next();
            CPPUNIT_ASSERT_MESSAGE(last + " < " + next, last < next);
            last = next;
        }
    }

    void random_hex_has_the_asked_length_and_differs() {
        CPPUNIT_ASSERT_EQUAL(size_t{300}, random_hex(150).size());
        CPPUNIT_ASSERT(random_hex(16) != random_hex(16));
    }

    void times_are_written_in_utc_with_milliseconds() {
        CPPUNIT_ASSERT_EQUAL(std::string("2026-11-22T05:18:11.135Z"),
                             iso8601(Time{Milliseconds{1795324691135}}));
        CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:59.999Z"),
                             iso8601(Time{Milliseconds{-1}}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IdTest);

}  // namespace tandem
