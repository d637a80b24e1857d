#include "deliver/pace.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace tandem::deliver {

namespace {

using Instant = Pace::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant noon{std::chrono::hours{12}};

}  // namespace

class PaceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PaceTest);
    CPPUNIT_TEST(a_burst_goes_at_once_and_then_one_after_the_other);
    CPPUNIT_TEST(who_waits_keeps_the_place);
    CPPUNIT_TEST(a_rest_earns_a_burst_and_no_more);
    CPPUNIT_TEST(in_the_long_run_the_pace_holds);
    CPPUNIT_TEST(one_who_never_comes_is_forgotten);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_burst_goes_at_once_and_then_one_after_the_other() {
        Pace pace(10, 3);
        for (const char* who : {"a", "b", "c"})
            CPPUNIT_ASSERT(pace.take(who, noon) == milliseconds{0});
        CPPUNIT_ASSERT(pace.take("d", noon) == milliseconds{100});
        CPPUNIT_ASSERT(pace.take("e", noon) == milliseconds{200});
    }

    void who_waits_keeps_the_place() {
        Pace pace(1, 1);
        CPPUNIT_ASSERT(pace.take("a", noon) == milliseconds{0});
        CPPUNIT_ASSERT(pace.take("b", noon) == seconds{1});
        // Asking again costs no second place, and a newcomer stands behind.
        CPPUNIT_ASSERT(pace.take("b", noon + milliseconds{400}) == milliseconds{600});
        CPPUNIT_ASSERT(pace.take("c", noon + seconds{1}) == seconds{1});
        CPPUNIT_ASSERT(pace.take("b", noon + seconds{1}) == milliseconds{0});
        CPPUNIT_ASSERT(pace.take("c", noon + seconds{2}) == milliseconds{0});
    }

    void a_rest_earns_a_burst_and_no_more() {
        Pace pace(2, 2);
        for (int i = 0; i < 2; ++i) pace.take(std::to_string(i), noon);
        const Instant later = noon + std::chrono::hours{1};
        CPPUNIT_ASSERT(pace.take("a", later) == milliseconds{0});
        CPPUNIT_ASSERT(pace.take("b", later) == milliseconds{0});
        CPPUNIT_ASSERT(pace.take("c", later) == milliseconds{500});
    }

    void in_the_long_run_the_pace_holds() {
        Pace pace(7, 3);
        int gone = 0;
        for (int i = 0; i < 60 * 1000; ++i)
            if (pace.take("always the same", noon + milliseconds{i}) == milliseconds{0}) ++gone;
        CPPUNIT_ASSERT(gone >= 60 * 7 - 7 && gone <= 60 * 7 + 3);
    }

    void one_who_never_comes_is_forgotten() {
        Pace pace(1, 1);
        pace.take("a", noon);
        pace.take("gone", noon);
        pace.take("b", noon + std::chrono::minutes{3});
        pace.take("c", noon + std::chrono::minutes{3});  // whoever has to wait makes it look
        CPPUNIT_ASSERT(pace.take("gone", noon + std::chrono::minutes{3}) > milliseconds{0});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PaceTest);

}  // namespace tandem::deliver
