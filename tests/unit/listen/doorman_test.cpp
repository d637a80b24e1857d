#include "listen/doorman.h"

#include <memory>
#include <utility>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::listen {

class DoormanTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DoormanTest);
    CPPUNIT_TEST(nobody_comes_beyond_the_limit_until_somebody_leaves);
    CPPUNIT_TEST(one_address_does_not_take_the_seats_of_others);
    CPPUNIT_TEST(one_ipv6_site_does_not_take_the_seats_of_others);
    CPPUNIT_TEST(one_address_does_not_fill_the_room);
    CPPUNIT_TEST(all_addresses_together_do_not_fill_the_room);
    CPPUNIT_TEST(what_is_kept_counts_when_its_seat_is_given_back);
    CPPUNIT_TEST(an_operators_seat_is_never_counted);
    CPPUNIT_TEST(exempt_addresses_are_bounded_by_the_limit_alone);
    CPPUNIT_TEST(a_moved_seat_is_given_back_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void nobody_comes_beyond_the_limit_until_somebody_leaves() {
        Doorman doorman({.seats = 2}, {});
        auto first = doorman.admit(here_);
        const auto second = doorman.admit(here_);
        CPPUNIT_ASSERT(first && second);
        CPPUNIT_ASSERT(!doorman.admit(there_));
        first.reset();
        CPPUNIT_ASSERT(doorman.admit(there_));
    }

    void one_address_does_not_take_the_seats_of_others() {
        Doorman doorman({.seats = 10, .seats_of_one = 1}, {});
        auto first = doorman.admit(here_);
        CPPUNIT_ASSERT(first);
        CPPUNIT_ASSERT(!doorman.admit(here_));
        CPPUNIT_ASSERT(doorman.admit(there_));
        first.reset();
        CPPUNIT_ASSERT(doorman.admit(here_));
    }

    void one_ipv6_site_does_not_take_the_seats_of_others() {
        Doorman doorman({.seats = 10, .seats_of_one = 1}, {});
        auto first = doorman.admit(*Address::parse("2001:db8:1:2::1"));
        CPPUNIT_ASSERT(first);
        CPPUNIT_ASSERT(!doorman.admit(*Address::parse("2001:db8:1:2:ffff::9")));
        CPPUNIT_ASSERT(doorman.admit(*Address::parse("2001:db8:1:3::1")));
        first.reset();
        CPPUNIT_ASSERT(doorman.admit(*Address::parse("2001:db8:1:2:ffff::9")));
    }

    void one_address_does_not_fill_the_room() {
        Doorman doorman({.seats = 10, .bytes_of_one = 10}, {});
        auto first = doorman.admit(here_);
        auto second = doorman.admit(here_);
        auto other = doorman.admit(there_);
        auto kept = first->keep(), more = second->keep(), others = other->keep();
        CPPUNIT_ASSERT(kept->add(6));
        CPPUNIT_ASSERT(!more->add(5));
        CPPUNIT_ASSERT(others->add(10));
        // What was counted too much goes with who brought it.
        more = second->keep();
        CPPUNIT_ASSERT(more->add(4));
        kept.reset();
        CPPUNIT_ASSERT(more->add(6));
    }

    void all_addresses_together_do_not_fill_the_room() {
        Doorman doorman({.seats = 10, .bytes = 15, .bytes_of_one = 10}, local_);
        auto exempt = doorman.admit(here_)->keep();
        CPPUNIT_ASSERT(exempt->add(12));
        auto others = doorman.admit(there_)->keep();
        CPPUNIT_ASSERT(others->add(3));
        CPPUNIT_ASSERT(!exempt->add(1));
        CPPUNIT_ASSERT_EQUAL(size_t{16}, doorman.kept());
        exempt.reset();
        CPPUNIT_ASSERT(others->add(1));
        CPPUNIT_ASSERT_EQUAL(size_t{4}, doorman.kept());
    }

    void what_is_kept_counts_when_its_seat_is_given_back() {
        auto doorman = std::make_unique<Doorman>(
            Doorman::Bounds{.seats = 1, .seats_of_one = 1, .bytes_of_one = 10}, Networks{});
        auto kept = doorman->admit(here_)->keep();
        CPPUNIT_ASSERT(kept->add(8));
        auto seat = doorman->admit(here_);
        CPPUNIT_ASSERT(seat);
        CPPUNIT_ASSERT(!seat->keep()->add(3));
        kept.reset();
        kept = seat->keep();
        CPPUNIT_ASSERT(kept->add(10));
        // It may outlive the house.
        seat.reset();
        doorman.reset();
        CPPUNIT_ASSERT(!kept->add(1));
    }

    void an_operators_seat_is_never_counted() {
        Doorman doorman({.seats = 1, .seats_of_one = 1, .bytes_of_one = 1}, {});
        const auto only = doorman.admit(here_);
        Seat seat{Address{}};
        CPPUNIT_ASSERT(seat.keep()->add(100));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, doorman.seated());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, doorman.kept());
    }

    void exempt_addresses_are_bounded_by_the_limit_alone() {
        Doorman doorman({.seats = 2, .seats_of_one = 1, .bytes_of_one = 10}, local_);
        auto first = doorman.admit(here_);
        const auto second = doorman.admit(here_);
        CPPUNIT_ASSERT(first && second);
        CPPUNIT_ASSERT(!doorman.admit(here_));
        CPPUNIT_ASSERT(first->keep()->add(11));
    }

    void a_moved_seat_is_given_back_once() {
        Doorman doorman({.seats = 10, .bytes_of_one = 10}, {});
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
    const Networks local_{*Network::parse("127.0.0.0/8")};
    const Address there_ = *Address::parse("192.0.2.1");
};

CPPUNIT_TEST_SUITE_REGISTRATION(DoormanTest);

}  // namespace tandem::listen
