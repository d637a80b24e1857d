#include "store/lanes.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "quiet.h"

namespace tandem::store {

namespace {

// Workers that a test turns by hand.
struct Workers {
    void run_all() {
        while (!waiting.empty()) {
            auto work = std::move(waiting.front());
            waiting.pop_front();
            work();
        }
    }
    std::deque<std::function<void()>> waiting;
};

}  // namespace

class LanesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LanesTest);
    CPPUNIT_TEST(a_task_waits_until_the_one_before_it_released_its_conversation);
    CPPUNIT_TEST(other_conversations_and_organisations_do_not_wait);
    CPPUNIT_TEST(a_release_that_is_dropped_or_called_twice_releases_once);
    CPPUNIT_TEST(a_throwing_task_releases_its_conversation);
    CPPUNIT_TEST(a_full_lane_and_full_lanes_answer_false);
    CPPUNIT_TEST(stopping_drops_what_has_not_begun);
    CPPUNIT_TEST(a_release_may_come_after_the_lanes_are_gone);
    CPPUNIT_TEST(tasks_of_one_conversation_never_overlap_on_real_threads);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_task_waits_until_the_one_before_it_released_its_conversation() {
        Lanes::Release first;
        run("o", "+1", [&](Lanes::Release release) {
            order.push_back("first");
            first = std::move(release);
        });
        run("o", "+1", [&](Lanes::Release) { order.push_back("second"); });
        workers.run_all();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, order.size());
        first();
        workers.run_all();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, order.size());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, lanes->length());
    }

    void other_conversations_and_organisations_do_not_wait() {
        std::vector<Lanes::Release> kept;
        for (const auto& [organization, address] :
             {std::pair{"o", "+1"}, {"o", "+2"}, {"p", "+1"}, {"o+", "1"}})
            run(organization, address,
                [&](Lanes::Release release) { kept.push_back(std::move(release)); });
        workers.run_all();
        CPPUNIT_ASSERT_EQUAL(size_t{4}, kept.size());
    }

    void a_release_that_is_dropped_or_called_twice_releases_once() {
        run("o", "+1", [&](Lanes::Release release) {
            release();
            release();
        });
        std::vector<Lanes::Release> kept;
        run("o", "+1", [&](Lanes::Release release) { kept.push_back(std::move(release)); });
        run("o", "+1", [&](Lanes::Release) { order.push_back("third"); });
        workers.run_all();
        CPPUNIT_ASSERT(order.empty());
        kept.clear();
        workers.run_all();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, order.size());
    }

    void a_throwing_task_releases_its_conversation() {
        run("o", "+1", [&](Lanes::Release) { throw std::runtime_error("a bug"); });
        run("o", "+1", [&](Lanes::Release) { order.push_back("second"); });
        workers.run_all();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, order.size());
        CPPUNIT_ASSERT_EQUAL(1, log.lines.load());
    }

    void a_full_lane_and_full_lanes_answer_false() {
        make({.waiting_per_lane = 2, .waiting = 3});
        const auto nothing = [](Lanes::Release) {};
        CPPUNIT_ASSERT(lanes->run("o", "+1", nothing));
        CPPUNIT_ASSERT(lanes->run("o", "+1", nothing));
        CPPUNIT_ASSERT(!lanes->run("o", "+1", nothing));
        CPPUNIT_ASSERT(lanes->run("o", "+2", nothing));
        CPPUNIT_ASSERT(!lanes->run("o", "+3", nothing));
        CPPUNIT_ASSERT_EQUAL(2.0, metrics.value("tandem_store_lanes_full_total"));
        workers.run_all();
        CPPUNIT_ASSERT(lanes->run("o", "+3", nothing));
    }

    void stopping_drops_what_has_not_begun() {
        Lanes::Release kept;
        run("o", "+1", [&](Lanes::Release release) { kept = std::move(release); });
        workers.run_all();
        run("o", "+1", [&](Lanes::Release) { order.push_back("dropped"); });
        run("o", "+2", [&](Lanes::Release) { order.push_back("dropped"); });
        lanes->stop();
        CPPUNIT_ASSERT(!lanes->run("o", "+1", [](Lanes::Release) {}));
        kept();
        workers.run_all();
        CPPUNIT_ASSERT(order.empty());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, lanes->length());
    }

    void a_release_may_come_after_the_lanes_are_gone() {
        Lanes::Release kept;
        run("o", "+1", [&](Lanes::Release release) { kept = std::move(release); });
        workers.run_all();
        lanes.reset();
        kept();
    }

    void tasks_of_one_conversation_never_overlap_on_real_threads() {
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<std::function<void()>> queue;
        bool ended = false;
        ConversationLanes real(
            [&](std::function<void()> work) {
                const std::lock_guard lock(mutex);
                queue.push_back(std::move(work));
                changed.notify_one();
            },
            log, metrics);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                std::unique_lock lock(mutex);
                while (true) {
                    changed.wait(lock, [&] { return ended || !queue.empty(); });
                    if (queue.empty()) return;
                    auto work = std::move(queue.front());
                    queue.pop_front();
                    lock.unlock();
                    work();
                    lock.lock();
                }
            });
        constexpr int tasks = 4000;
        std::atomic<int> inside[4] = {}, overlaps{0}, ran{0};
        for (int i = 0; i < tasks; ++i) {
            const int lane = i % 4;
            const auto task = [&, lane](Lanes::Release release) {
                if (++inside[lane] != 1) ++overlaps;
                std::this_thread::yield();
                --inside[lane];
                release();
                if (++ran == tasks) {
                    const std::lock_guard lock(mutex);
                    ended = true;
                    changed.notify_all();
                }
            };
            while (!real.run("o", std::to_string(lane), task)) std::this_thread::yield();
        }
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(tasks, ran.load());
        CPPUNIT_ASSERT_EQUAL(0, overlaps.load());
    }

    void setUp() override { make({}); }
    void tearDown() override { lanes.reset(); }

private:
    void make(LanesLimits limits) {
        lanes = std::make_unique<ConversationLanes>(
            [this](std::function<void()> work) { workers.waiting.push_back(std::move(work)); }, log,
            metrics, limits);
    }
    void run(const std::string& organization, const std::string& address, Lanes::Task task) {
        CPPUNIT_ASSERT(lanes->run(organization, address, std::move(task)));
    }

    QuietLog log;
    CountingMetrics metrics;
    Workers workers;
    std::vector<std::string> order;
    std::unique_ptr<ConversationLanes> lanes;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LanesTest);

}  // namespace tandem::store
