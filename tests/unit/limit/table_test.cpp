#include "limit/table.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "limit/window.h"

namespace tandem::limit {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TableTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TableTest);
    CPPUNIT_TEST(hashes_are_those_of_the_paper);
    CPPUNIT_TEST(a_minute_lets_through_its_rate_and_one_burst);
    CPPUNIT_TEST(whoever_waits_as_told_passes_and_not_before);
    CPPUNIT_TEST(what_remains_is_what_passes_at_once);
    CPPUNIT_TEST(keys_know_nothing_of_each_other);
    CPPUNIT_TEST(what_is_given_back_passes_again);
    CPPUNIT_TEST(memory_is_bounded_and_idle_keys_go_first);
    CPPUNIT_TEST(a_flood_of_keys_takes_few_busy_places);
    CPPUNIT_TEST(threads_share_one_rate);
    CPPUNIT_TEST(a_window_lets_through_so_many_in_any_minute);
    CPPUNIT_TEST(a_window_is_bounded);
    CPPUNIT_TEST_SUITE_END();

public:
    void hashes_are_those_of_the_paper() {
        // Appendix A of the paper: key 00..0f, input 00..0e.
        std::string input;
        for (char byte = 0; byte < 15; ++byte) input.push_back(byte);
        const SipHash hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
        CPPUNIT_ASSERT_EQUAL(uint64_t{0xa129ca6149be45e5}, hash(input));
    }

    void a_minute_lets_through_its_rate_and_one_burst() {
        for (const unsigned rate : {1u, 3u, 10u, 60u, 600u, 6000u, 60000u}) {
            Table table(1000);
            const Quota quota = Quota::of_minute(rate);
            unsigned passed = 0;
            const auto step = std::chrono::nanoseconds{seconds{60}} / (rate * 8);
            for (Instant now = start_; now < start_ + seconds{60}; now += step)
                if (table.take("key", quota, now).passes) ++passed;
            const double promised = rate + quota.burst;
            // One of them may be earned in the very last instant.
            CPPUNIT_ASSERT_MESSAGE(std::to_string(rate) + ": " + std::to_string(passed),
                                   std::abs(passed - promised) <= std::max(1.0, 0.02 * promised));
            // The second minute has no burst any more.
            unsigned second = 0;
            for (Instant now = start_ + seconds{60}; now < start_ + seconds{120}; now += step)
                if (table.take("key", quota, now).passes) ++second;
            CPPUNIT_ASSERT_MESSAGE(std::to_string(rate) + ": " + std::to_string(second),
                                   std::abs(second - 1.0 * rate) <= std::max(1.0, 0.02 * rate));
        }
    }

    void whoever_waits_as_told_passes_and_not_before() {
        Table table(1000);
        const Quota quota = Quota::of_minute(20);
        Instant now = start_;
        while (table.take("key", quota, now).passes) now += milliseconds{1};
        for (int i = 0; i < 100; ++i) {
            const Left early = table.take("key", quota, now);
            CPPUNIT_ASSERT(!early.passes && early.retry_after.count() > 0);
            CPPUNIT_ASSERT(
                !table.take("key", quota, now + early.retry_after - std::chrono::nanoseconds{1})
                     .passes);
            now += early.retry_after;
            CPPUNIT_ASSERT(table.take("key", quota, now).passes);
        }
    }

    void what_remains_is_what_passes_at_once() {
        Table table(1000);
        const Quota quota = Quota::of_minute(60);
        CPPUNIT_ASSERT_EQUAL(15u, quota.burst);
        for (unsigned left = 15; left-- > 0;)
            CPPUNIT_ASSERT_EQUAL(left, table.take("key", quota, start_).remaining);
        CPPUNIT_ASSERT(!table.take("key", quota, start_).passes);
        CPPUNIT_ASSERT(table.take("key", quota, start_).full_in == seconds{15});
        CPPUNIT_ASSERT_EQUAL(1u, Quota::of_minute(3).burst);
    }

    void keys_know_nothing_of_each_other() {
        // So few that nine of them in one row, by a hash that nobody can foresee, happen to nobody.
        Table table(100000);
        const Quota quota = Quota::of_minute(1);
        for (int i = 0; i < 2000; ++i) {
            const std::string key = "key " + std::to_string(i);
            CPPUNIT_ASSERT(table.take(key, quota, start_).passes);
            CPPUNIT_ASSERT(!table.take(key, quota, start_).passes);
        }
        CPPUNIT_ASSERT_EQUAL(size_t{2000}, table.busy(start_));
    }

    void what_is_given_back_passes_again() {
        Table table(1000);
        const Quota quota = Quota::of_minute(1);
        CPPUNIT_ASSERT(table.take("key", quota, start_).passes);
        table.give_back("key", quota);
        CPPUNIT_ASSERT(table.take("key", quota, start_).passes);
        CPPUNIT_ASSERT(!table.take("key", quota, start_).passes);
        table.give_back("somebody else", quota);
        CPPUNIT_ASSERT(!table.take("key", quota, start_).passes);
    }

    void memory_is_bounded_and_idle_keys_go_first() {
        Table table(2048);
        const size_t size = table.size();
        CPPUNIT_ASSERT(size >= 2048 && size < 2048 + 512);
        const Quota quota = Quota::of_minute(60);
        for (int i = 0; i < 60; ++i) table.take("old " + std::to_string(i), quota, start_);
        // A second later those have earned all again.
        const Instant later = start_ + seconds{1};
        for (int i = 0; i < 100; ++i) table.take("new " + std::to_string(i), quota, later);
        CPPUNIT_ASSERT(table.busy(later) <= size);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, table.displaced());
        for (int i = 0; i < 100000; ++i) table.take("flood " + std::to_string(i), quota, later);
        CPPUNIT_ASSERT_EQUAL(size, table.size());
        CPPUNIT_ASSERT_EQUAL(size, table.busy(later));
    }

    /// Who used much of a quota is farther from idle than any key that came once.
    void a_flood_of_keys_takes_few_busy_places() {
        Table table(4096);
        const Quota quota = Quota::of_minute(60);
        while (table.take("greedy", quota, start_).passes) {
        }
        for (int i = 0; i < 100000; ++i) table.take(std::to_string(i), quota, start_);
        CPPUNIT_ASSERT(!table.take("greedy", quota, start_).passes);
    }

    void threads_share_one_rate() {
        Table table(1000);
        const Quota quota = Quota::of_minute(4000);
        std::atomic<unsigned> passed{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 2000; ++n)
                    if (table.take("key", quota, start_).passes) ++passed;
            });
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(1000u, passed.load());
    }

    void a_window_lets_through_so_many_in_any_minute() {
        Window window(5, 100);
        std::vector<Instant> passed;
        for (Instant now = start_; now < start_ + seconds{600}; now += milliseconds{100}) {
            const auto wait = window.take("pair", now);
            if (wait.count() == 0)
                passed.push_back(now);
            else
                CPPUNIT_ASSERT(wait <= seconds{60});
        }
        CPPUNIT_ASSERT_EQUAL(size_t{50}, passed.size());
        for (size_t i = 5; i < passed.size(); ++i)
            CPPUNIT_ASSERT(passed[i] - passed[i - 5] >= seconds{60});
        CPPUNIT_ASSERT(window.take("other pair", passed.back()).count() == 0);
        window.give_back("pair");
        CPPUNIT_ASSERT(window.take("pair", passed.back()).count() == 0);
        CPPUNIT_ASSERT(window.take("pair", passed.back()).count() > 0);
    }

    void a_window_is_bounded() {
        Window window(5, 100);
        for (int i = 0; i < 10000; ++i) window.take(std::to_string(i), start_);
        CPPUNIT_ASSERT(window.keys() <= 100);
        window.take("late", start_ + seconds{61});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, window.keys());
    }

private:
    const Instant start_ = Instant{} + std::chrono::hours{1};
};

CPPUNIT_TEST_SUITE_REGISTRATION(TableTest);

}  // namespace tandem::limit
