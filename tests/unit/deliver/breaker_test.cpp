#include "deliver/breaker.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::deliver {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Breaker::Instant noon{std::chrono::hours{12}};
constexpr milliseconds none{0};

}  // namespace

class BreakerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BreakerTest);
    CPPUNIT_TEST(five_failures_in_a_row_open_it);
    CPPUNIT_TEST(a_success_in_between_begins_the_count_anew);
    CPPUNIT_TEST(half_of_the_last_20_seconds_opens_it);
    CPPUNIT_TEST(what_is_older_than_the_window_does_not_count);
    CPPUNIT_TEST(one_probe_goes_every_ten_seconds);
    CPPUNIT_TEST(a_probe_that_succeeds_closes_it);
    CPPUNIT_TEST(a_probe_that_did_not_take_place_leaves_room_for_another);
    CPPUNIT_TEST(a_refused_account_is_probed_every_minute);
    CPPUNIT_TEST_SUITE_END();

public:
    void five_failures_in_a_row_open_it() {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) breaker.failed(noon);
        CPPUNIT_ASSERT(!breaker.open() && breaker.wait(noon) == none);
        breaker.failed(noon);
        CPPUNIT_ASSERT(breaker.open() && !breaker.held());
        CPPUNIT_ASSERT(breaker.wait(noon) == seconds{10});
    }

    void a_success_in_between_begins_the_count_anew() {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) breaker.failed(noon);
        breaker.succeeded(noon);
        for (int i = 0; i < 4; ++i) breaker.failed(noon + seconds{30});
        CPPUNIT_ASSERT(!breaker.open());
    }

    void half_of_the_last_20_seconds_opens_it() {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) {
            breaker.succeeded(noon + seconds{i});
            breaker.failed(noon + seconds{i});
        }
        CPPUNIT_ASSERT(!breaker.open());  // eight are no crowd
        breaker.succeeded(noon + seconds{4});
        breaker.failed(noon + seconds{4});
        CPPUNIT_ASSERT(breaker.open());
    }

    void what_is_older_than_the_window_does_not_count() {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) breaker.failed(noon);
        for (int i = 0; i < 8; ++i) breaker.succeeded(noon + seconds{21});
        for (int i = 0; i < 3; ++i) breaker.failed(noon + seconds{21});
        CPPUNIT_ASSERT(!breaker.open());
    }

    void one_probe_goes_every_ten_seconds() {
        Breaker breaker = opened();
        CPPUNIT_ASSERT(breaker.wait(noon + milliseconds{9999}) == milliseconds{1});
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{10}) == none);
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{10}) == seconds{10});
        breaker.failed(noon + seconds{12});
        CPPUNIT_ASSERT(breaker.open());
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{12}) == seconds{10});
    }

    void a_probe_that_succeeds_closes_it() {
        Breaker breaker = opened();
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{10}) == none);
        breaker.succeeded(noon + seconds{11});
        CPPUNIT_ASSERT(!breaker.open());
        // The failures from before are over.
        for (int i = 0; i < 4; ++i) breaker.failed(noon + seconds{12});
        CPPUNIT_ASSERT(!breaker.open());
    }

    void a_probe_that_did_not_take_place_leaves_room_for_another() {
        Breaker breaker = opened();
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{10}) == none);
        breaker.probe_left();
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{10}) == none);
    }

    void a_refused_account_is_probed_every_minute() {
        Breaker breaker;
        breaker.refused(noon);
        CPPUNIT_ASSERT(breaker.open() && breaker.held());
        CPPUNIT_ASSERT(breaker.wait(noon) == seconds{60});
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{60}) == none);
        // It cannot even be reached now: the account is not mended by that.
        breaker.failed(noon + seconds{61});
        CPPUNIT_ASSERT(breaker.held());
        CPPUNIT_ASSERT(breaker.wait(noon + seconds{61}) == seconds{60});
        breaker.succeeded(noon + seconds{121});
        CPPUNIT_ASSERT(!breaker.open() && !breaker.held());
    }

private:
    static Breaker opened() {
        Breaker breaker;
        for (int i = 0; i < 5; ++i) breaker.failed(noon);
        return breaker;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BreakerTest);

}  // namespace tandem::deliver
