#include "store/upkeep.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "quiet.h"
#include "store/committer.h"
#include "unit/store/refusing_store.h"

namespace tandem::store {

namespace {

struct StillClock : Clock {
    Time now() const override { return Time{Milliseconds{1'800'000'000'000}}; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
};

struct ForgettingStore : tandem::testing::RefusingStore {
    Result<void> forget(Whose organization, Time now, Time before) override {
        const std::lock_guard lock(mutex);
        calls.push_back({organization, now, before});
        changed.notify_all();
        if (organization == "failing") return refusal();
        return {};
    }
    struct Call {
        std::string organization;
        Time now, before;
    };
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Call> calls;
};

domain::Organization with(const domain::OrganizationId& id, unsigned history_days) {
    domain::Organization made;
    made.id = id;
    made.history_days = history_days;
    return made;
}

}  // namespace

class UpkeepTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UpkeepTest);
    CPPUNIT_TEST(each_organisation_keeps_what_its_settings_say);
    CPPUNIT_TEST(one_that_fails_is_logged_and_does_not_stop_the_others);
    CPPUNIT_TEST(it_begins_at_once_and_stops_in_its_pause);
    CPPUNIT_TEST_SUITE_END();

public:
    void each_organisation_keeps_what_its_settings_say() {
        const domain::Organizations all({with("ever", 0), with("month", 30)});
        Upkeep(store, committer, all, clock, log).forget();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, store.calls.size());
        CPPUNIT_ASSERT(store.calls[0].organization == "ever" && store.calls[0].before == Time{});
        CPPUNIT_ASSERT(store.calls[1].organization == "month" &&
                       store.calls[1].before == clock.now() - std::chrono::hours{24 * 30});
        CPPUNIT_ASSERT(store.calls[0].now == clock.now() && store.calls[1].now == clock.now());
    }

    void one_that_fails_is_logged_and_does_not_stop_the_others() {
        const domain::Organizations all({with("failing", 1), with("other", 1)});
        Upkeep(store, committer, all, clock, log).forget();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, store.calls.size());
        CPPUNIT_ASSERT_EQUAL(1, log.lines.load());
    }

    void it_begins_at_once_and_stops_in_its_pause() {
        const domain::Organizations all({with("o", 1)});
        Upkeep upkeep(store, committer, all, clock, log);
        upkeep.start();
        {
            std::unique_lock lock(store.mutex);
            CPPUNIT_ASSERT(store.changed.wait_for(lock, std::chrono::seconds(30),
                                                  [&] { return store.calls.size() == 1; }));
        }
        upkeep.stop();  // returns long before the pause is over
    }

private:
    ForgettingStore store;
    StillClock clock;
    QuietLog log;
    CountingMetrics metrics;
    GroupCommitter committer{store, nullptr, log, metrics};
};

CPPUNIT_TEST_SUITE_REGISTRATION(UpkeepTest);

}  // namespace tandem::store
