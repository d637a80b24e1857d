#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include "deliver/sender.h"
#include "limit/ledger.h"
#include "limit/limiter.h"
#include "reply/turns.h"
#include "unit/control/ground.h"

/// Caps and rates where they hold: in the rooms that send and call.
namespace tandem::limit {

namespace {

using domain::Delivery;
using testing::expect_refused;
using testing::People;

class Ai : public reply::TurnResponder {
public:
    const std::string& instance() const override { return instance_; }
    Result<reply::Answer> respond(const reply::Turn&) override {
        ++asked;
        return reply::Answer{text, needs_human};
    }
    std::string text = "Yes.", needs_human;
    int asked = 0;

private:
    std::string instance_ = "ai";
};

/// People, the AI and a way out, with one ledger and one limiter.
class Shop : public People {
public:
    explicit Shop(domain::Organization::Daily daily, Rates rates = {}) {
        domain::Organization one = *staffed.by_id(organization);
        one.daily = daily;
        capped = std::make_unique<domain::Organizations>(
            std::vector<domain::Organization>{one, *staffed.by_id("bare")});
        limiter = std::make_unique<Limiter>(rates, clock, metrics);
        open();
    }

    /// As after a restart.
    void open() {
        ledger = std::make_unique<Ledger>(*store, clock, log, metrics);
        const dispatch::Ground ground{store.get(), committer.get(), &clock, &ids, capped.get(),
                                      &log,        &metrics};
        room = std::make_unique<control::Control>(
            control::Ground{ground, &gate, limiter.get(), ledger.get()}, control::Control::Voices{},
            control::Control::Channels{{"twilio", channel}}, control::Options{});
        turns = std::make_unique<reply::Turns>(
            reply::Ground{ground, ledger.get()}, reply::Turns::Responders{{"ai", ai}},
            reply::Turns::Channels{{"twilio", channel}}, reply::TurnOptions{"here"});
        sender = std::make_unique<deliver::Sender>(deliver::Ground{ground, &gate, limiter.get()},
                                                   deliver::Sender::Channels{{"twilio", channel}},
                                                   sending());
    }

    /// As after a restart with other settings.
    void becomes(domain::Organization other) {
        capped = std::make_unique<domain::Organizations>(
            std::vector<domain::Organization>{std::move(other)});
        open();
    }

    static deliver::SenderOptions sending() {
        deliver::SenderOptions options;
        options.worker = "here";
        options.seed = 1;
        return options;
    }

    control::Person person(const std::string& id = "ann") const {
        return {capped->by_id(organization), id, id, false};
    }
    void writes(const std::string& text, const std::string& to = customer) {
        room->send_plain(person(), {to, text, "text", ""});
    }
    void answer(const std::string& text) {
        customer_writes(text);
        for (const store::Owed& row : due(store::OwedKind::AiTurn)) turns->work(row);
    }
    void deliver_all() {
        for (const store::Owed& row : due(store::OwedKind::Send)) sender->work(row);
    }
    size_t charges() { return store->notes(organization, "daily", "", clock.now(), 1000)->size(); }

