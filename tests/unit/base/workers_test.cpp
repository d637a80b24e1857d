#include "base/workers.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <future>

namespace tandem {

class WorkersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WorkersTest);
    CPPUNIT_TEST(the_end_waits_for_what_is_in_hand_and_drops_the_rest);
    CPPUNIT_TEST(an_end_with_a_bound_does_not_wait_for_what_is_stuck);
    CPPUNIT_TEST(an_end_with_a_bound_is_an_end);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_end_waits_for_what_is_in_hand_and_drops_the_rest() {
        Workers workers(1, 10);
        bool done = false, dropped = true;
        hold(workers, [&] { done = true; });
        CPPUNIT_ASSERT(workers.run([&] { dropped = false; }));
        auto released = std::async(std::launch::async, [&] { gate_.set_value(); });
        workers.stop();
        CPPUNIT_ASSERT(done);
        CPPUNIT_ASSERT(dropped);
        CPPUNIT_ASSERT(!workers.run([] {}));
    }

    void an_end_with_a_bound_does_not_wait_for_what_is_stuck() {
        Workers workers(2, 10);
        hold(workers, [] {});
        CPPUNIT_ASSERT(!workers.stop(Milliseconds{50}));
        CPPUNIT_ASSERT(!workers.run([] {}));
        CPPUNIT_ASSERT(!workers.stop(Milliseconds{0}));
        gate_.set_value();
        CPPUNIT_ASSERT(workers.stop(Milliseconds{60'000}));
    }

    void an_end_with_a_bound_is_an_end() {
        Workers workers(4, 10);
        CPPUNIT_ASSERT(workers.stop(Milliseconds{60'000}));
        CPPUNIT_ASSERT(workers.stop(Milliseconds{0}));
        CPPUNIT_ASSERT(!workers.run([] {}));
    }

private:
    /// One of them is busy until the gate opens.
    void hold(Workers& workers, std::function<void()> then) {
        std::promise<void> begun;
        CPPUNIT_ASSERT(workers.run([&, then = std::move(then)] {
            begun.set_value();
            opened_.wait();
            then();
        }));
        begun.get_future().wait();
    }

    std::promise<void> gate_;
    std::shared_future<void> opened_ = gate_.get_future().share();
};

CPPUNIT_TEST_SUITE_REGISTRATION(WorkersTest);

}  // namespace tandem
