#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "deliver/outbox.h"
#include "limit/ledger.h"
#include "unit/call/ground.h"

/// What the caps of a day count of calls that end here, without a word of the provider's.
namespace tandem::call {

namespace {

using deliver::Receipt;
using testing::CallWorld;

/// Calls that are counted, in an organisation with twelve minutes a day.
class CountedCalls : public CallWorld {
public:
    CountedCalls() : shop(twelve_minutes(*voiced.by_id(organization))), capped({shop}) {}

    store::Owed place() {
        const store::Owed owed = owe_call();
        auto charge = ledger.spend(shop, limit::of_a_call(shop), owed.subject_id);
        CPPUNIT_ASSERT(charge);
        store::ChangeSet line;
        charge->write(line);
        commit(std::move(line.operations));
        charge->keep();
        return owed;
    }
    store::Owed schedule() {
        Plan plan;
        plan.state = Plan::State::Scheduled;
        plan.scheduled_for = clock.now() + std::chrono::minutes{1};
        return owe_call(plan);
    }
    /// `minutes+reserved of calls`, which must be what another process would read.
    std::string counted() {
        const auto here = ledger.today(shop);
        limit::Ledger other(*store, clock, log, metrics);
        const auto there = other.today(shop);
        CPPUNIT_ASSERT(here && there && here->spent == there->spent);
        return std::to_string(here->spent.minutes) + '+' +
               std::to_string(here->spent.reserved_minutes) + " of " +
               std::to_string(here->spent.calls);
    }

    deliver::Outbox outbox() {
        deliver::Outbox::Ground all{store.get(), committer.get(), &clock, &ids, {}};
        all.end_call = [this](const store::Owed& owed, store::ChangeSet& set) {
            return calls.dropped(owed, set);
        };
        return deliver::Outbox(all);
    }

    store::ChangeSet unwritten;
    limit::Ledger ledger{*store, clock, log, metrics};
    const domain::Organization shop;
    const domain::Organizations capped;
    Calls calls{counting(), {{"voice", voice}}, callers, options()};

private:
    static domain::Organization twelve_minutes(domain::Organization one) {
        one.daily.call_minutes = 12;
        return one;
    }
    Ground counting() {
        Ground all = ground();
        all.organizations = &capped;
        all.spending = &ledger;
        return all;
    }
};

}  // namespace

class CapsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CapsTest);
    CPPUNIT_TEST(a_call_that_runs_keeps_its_minutes);
    CPPUNIT_TEST(a_refused_call_gives_its_minutes_back);
    CPPUNIT_TEST(a_call_that_a_takeover_came_before_gives_them_back);
    CPPUNIT_TEST(a_call_that_nobody_waits_for_any_more_gives_them_back);
    CPPUNIT_TEST(a_call_of_which_nobody_knows_keeps_them);
    CPPUNIT_TEST(a_call_for_later_reserves_when_it_begins);
    CPPUNIT_TEST(a_call_for_later_that_does_not_fit_is_not_made_and_a_human_is_told);
    CPPUNIT_TEST(a_cap_does_not_hide_that_the_customer_asked_for_a_person);
    CPPUNIT_TEST(a_call_that_an_operator_drops_gives_its_minutes_back);
    CPPUNIT_TEST(a_call_that_is_dropped_in_vain_keeps_its_minutes);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_call_that_runs_keeps_its_minutes() {
        CountedCalls world;
        world.calls.work(world.place());
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::Started);
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), world.counted());
    }

    void a_refused_call_gives_its_minutes_back() {
        CountedCalls world;
        world.voice->receipts = {CallWorld::of(Receipt::Kind::Refused)};
        world.calls.work(world.place());
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::Refused);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), world.counted());
    }

    void a_call_that_a_takeover_came_before_gives_them_back() {
        CountedCalls world;
        const store::Owed owed = world.place();
        const auto pass =
            world.gate.enter(owed.organization, owed.address, owed.control_epoch, "other");
        world.before_wire([&] {
            world.joins();
            world.gate.close(CallWorld::organization, CallWorld::customer,
                             world.conversation().control_epoch, Milliseconds{0});
        });
        world.calls.work(owed);
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::TakenOver);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), world.counted());
    }

    void a_call_that_nobody_waits_for_any_more_gives_them_back() {
        CountedCalls world;
        CPPUNIT_ASSERT(world.calls.give_up(world.place()).kind == Fate::Kind::NotMade);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), world.counted());
    }

    void a_call_of_which_nobody_knows_keeps_them() {
        CountedCalls world;
        world.voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        world.voice->answer = CallWorld::of(Receipt::Kind::Unknown);
        world.calls.work(world.place());
        for (int i = 0; i < 200 && !world.told(); ++i) {
            world.clock.advance(Milliseconds{1000});
            for (const store::Owed& row : world.due()) world.calls.work(row);
        }
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::Unknown);
        CPPUNIT_ASSERT_EQUAL(std::string("5+0 of 1"), world.counted());
    }

    void a_call_for_later_reserves_when_it_begins() {
        CountedCalls world;
        world.schedule();
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 0"), world.counted());
        world.clock.advance(std::chrono::minutes{1});
        for (const store::Owed& row : world.due()) world.calls.work(row);
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::Started);
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), world.counted());
    }

    void a_call_for_later_that_does_not_fit_is_not_made_and_a_human_is_told() {
        CountedCalls world;
        for (int i = 0; i < 2; ++i) world.calls.work(world.place());
        world.schedule();
        world.clock.advance(std::chrono::minutes{1});
        for (const store::Owed& row : world.due()) world.calls.work(row);
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::NotMade);
        CPPUNIT_ASSERT_EQUAL(std::string("The organisation's call minutes of this day are used up"),
                             world.fate().reason);
        CPPUNIT_ASSERT_EQUAL(std::string("call_daily_limit"), world.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, world.voice->started.size());
        CPPUNIT_ASSERT_EQUAL(std::string("0+10 of 2"), world.counted());
    }

    void a_cap_does_not_hide_that_the_customer_asked_for_a_person() {
        CountedCalls world;
        for (int i = 0; i < 2; ++i) world.calls.work(world.place());
        world.schedule();
        domain::Conversation asked = world.conversation();
        asked.needs_human = "asked";
        world.commit({asked});
        world.clock.advance(std::chrono::minutes{1});
        for (const store::Owed& row : world.due()) world.calls.work(row);
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::NotMade);
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), world.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(std::string(), world.last_event("needs_human"));
    }

    void a_call_that_an_operator_drops_gives_its_minutes_back() {
        CountedCalls world;
        const auto done = world.outbox().drop(CallWorld::organization, world.place().id, "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
        CPPUNIT_ASSERT(world.fate().kind == Fate::Kind::NotMade);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), world.counted());
    }

    void a_call_that_is_dropped_in_vain_keeps_its_minutes() {
        CountedCalls world;
        const store::Owed owed = world.place();
        auto lost = world.calls.dropped(owed, world.unwritten);
        CPPUNIT_ASSERT(lost);
        lost = std::function<void()>();
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), world.counted());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CapsTest);

}  // namespace tandem::call
