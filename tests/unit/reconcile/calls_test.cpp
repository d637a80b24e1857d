#include <cppunit/TestFixture.h>

#include "provider.h"

namespace tandem::reconcile {

using namespace testing;
using namespace std::chrono_literals;

/// Calls whose end nobody told.
class CallsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CallsTest);
    CPPUNIT_TEST(a_call_that_lasts_suspiciously_long_is_asked_for_and_ended);
    CPPUNIT_TEST(a_call_that_lasts_indeed_stays);
    CPPUNIT_TEST(short_calls_and_those_of_others_are_not_asked_for);
    CPPUNIT_TEST(a_call_that_its_provider_does_not_know_is_given_up_after_a_day);
    CPPUNIT_TEST(an_end_that_comes_after_all_tells_the_rest);
    CPPUNIT_TEST(the_oldest_are_asked_for_first_and_not_all_at_once);
    CPPUNIT_TEST(calls_that_last_starve_nobody);
    CPPUNIT_TEST(a_provider_that_does_not_answer_leaves_calls_as_they_are);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        eleven_ = std::make_shared<Provider>("eleven");
        ground_ = ground_of(*house_);
    }
    void tearDown() override {
        round_.reset();
        house_.reset();
    }

    void a_call_that_lasts_suspiciously_long_is_asked_for_and_ended() {
        put("call-1", "conv_1", 16min);
        eleven_->calls.emplace("conv_1", std::optional<receive::ProviderEvent>(end_of("conv_1")));
        CPPUNIT_ASSERT(settle());
        CPPUNIT_ASSERT(!house_->store.call("bici", "call-1")->active);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, house_->store.call_turns("bici", "call-1", 10)->size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_ended"));
        // The webhook that comes later is a repetition.
        auto source = std::make_shared<FakeSource>();
        source->name = "eleven";
        tell(*house_, source, {end_of("conv_1")})->wait();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_ended"));
    }

    void a_call_that_lasts_indeed_stays() {
        put("call-1", "conv_1", 48h);
        eleven_->calls.emplace("conv_1", std::optional<receive::ProviderEvent>());
        CPPUNIT_ASSERT(settle());
        CPPUNIT_ASSERT(house_->store.call("bici", "call-1")->active);
    }

    void short_calls_and_those_of_others_are_not_asked_for() {
        put("call-1", "conv_1", 14min);
        put("call-2", "conv_2", 16min, "another");
        CPPUNIT_ASSERT(settle());
        CPPUNIT_ASSERT(eleven_->asked_for().empty());
    }

    void a_call_that_its_provider_does_not_know_is_given_up_after_a_day() {
        put("young", "conv_1", 23h);
        put("old", "conv_2", 25h);
        put("nameless", "", 25h);
        CPPUNIT_ASSERT(settle());
        CPPUNIT_ASSERT(house_->store.call("bici", "young")->active);
        for (const char* id : {"old", "nameless"}) {
            const auto call = house_->store.call("bici", id);
            CPPUNIT_ASSERT_MESSAGE(id, !call->active);
            CPPUNIT_ASSERT(call->outcome == domain::CallOutcome::Unknown);
            CPPUNIT_ASSERT(call->record_json.find("no news of its end") != std::string::npos);
        }
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "call_ended"));
        CPPUNIT_ASSERT(settle());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "call_ended"));
    }

    void an_end_that_comes_after_all_tells_the_rest() {
        put("call-1", "conv_1", 25h);
        CPPUNIT_ASSERT(settle());
        auto source = std::make_shared<FakeSource>();
        source->name = "eleven";
        tell(*house_, source, {end_of("conv_1")})->wait();
        CPPUNIT_ASSERT(house_->store.call("bici", "call-1")->outcome ==
                       domain::CallOutcome::Success);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, house_->store.call_turns("bici", "call-1", 10)->size());
    }

    void the_oldest_are_asked_for_first_and_not_all_at_once() {
        put_lasting(60);
        CPPUNIT_ASSERT(settle());
        const auto asked = eleven_->asked_for();
        CPPUNIT_ASSERT_EQUAL(size_t{50}, asked.size());
        CPPUNIT_ASSERT_EQUAL(std::string("conv_59"), asked.front());
        // Those that last are not asked for over and over while others wait.
        CPPUNIT_ASSERT(settle());
        const auto all = eleven_->asked_for();
        CPPUNIT_ASSERT(std::find(all.begin(), all.end(), "conv_0") != all.end());
    }

    void calls_that_last_starve_nobody() {
        put_lasting(60);
        for (int round = 0; round < 6; ++round) {
            CPPUNIT_ASSERT(settle());
            // One without calls, which the same provider serves.
            CPPUNIT_ASSERT(settle("other"));
        }
        std::map<std::string, int> times;
        for (const std::string& id : eleven_->asked_for()) ++times[id];
        CPPUNIT_ASSERT_EQUAL(size_t{60}, times.size());
        for (const auto& [id, asked] : times) CPPUNIT_ASSERT_MESSAGE(id, asked >= 3);
    }

    void a_provider_that_does_not_answer_leaves_calls_as_they_are() {
        put("call-1", "conv_1", 48h);
        eleven_->calls.emplace("conv_1", Error{Code::Unavailable, "away"});
        CPPUNIT_ASSERT(!settle());
        CPPUNIT_ASSERT(house_->store.call("bici", "call-1")->active);
    }

private:
    void put(const std::string& id, const std::string& conversation_id, Milliseconds ago,
             const std::string& instance = "eleven") {
        auto call = put_call(*house_, id, "CA-" + id, conversation_id);
        call.started_at = house_->clock.now() - ago;
        call.instance = instance;
        store::ChangeSet set;
        set.organization = "bici";
        set.operations = {call};
        CPPUNIT_ASSERT(house_->committer.commit(std::move(set)));
    }

    /// The first the youngest.
    void put_lasting(int calls) {
        for (int i = 0; i < calls; ++i) {
            const std::string number = std::to_string(i);
            put("call-" + number, "conv_" + number, 16min + i * 1min);
            eleven_->calls.emplace("conv_" + number, std::optional<receive::ProviderEvent>());
        }
    }

    static receive::CallEnded end_of(const std::string& conversation_id) {
        return call_end(conversation_id);
    }

    bool settle(const std::string& organization = "bici") {
        if (!round_) round_ = std::make_unique<Round>(ground_, options_, *eleven_, stopping_);
        return round_->settle_calls(*house_->organizations.by_id(organization));
    }

    std::unique_ptr<House> house_;
    std::shared_ptr<Provider> eleven_;
    RoundOptions options_;
    std::atomic<bool> stopping_{false};
    Ground ground_;
    std::unique_ptr<Round> round_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CallsTest);

}  // namespace tandem::reconcile