    std::shared_ptr<Ai> ai = std::make_shared<Ai>();
    std::unique_ptr<domain::Organizations> capped;
    std::unique_ptr<Limiter> limiter;
    std::unique_ptr<Ledger> ledger;
    std::unique_ptr<reply::Turns> turns;
    std::unique_ptr<deliver::Sender> sender;
};

domain::Organization::Daily daily(std::optional<unsigned> messages,
                                  std::optional<unsigned> segments = {},
                                  std::optional<unsigned> calls = {}) {
    return {messages, segments, calls};
}

/// So much of money, at a tenth of one for a segment.
domain::Organization paying(const Shop& shop, std::string_view cost) {
    domain::Organization one = *shop.capped->by_id(People::organization);
    one.daily.cost = domain::parse_money(cost);
    one.prices.segment = domain::parse_money("0.1");
    return one;
}

}  // namespace

class RoomsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RoomsTest);
    CPPUNIT_TEST(a_cap_refuses_people_and_holds_over_a_restart);
    CPPUNIT_TEST(a_new_day_has_a_new_cap);
    CPPUNIT_TEST(segments_are_what_is_billed);
    CPPUNIT_TEST(a_charge_that_is_not_kept_is_given_back);
    CPPUNIT_TEST(what_was_refused_is_not_counted);
    CPPUNIT_TEST(without_caps_nothing_is_written_down);
    CPPUNIT_TEST(an_ai_at_the_cap_asks_for_a_human_and_nothing_is_lost);
    CPPUNIT_TEST(an_answer_that_is_too_long_for_the_rest_of_the_day_is_kept_as_a_draft);
    CPPUNIT_TEST(a_cap_does_not_hide_that_the_customer_asked_for_a_person);
    CPPUNIT_TEST(who_asks_for_a_person_in_an_answer_that_does_not_fit_has_asked);
    CPPUNIT_TEST(a_call_that_a_cap_stopped_is_not_made_good_by_an_answer);
    CPPUNIT_TEST(people_over_the_rate_are_refused_before_anything_is_written);
    CPPUNIT_TEST(an_ai_over_the_rate_waits_and_is_sent_later);
    CPPUNIT_TEST(what_people_send_is_counted_once);
    CPPUNIT_TEST(a_custom_message_waits_and_the_takeover_does_not);
    CPPUNIT_TEST(a_takeover_at_a_cap_begins_without_its_custom_message);
    CPPUNIT_TEST(a_retry_is_not_counted_again);
    CPPUNIT_TEST(forbidden_numbers_are_refused_at_the_edge);
    CPPUNIT_TEST(forbidden_numbers_are_refused_at_the_gate_too);
    CPPUNIT_TEST(the_ai_does_not_answer_our_own_number);
    CPPUNIT_TEST(money_that_is_used_up_holds_up_people_and_the_ai);
    CPPUNIT_TEST(numbers_of_other_countries_are_told_of_and_not_answered);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_cap_refuses_people_and_holds_over_a_restart() {
        Shop shop(daily(3));
        for (int i = 0; i < 3; ++i) shop.writes("Hello");
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("Hello"); });
        CPPUNIT_ASSERT_EQUAL(size_t{3}, shop.texts().size());
        shop.open();
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("Hello"); });
        CPPUNIT_ASSERT_EQUAL(size_t{3}, shop.texts().size());
        CPPUNIT_ASSERT_EQUAL(size_t{3}, shop.charges());
        CPPUNIT_ASSERT_EQUAL(2.0, shop.metrics.value("tandem_daily_cap_reached_total messages"));
    }

    void a_new_day_has_a_new_cap() {
        Shop shop(daily(1));
        shop.writes("Hello");
        try {
            shop.writes("Hello");
            CPPUNIT_FAIL("the cap did not hold");
        } catch (const serve::Refused& refused) {
            // Until midnight, UTC.
            const auto rest =
                std::chrono::ceil<std::chrono::days>(shop.clock.now()) - shop.clock.now();
            CPPUNIT_ASSERT_EQUAL(
                static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(rest).count()),
                refused.problem.retry_after_s);
            shop.clock.advance(std::chrono::duration_cast<Milliseconds>(rest));
        }
        shop.writes("Good morning");
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("Hello"); });
    }

    void segments_are_what_is_billed() {
        Shop shop(daily({}, 3));
        shop.writes(std::string(200, 'a'));
        expect_refused("segments", [&] { shop.writes(std::string(200, 'a')); });
        shop.writes("short");
        expect_refused("segments", [&] { shop.writes("short"); });
    }

    void a_charge_that_is_not_kept_is_given_back() {
        Shop shop(daily(1));
        const domain::Organization& one = *shop.capped->by_id(People::organization);
        {
            const auto charge = shop.ledger->spend(one, {1, 1, 0}, "x");
            CPPUNIT_ASSERT(charge);
            CPPUNIT_ASSERT(!shop.ledger->left(one, {1, 1, 0}));
        }
        CPPUNIT_ASSERT(shop.ledger->left(one, {1, 1, 0}));
        auto charge = shop.ledger->spend(one, {1, 1, 0}, "x");
        charge->keep();
        CPPUNIT_ASSERT(!shop.ledger->left(one, {1, 1, 0}));
    }

    void what_was_refused_is_not_counted() {
        Shop shop(daily(2));
        shop.writes("Hello");
        shop.opts_out();
        for (int i = 0; i < 5; ++i) expect_refused("409 OPTED_OUT", [&] { shop.writes("Hello"); });
        shop.writes("Hello", "+15551230000");
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.charges());
    }

    void without_caps_nothing_is_written_down() {
        Shop shop({});
        for (int i = 0; i < 10; ++i) shop.writes("Hello");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, shop.charges());
    }

    void an_ai_at_the_cap_asks_for_a_human_and_nothing_is_lost() {
        Shop shop(daily(2));
        shop.writes("Hello");
        shop.answer("Are you open?");
        CPPUNIT_ASSERT_EQUAL(1, shop.ai->asked);
        shop.answer("And tomorrow?");
        // It is not asked what it may not say.
        CPPUNIT_ASSERT_EQUAL(1, shop.ai->asked);
        CPPUNIT_ASSERT_EQUAL(std::string("daily_limit"), shop.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.seen("needs_human"));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.texts().size());
    }

    void an_answer_that_is_too_long_for_the_rest_of_the_day_is_kept_as_a_draft() {
        Shop shop(daily({}, 2));
        shop.ai->text = std::string(400, 'a');
        shop.answer("Tell me all");
        CPPUNIT_ASSERT_EQUAL(std::string("daily_limit"), shop.conversation().needs_human);
        CPPUNIT_ASSERT(shop.texts().empty());
        const domain::Message draft = shop.snapshot().messages.back();
        CPPUNIT_ASSERT(draft.delivery == Delivery::Superseded);
        CPPUNIT_ASSERT_EQUAL(size_t{400}, draft.content.size());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, shop.charges());
        shop.ai->text = "Yes.";
        shop.answer("Are you open?");
        CPPUNIT_ASSERT_EQUAL(std::string(), shop.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.texts().size());
    }

    void a_cap_does_not_hide_that_the_customer_asked_for_a_person() {
        Shop shop(daily(1));
        shop.ai->needs_human = "a refund";
        shop.answer("I want my money back");
        shop.ai->needs_human.clear();
        shop.answer("Hello?");
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), shop.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.seen("needs_human"));
        shop.clock.advance(std::chrono::hours{24});
        shop.answer("Is nobody there?");
        CPPUNIT_ASSERT_EQUAL(2, shop.ai->asked);
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), shop.conversation().needs_human);
    }

    void who_asks_for_a_person_in_an_answer_that_does_not_fit_has_asked() {
        Shop shop(daily({}, 2));
        shop.ai->text = std::string(400, 'a');
        shop.ai->needs_human = "a refund";
        shop.answer("I want my money back");
        CPPUNIT_ASSERT(shop.texts().empty());
        CPPUNIT_ASSERT(shop.snapshot().messages.back().delivery == Delivery::Superseded);
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), shop.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.seen("needs_human"));
    }

    void a_call_that_a_cap_stopped_is_not_made_good_by_an_answer() {
        Shop shop(daily(2));
        domain::Conversation stopped = shop.conversation();
        stopped.needs_human = "call_daily_limit";
        shop.commit({stopped});
        shop.answer("Are you open?");
        CPPUNIT_ASSERT_EQUAL(1, shop.ai->asked);
        CPPUNIT_ASSERT_EQUAL(std::string("call_daily_limit"), shop.conversation().needs_human);
    }

    void people_over_the_rate_are_refused_before_anything_is_written() {
        Rates rates;
        rates.messages = 8;
        Shop shop({}, rates);
        shop.writes("one");
        shop.writes("two");
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("three"); });
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("three", "+15551230000"); });
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.texts().size());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.snapshot().messages.size());
        shop.clock.advance(Milliseconds{7500});
        shop.writes("three");
        // State comes before limits.
        shop.opts_out();
        expect_refused("409 OPTED_OUT", [&] { shop.writes("four"); });
    }

    void an_ai_over_the_rate_waits_and_is_sent_later() {
        Rates rates;
        rates.messages = 4;
        Shop shop({}, rates);
        shop.answer("one");
        shop.answer("two");
        shop.deliver_all();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.channel->sent.size());
        CPPUNIT_ASSERT(shop.texts().empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.ever_due(store::OwedKind::Send).size());
        // A human is refused meanwhile, not let through at the AI's expense.
        expect_refused("429", [&] { shop.writes("me"); });
        for (int i = 0; i < 40 && shop.channel->sent.size() < 2; ++i) {
            shop.clock.advance(Milliseconds{1000});
            shop.deliver_all();
        }
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.channel->sent.size());
        CPPUNIT_ASSERT(shop.ever_due(store::OwedKind::Send).empty());
    }

    void what_people_send_is_counted_once() {
        Rates rates;
        rates.messages = 8;
        Shop shop({}, rates);
        shop.writes("one");
        shop.writes("two");
        shop.deliver_all();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.channel->sent.size());
    }

    void a_custom_message_waits_and_the_takeover_does_not() {
        Rates rates;
        rates.messages = 4;
        Shop shop({}, rates);
        shop.writes("one");
        control::JoinOrder order;
        order.address = People::customer;
        order.handoff_reason = "manual_takeover";
        order.custom_message = "I am Ann.";
        shop.room->join(shop.person(), order);
        shop.deliver_all();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.channel->sent.size());
        shop.clock.advance(Milliseconds{16000});
        shop.deliver_all();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.channel->sent.size());
    }

    void a_takeover_at_a_cap_begins_without_its_custom_message() {
        Shop shop(daily(1));
        shop.writes("one");
        shop.customer_writes("I want to talk to a person", false);
        control::JoinOrder order;
        order.address = People::customer;
        order.handoff_reason = "customer_request";
        order.custom_message = "I am Ann.";
        const testing::Json joined = testing::Json::parse(shop.room->join(shop.person(), order));
        CPPUNIT_ASSERT(shop.snapshot().session);
        CPPUNIT_ASSERT_EQUAL(1, joined.at("queuedMessages").get<int>());
        CPPUNIT_ASSERT(!joined.at("customMessage").at("sent").get<bool>());
        CPPUNIT_ASSERT_EQUAL(std::string("The organisation's messages of this day are used up."),
                             joined.at("customMessage").at("reason").get<std::string>());
        // It failed where screens and the record see it, and counts for nothing.
        CPPUNIT_ASSERT_EQUAL(0, joined.at("session").at("messageCount").get<int>());
        const domain::Message unsent = shop.snapshot().messages.back();
        CPPUNIT_ASSERT_EQUAL(std::string("I am Ann."), unsent.content);
        CPPUNIT_ASSERT(unsent.delivery == Delivery::Failed);
        CPPUNIT_ASSERT_EQUAL(std::string("DAILY_LIMIT"), unsent.error_code);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.seen("sms_status_update failed"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.texts().size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.charges());
        // What the human writes then is refused as ever.
        expect_refused("429 RATE_LIMITED", [&] {
            shop.room->send(shop.person(), {order.address, "Hello", "text", ""});
        });
    }

    void a_retry_is_not_counted_again() {
        Rates rates;
        rates.messages = 8;
        Shop shop({}, rates);
        shop.channel->receipts = {testing::ScriptedChannel::of(deliver::Receipt::Kind::NotSent)};
        shop.answer("one");
        shop.deliver_all();
        for (int i = 0; i < 10 && shop.channel->sent.size() < 2; ++i) {
            shop.clock.advance(Milliseconds{500});
            shop.deliver_all();
        }
        CPPUNIT_ASSERT_EQUAL(size_t{2}, shop.channel->sent.size());
        shop.writes("a second one fits");
    }

    void forbidden_numbers_are_refused_at_the_edge() {
        Shop shop({});
        for (const char* number : {"+19002345678", "+881612345678", "+15550001111"})
            expect_refused("422 NUMBER_NOT_ALLOWED", [&] { shop.writes("Hello", number); });
        CPPUNIT_ASSERT(shop.texts().empty());
        control::JoinOrder order;
        order.address = "+19002345678";
        order.handoff_reason = "manual_takeover";
        order.custom_message = "I am Ann.";
        expect_refused("422 NUMBER_NOT_ALLOWED", [&] { shop.room->join(shop.person(), order); });
        order.custom_message.clear();
        shop.room->join(shop.person(), order);
        expect_refused("422 NUMBER_NOT_ALLOWED", [&] {
            shop.room->send(shop.person(), {order.address, "Hello", "text", ""});
        });
    }

    void forbidden_numbers_are_refused_at_the_gate_too() {
        Shop shop({});
        // Owed before the number became one of our own.
        const std::string id = shop.owe_text("hi", 0);
        domain::Organization own = *shop.capped->by_id(People::organization);
        own.numbers.emplace_back(People::customer);
        shop.becomes(std::move(own));
        shop.deliver_all();
        CPPUNIT_ASSERT(shop.channel->sent.empty());
        CPPUNIT_ASSERT(shop.message(id).delivery == Delivery::Failed);
        CPPUNIT_ASSERT_EQUAL(std::string("NUMBER_NOT_ALLOWED"), shop.message(id).error_code);
    }

    void the_ai_does_not_answer_our_own_number() {
        Shop shop({});
        domain::Organization own = *shop.capped->by_id(People::organization);
        own.numbers.emplace_back(People::customer);
        shop.becomes(std::move(own));
        shop.answer("Yes.");
        CPPUNIT_ASSERT_EQUAL(0, shop.ai->asked);
        CPPUNIT_ASSERT_EQUAL(std::string("number_not_allowed"), shop.conversation().needs_human);
    }

    void money_that_is_used_up_holds_up_people_and_the_ai() {
        Shop shop({});
        shop.becomes(paying(shop, "0.3"));
        shop.writes("Hello");
        expect_refused("money for this day", [&] { shop.writes(std::string(400, 'a')); });
        shop.ai->text = std::string(400, 'a');
        shop.answer("Tell me all");
        CPPUNIT_ASSERT_EQUAL(std::string("daily_limit"), shop.conversation().needs_human);
        CPPUNIT_ASSERT(shop.snapshot().messages.back().delivery == Delivery::Superseded);
        shop.writes("Two are left");
        shop.writes("One is left");
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("None"); });
        shop.answer("Are you open?");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("it was asked what it may not say", 1, shop.ai->asked);
        shop.open();
        expect_refused("429 RATE_LIMITED", [&] { shop.writes("None"); });
        CPPUNIT_ASSERT_EQUAL(size_t{3}, shop.charges());
    }

    void numbers_of_other_countries_are_told_of_and_not_answered() {
        Shop shop({});
        const std::string owed = shop.owe_text("hi", 0);
        domain::Organization british = *shop.capped->by_id(People::organization);
        british.allow_regions = {"GB"};
        shop.becomes(british);
        expect_refused("422 NUMBER_NOT_ALLOWED", [&] { shop.writes("Hello"); });
        control::JoinOrder order;
        order.address = People::customer;
        order.handoff_reason = "manual_takeover";
        order.custom_message = "I am Ann.";
        expect_refused("422 NUMBER_NOT_ALLOWED", [&] { shop.room->join(shop.person(), order); });
        shop.answer("Are you open?");
        CPPUNIT_ASSERT_EQUAL(0, shop.ai->asked);
        CPPUNIT_ASSERT_EQUAL(std::string("number_not_allowed"), shop.conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(std::string("Are you open?"), shop.snapshot().messages.back().content);
        shop.deliver_all();
        CPPUNIT_ASSERT(shop.channel->sent.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("NUMBER_NOT_ALLOWED"), shop.message(owed).error_code);
        shop.writes("Hello", "+442079460123");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, shop.texts().size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RoomsTest);

}  // namespace tandem::limit
