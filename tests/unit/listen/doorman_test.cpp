#include "listen/doorman.h"

#include <utility>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::listen {

class DoormanTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DoormanTest);
    CPPUNIT_TEST(nobody_comes_beyond_the_limit_until_somebody_leaves);
    CPPUNIT_TEST(one_address_does_not_take_the_seats_of_others);
    CPPUNIT_TEST(exempt_addresses_are_bounded_by_the_limit_alone);
    CPPUNIT_TEST(a_moved_seat_is_given_back_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void nobody_comes_beyond_the_limit_until_somebody_leaves() {
        Doorman doorman(2, 0, {});
        auto first = doorman.admit(here_);
        const auto second = doorman.admit(here_);
        CPPUNIT_ASSERT(first && second);
        CPPUNIT_ASSERT(!doorman.admit(there_));
        first.reset();
        CPPUNIT_ASSERT(doorman.admit(there_));
    }

    void one_address_does_not_take_the_seats_of_others() {
        Doorman doorman(10, 1, {});
        auto first = doorman.admit(here_);
        CPPUNIT_ASSERT(first);
        CPPUNIT_ASSERT(!doorman.admit(here_));
        CPPUNIT_ASSERT(doorman.admit(there_));
        first.reset();
        CPPUNIT_ASSERT(doorman.admit(here_));
    }

    void exempt_addresses_are_bounded_by_the_limit_alone() {
        Doorman doorman(2, 1, {*Network::parse("127.0.0.0/8")});
        const auto first = doorman.admit(here_);
        const auto second = doorman.admit(here_);
        CPPUNIT_ASSERT(first && second);
        CPPUNIT_ASSERT(!doorman.admit(here_));
    }

    void a_moved_seat_is_given_back_once() {
        Doorman doorman(10, 0, {});
        {
            auto seat = doorman.admit(here_);
            const std::vector<Seat> kept = [&] {
                std::vector<Seat> made;
                made.push_back(std::move(*seat));
                return made;
            }();
            seat.reset();
            CPPUNIT_ASSERT_EQUAL(size_t{1}, doorman.seated());
        }
        CPPUNIT_ASSERT_EQUAL(size_t{0}, doorman.seated());
    }

private:
    const Address here_ = *Address::parse("127.0.0.1");
    const Address there_ = *Address::parse("192.0.2.1");
};

CPPUNIT_TEST_SUITE_REGISTRATION(DoormanTest);

}  // namespace tandem::listen
