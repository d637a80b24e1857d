#include "call/calls.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "call/callers.h"
#include "call/plan.h"
#include "call/reason.h"
#include "unit/call/ground.h"

namespace tandem::call {

namespace {

using deliver::Receipt;
using testing::CallWorld;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class CallsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CallsTest);
    CPPUNIT_TEST(an_accepted_call_carries_the_providers_ids);
    CPPUNIT_TEST(screens_learn_of_a_call_with_the_providers_ids);
    CPPUNIT_TEST(a_call_that_a_webhook_announced_is_not_announced_again);
    CPPUNIT_TEST(of_a_call_that_never_was_screens_hear_only_the_end);
    CPPUNIT_TEST(a_refused_account_is_told_and_asked_again_once_a_minute);
    CPPUNIT_TEST(a_call_for_later_waits_while_the_account_is_refused);
    CPPUNIT_TEST(the_ai_learns_why_it_calls);
    CPPUNIT_TEST(a_refused_call_never_came_about_and_is_not_retried);
    CPPUNIT_TEST(a_call_that_was_certainly_not_made_is_tried_again_for_two_minutes);
    CPPUNIT_TEST(an_unknown_call_is_asked_for_and_never_started_again);
    CPPUNIT_TEST(an_unknown_call_that_the_provider_has_is_found);
    CPPUNIT_TEST(a_call_that_was_certainly_not_made_after_all_is_started_once_more);
    CPPUNIT_TEST(a_provider_that_is_certain_after_two_minutes_is_still_asked);
    CPPUNIT_TEST(what_nobody_learns_within_minutes_ends_visibly_as_unknown);
    CPPUNIT_TEST(a_webhook_that_is_faster_settles_an_unknown_call);
    CPPUNIT_TEST(a_call_whose_process_died_is_asked_for);
    CPPUNIT_TEST(a_takeover_before_the_claim_ends_the_call);
    CPPUNIT_TEST(a_takeover_between_claim_and_wire_ends_the_call);
    CPPUNIT_TEST(somebody_who_opted_out_is_not_called);
    CPPUNIT_TEST(a_refusal_that_is_an_opt_out_is_remembered);
    CPPUNIT_TEST(a_scheduled_call_begins_when_it_is_due);
    CPPUNIT_TEST(patience_ends_a_call_that_is_not_on_the_wire);
    CPPUNIT_TEST(patience_does_not_end_what_nobody_knows);
    CPPUNIT_TEST(an_erased_person_is_not_called);
    CPPUNIT_TEST(who_waits_when_the_gateway_stops_is_told_that_nobody_knows);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { world_ = std::make_unique<CallWorld>(); }
    void tearDown() override { world_.reset(); }

