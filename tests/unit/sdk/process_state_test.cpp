#include "tandem/host/process_state.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <thread>

namespace tandem::host {

class ProcessStateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProcessStateTest);
    CPPUNIT_TEST(a_thread_on_its_way_out_is_waited_for);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_thread_on_its_way_out_is_waited_for() {
        // A sanitizer keeps a thread of its own once there was a first one.
        std::thread([] {}).join();
        const size_t before = ProcessState::settled(1).threads();
        std::thread([] { std::this_thread::sleep_for(std::chrono::milliseconds(100)); }).detach();
        CPPUNIT_ASSERT_EQUAL(before, ProcessState::settled(before).threads());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ProcessStateTest);

}  // namespace tandem::host