    void an_accepted_call_carries_the_providers_ids() {
        const auto owed = world_->owe_call();
        world_->calls.work(owed);
        const domain::Call call = world_->call();
        CPPUNIT_ASSERT_EQUAL(std::string("conv-1"), call.conversation_id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), call.line_id);
        CPPUNIT_ASSERT(call.active);
        CPPUNIT_ASSERT(plan_of(call).state == Plan::State::Started);
        CPPUNIT_ASSERT(world_->row_is_gone());
        const Fate fate = world_->fate();
        CPPUNIT_ASSERT(fate.kind == Fate::Kind::Started);
        CPPUNIT_ASSERT_EQUAL(std::string("conv-1"), fate.conversation_id);
    }

    void screens_learn_of_a_call_with_the_providers_ids() {
        const auto owed = world_->owe_call();
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->last_event("call_initiated"));
        world_->calls.work(owed);
        const std::string event = world_->last_event("call_initiated");
        CPPUNIT_ASSERT_MESSAGE(event, has(event, "\"conversationId\":\"conv-1\""));
        CPPUNIT_ASSERT_MESSAGE(event, has(event, "\"callSid\":\"CA1\""));
    }

    void a_call_that_a_webhook_announced_is_not_announced_again() {
        const auto owed = world_->owe_call();
        world_->voice->during = [&] {
            domain::Call call = world_->call();
            call.conversation_id = "conv-1";
            world_->commit({world_->conversation(), call});
        };
        world_->calls.work(owed);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->last_event("call_initiated"));
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), world_->call().line_id);
    }

    void of_a_call_that_never_was_screens_hear_only_the_end() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Refused)};
        world_->calls.work(world_->owe_call());
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->last_event("call_initiated"));
        CPPUNIT_ASSERT(has(world_->last_event("call_ended"), "\"outcome\":\"failed\""));
    }

    void a_refused_account_is_told_and_asked_again_once_a_minute() {
        Receipt refused = CallWorld::of(Receipt::Kind::Refused);
        refused.account_refused = true;
        refused.error_text = "the key sk_123 is not valid";
        world_->voice->receipts = {refused};
        for (int i = 0; i < 3; ++i) {
            world_->calls.work(world_->owe_call());
            CPPUNIT_ASSERT(world_->row_is_gone());
            CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::NotMade);
            CPPUNIT_ASSERT_EQUAL(std::string("The voice provider refuses the account"),
                                 world_->fate().reason);
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE("only the first asked", size_t{1},
                                     world_->voice->started.size());
        CPPUNIT_ASSERT_EQUAL(std::string("voice refuses the account, nobody is called"),
                             world_->calls.trouble());
        world_->clock.advance(std::chrono::minutes{1});
        world_->calls.work(world_->owe_call());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Started);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->calls.trouble());
    }

    void a_call_for_later_waits_while_the_account_is_refused() {
        Receipt refused = CallWorld::of(Receipt::Kind::Refused);
        refused.account_refused = true;
        world_->voice->receipts = {refused};
        Plan plan;
        plan.state = Plan::State::Scheduled;
        plan.scheduled_for = world_->clock.now() + std::chrono::hours{1};
        world_->owe_call(plan);
        world_->clock.advance(std::chrono::hours{1});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
        CPPUNIT_ASSERT(!world_->row_is_gone());
        world_->clock.advance(std::chrono::seconds{31});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("no probe yet", size_t{1}, world_->voice->started.size());
        world_->clock.advance(std::chrono::seconds{31});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, world_->voice->started.size());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Started);
    }

    void the_ai_learns_why_it_calls() {
        Plan plan;
        plan.reason = "test ride";
        plan.message = "Your bike is ready";
        plan.priority = "high";
        plan.service_details = "{\"bike\":7}";
        world_->calls.work(world_->owe_call(plan));
        const OutboundCall& asked = world_->voice->started.at(0);
        CPPUNIT_ASSERT_EQUAL(world_->call().id, asked.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string(CallWorld::customer), asked.to);
        CPPUNIT_ASSERT_EQUAL(std::string("+15550001111"), asked.from);
        const auto value = [&asked](const std::string& name) {
            for (const auto& [key, text] : asked.variables)
                if (key == name) return text;
            return std::string("absent");
        };
        CPPUNIT_ASSERT_EQUAL(std::string("test ride"), value("call_reason"));
        CPPUNIT_ASSERT_EQUAL(std::string("Your bike is ready"), value("custom_message"));
        CPPUNIT_ASSERT_EQUAL(std::string("high"), value("call_priority"));
        CPPUNIT_ASSERT_EQUAL(std::string("{\"bike\":7}"), value("service_details"));
        CPPUNIT_ASSERT_EQUAL(std::string("BICI Bike Store"), value("organization_name"));
    }

    void a_refused_call_never_came_about_and_is_not_retried() {
        Receipt no = CallWorld::of(Receipt::Kind::Refused);
        no.error_text = "number +15551234567 is not allowed, see https://x.example/12";
        world_->voice->receipts = {no};
        world_->calls.work(world_->owe_call());
        const domain::Call call = world_->call();
        CPPUNIT_ASSERT(!call.active);
        CPPUNIT_ASSERT(call.outcome == domain::CallOutcome::NeverConnected);
        CPPUNIT_ASSERT(world_->row_is_gone());
        const std::string event = world_->last_event("call_ended");
        CPPUNIT_ASSERT(event.find("\"outcome\":\"failed\"") != std::string::npos);
        CPPUNIT_ASSERT(event.find("is not allowed") != std::string::npos);
        const Fate fate = world_->fate();
        CPPUNIT_ASSERT(fate.kind == Fate::Kind::Refused);
        CPPUNIT_ASSERT_MESSAGE(fate.reason, fate.reason.find("5551234567") == std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(fate.reason, fate.reason.find("x.example") == std::string::npos);
    }

    void a_call_that_was_certainly_not_made_is_tried_again_for_two_minutes() {
        world_->voice->always = CallWorld::of(Receipt::Kind::NotSent);
        const auto owed = world_->owe_call();
        unsigned tries = 0;
        for (int second = 0; second < 200; ++second) {
            for (const store::Owed& row : world_->due()) {
                world_->calls.work(row);
                ++tries;
            }
            world_->clock.advance(Milliseconds{1000});
        }
        CPPUNIT_ASSERT_MESSAGE(std::to_string(world_->voice->started.size()),
                               world_->voice->started.size() >= 3);
        CPPUNIT_ASSERT(tries > world_->voice->started.size());
        CPPUNIT_ASSERT(world_->row_is_gone());
        CPPUNIT_ASSERT(world_->call().outcome == domain::CallOutcome::NeverConnected);
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::NotMade);
    }

    void an_unknown_call_is_asked_for_and_never_started_again() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        world_->calls.work(world_->owe_call());
        CPPUNIT_ASSERT(!world_->told());
        CPPUNIT_ASSERT(world_->due().empty());
        world_->clock.advance(Milliseconds{2000});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->asked.size());
        CPPUNIT_ASSERT_EQUAL(world_->call().id, world_->voice->asked.at(0).call_id);
    }

    void an_unknown_call_that_the_provider_has_is_found() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        const Time begun = world_->clock.now();
        world_->calls.work(world_->owe_call());
        world_->voice->answer = CallWorld::accepted();
        world_->clock.advance(Milliseconds{2000});
        world_->work_due();
        CPPUNIT_ASSERT(world_->voice->begun_at == begun);
        CPPUNIT_ASSERT_EQUAL(std::string("conv-1"), world_->call().conversation_id);
        CPPUNIT_ASSERT(world_->row_is_gone());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Started);
    }

    void a_call_that_was_certainly_not_made_after_all_is_started_once_more() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        world_->calls.work(world_->owe_call());
        world_->voice->answer = CallWorld::of(Receipt::Kind::NotSent);
        world_->clock.advance(Milliseconds{2000});
        world_->work_due();
        world_->clock.advance(Milliseconds{30000});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, world_->voice->started.size());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Started);
    }

    void a_provider_that_is_certain_after_two_minutes_is_still_asked() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        world_->calls.work(world_->owe_call());
        const Time begun = world_->clock.now();
        while (world_->call().active && world_->clock.now() < begun + std::chrono::minutes{10}) {
            if (world_->clock.now() >= begun + std::chrono::minutes{2})
                world_->voice->answer = CallWorld::of(Receipt::Kind::NotSent);
            world_->work_due();
            world_->clock.advance(Milliseconds{1000});
        }
        CPPUNIT_ASSERT(world_->last_event("call_ended").find("\"outcome\":\"failed\"") !=
                       std::string::npos);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
        CPPUNIT_ASSERT(world_->row_is_gone());
    }

    void what_nobody_learns_within_minutes_ends_visibly_as_unknown() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        world_->calls.work(world_->owe_call());
        for (int second = 0; second < 140; ++second) {
            world_->work_due();
            world_->clock.advance(Milliseconds{1000});
        }
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
        CPPUNIT_ASSERT_EQUAL(size_t{6}, world_->voice->asked.size());
        const std::string event = world_->last_event("call_ended");
        CPPUNIT_ASSERT(event.find("\"outcome\":\"unknown\"") != std::string::npos);
        CPPUNIT_ASSERT(!world_->call().active);
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Unknown);
        world_->clock.advance(std::chrono::hours{1});
        CPPUNIT_ASSERT(world_->due().empty());
    }

    void a_webhook_that_is_faster_settles_an_unknown_call() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        const auto owed = world_->owe_call();
        world_->voice->during = [this] {
            domain::Call call = world_->call();
            call.conversation_id = "conv-9";
            world_->commit({world_->conversation(), call});
        };
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Started);
        CPPUNIT_ASSERT_EQUAL(std::string("conv-9"), world_->fate().conversation_id);
        CPPUNIT_ASSERT(world_->row_is_gone());
    }

    void a_call_whose_process_died_is_asked_for() {
        const auto owed = world_->owe_call();
        domain::Call call = world_->call();
        Plan plan = plan_of(call);
        plan.state = Plan::State::Starting;
        plan.begun_at = world_->clock.now();
        keep(call, plan);
        world_->commit({world_->conversation(), call,
                        store::Claim{owed.id, "dead", world_->clock.now() + Milliseconds{60000}}});
        world_->clock.advance(Milliseconds{61000});
        world_->work_due();
        CPPUNIT_ASSERT(world_->voice->started.empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->asked.size());
    }

    void a_takeover_before_the_claim_ends_the_call() {
        const auto owed = world_->owe_call();
        world_->joins();
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->voice->started.empty());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::TakenOver);
        CPPUNIT_ASSERT(world_->last_event("call_ended").find("\"failed\"") != std::string::npos);
    }

    void a_takeover_between_claim_and_wire_ends_the_call() {
        const auto owed = world_->owe_call();
        // As a takeover does it: the commit first, then the gate, on another thread's time.
        const auto pass =
            world_->gate.enter(owed.organization, owed.address, owed.control_epoch, "other");
        world_->before_wire([this] {
            world_->joins();
            world_->gate.close(CallWorld::organization, CallWorld::customer,
                               world_->conversation().control_epoch, Milliseconds{0});
        });
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->voice->started.empty());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::TakenOver);
        CPPUNIT_ASSERT(world_->row_is_gone());
    }

    void somebody_who_opted_out_is_not_called() {
        const auto owed = world_->owe_call();
        world_->opts_out();
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->voice->started.empty());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::OptedOut);
        CPPUNIT_ASSERT(world_->row_is_gone());
    }

    void a_refusal_that_is_an_opt_out_is_remembered() {
        Receipt no = CallWorld::of(Receipt::Kind::Refused);
        no.opted_out = true;
        world_->voice->receipts = {no};
        world_->calls.work(world_->owe_call());
        CPPUNIT_ASSERT(world_->conversation().opted_out);
        CPPUNIT_ASSERT(!world_->last_event("customer_opted_out").empty());
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::OptedOut);
    }

    void a_scheduled_call_begins_when_it_is_due() {
        Plan plan;
        plan.state = Plan::State::Scheduled;
        plan.scheduled_for = world_->clock.now() + std::chrono::hours{1};
        world_->owe_call(plan);
        CPPUNIT_ASSERT(!world_->call().active);
        CPPUNIT_ASSERT(world_->due().empty());
        world_->clock.advance(std::chrono::hours{1});
        CPPUNIT_ASSERT(world_->last_event("call_initiated").empty());
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
        CPPUNIT_ASSERT(!world_->last_event("call_initiated").empty());
        CPPUNIT_ASSERT(world_->call().active);
    }

    void patience_ends_a_call_that_is_not_on_the_wire() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::NotSent)};
        const auto owed = world_->owe_call();
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->calls.give_up(owed).kind == Fate::Kind::NotMade);
        world_->clock.advance(std::chrono::hours{1});
        world_->work_due();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->voice->started.size());
    }

    void patience_does_not_end_what_nobody_knows() {
        world_->voice->receipts = {CallWorld::of(Receipt::Kind::Unknown)};
        const auto owed = world_->owe_call();
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->calls.give_up(owed).kind == Fate::Kind::Unknown);
        CPPUNIT_ASSERT(world_->call().active);
        CPPUNIT_ASSERT(!world_->row_is_gone());
    }

    void an_erased_person_is_not_called() {
        const auto owed = world_->owe_call();
        world_->commit({store::Erase{CallWorld::customer}});
        world_->calls.work(owed);
        CPPUNIT_ASSERT(world_->voice->started.empty());
    }

    void who_waits_when_the_gateway_stops_is_told_that_nobody_knows() {
        world_->owe_call();
        CPPUNIT_ASSERT(!world_->told());
        world_->callers.stop();
        CPPUNIT_ASSERT(world_->fate().kind == Fate::Kind::Unknown);
    }

private:
    std::unique_ptr<CallWorld> world_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CallsTest);

class ReasonTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReasonTest);
    CPPUNIT_TEST(what_strangers_may_not_see_is_left_out);
    CPPUNIT_TEST(a_reason_is_one_short_line_and_never_empty);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_strangers_may_not_see_is_left_out() {
        const std::string shown = safe_reason(
            "21211", "To +15551234567 invalid: key sk_0123456789abcdef0123456789 a@b.example");
        CPPUNIT_ASSERT_EQUAL(std::string("To [...] invalid: key [...] [...] (21211)"), shown);
    }
    void a_reason_is_one_short_line_and_never_empty() {
        CPPUNIT_ASSERT_EQUAL(std::string("The provider gave no reason"), safe_reason("", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("a b c"), safe_reason("", " a\r\nb\t\x01 c\xff"));
        std::string text;
        for (int i = 0; i < 1000; ++i) text += "word ";
        CPPUNIT_ASSERT(safe_reason("", text).size() <= 200);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReasonTest);

}  // namespace

}  // namespace tandem::call
