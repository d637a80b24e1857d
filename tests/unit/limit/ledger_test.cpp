#include "limit/ledger.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unit/deliver/world.h"

namespace tandem::limit {

namespace {

using domain::CallOutcome;
using domain::Money;
using std::chrono::hours;
using std::chrono::minutes;

Money money(std::string_view text) {
    return domain::parse_money(text).value();
}

template <typename T>
T got(Result<T> result) {
    CPPUNIT_ASSERT_MESSAGE(result ? "" : result.error().text, result);
    return std::move(*result);
}

/// A business with caps, its ledger, and a clock that stands still; it begins at noon.
class Books : public testing::World {
public:
    explicit Books(domain::Organization::Daily daily, domain::Organization::Prices prices = {}) {
        shop.id = organization;
        shop.daily = daily;
        shop.prices = prices;
        clock.milliseconds -= clock.milliseconds % 86400000 - 43200000;
        open();
    }

    /// As after a restart.
    void open() { ledger = std::make_unique<Ledger>(*store, clock, log, metrics); }

    /// Charged, committed and begun; a cap's words where it was refused.
    std::string place(const std::string& id) {
        auto charge = ledger->spend(shop, of_a_call(shop), id);
        if (!charge) return charge.error().text;
        write(*charge);
        calls[id] = call(id);
        return {};
    }
    domain::Call call(const std::string& id) const {
        domain::Call made;
        made.id = id;
        made.address = customer;
        made.direction = domain::CallDirection::Outbound;
        made.started_at = clock.now();
        return made;
    }
    void end(const std::string& id, unsigned seconds, CallOutcome outcome = CallOutcome::Success) {
        domain::Call& over = calls.at(id);
        over.outcome = outcome;
        over.duration_s = seconds;
        over.ended_at = clock.now();
        Charge charge = got(ledger->settle(shop, over));
        write(charge);
    }
    void write(Charge& charge) {
        store::ChangeSet set;
        set.organization = organization;
        charge.write(set);
        if (!set.operations.empty()) commit(std::move(set.operations));
        charge.keep();
    }

    /// `minutes+reserved of calls`, which must be what another process would read.
    std::string counted() {
        const Amount here = got(ledger->today(shop)).spent;
        Ledger other(*store, clock, log, metrics);
        const Amount there = got(other.today(shop)).spent;
        CPPUNIT_ASSERT_MESSAGE("a restart would count otherwise", here == there);
        return std::to_string(here.minutes) + '+' + std::to_string(here.reserved_minutes) + " of " +
               std::to_string(here.calls);
    }
    std::string note(const std::string& key) {
        const auto found = got(store->notes(organization, "daily", key, clock.now(), 2));
        return found.size() == 1 && found[0].key == key ? found[0].value : "";
    }
    std::string day() { return got(ledger->today(shop)).date; }

    domain::Organization shop;
    std::unique_ptr<Ledger> ledger;
    std::map<std::string, domain::Call> calls;
};

domain::Organization::Daily minutes_of_a_day(unsigned most) {
    domain::Organization::Daily daily;
    daily.call_minutes = most;
    return daily;
}

domain::Organization::Daily money_of_a_day(std::string_view most) {
    domain::Organization::Daily daily;
    daily.cost = money(most);
    return daily;
}

constexpr Amount one_text{1, 1};

}  // namespace

class LedgerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LedgerTest);
    CPPUNIT_TEST(a_call_reserves_minutes_until_it_is_over);
    CPPUNIT_TEST(an_end_that_comes_again_changes_nothing);
    CPPUNIT_TEST(what_is_spent_and_reserved_holds_up_the_next_call);
    CPPUNIT_TEST(a_call_that_never_came_about_gives_its_minutes_back);
    CPPUNIT_TEST(a_call_of_unknown_length_keeps_its_minutes_until_that_is_known);
    CPPUNIT_TEST(an_inbound_call_counts_and_is_never_refused);
    CPPUNIT_TEST(a_call_belongs_to_the_day_on_which_it_began);
    CPPUNIT_TEST(a_call_that_was_charged_before_midnight_and_began_after_it);
    CPPUNIT_TEST(a_call_that_is_learnt_of_days_later_counts_nowhere);
    CPPUNIT_TEST(an_end_that_was_not_committed_is_not_counted);
    CPPUNIT_TEST(two_who_end_a_call_at_once_hold_nothing_up);
    CPPUNIT_TEST(a_call_that_another_process_placed_ends_here);
    CPPUNIT_TEST(a_clock_that_is_set_back_does_not_open_the_day_before_again);
    CPPUNIT_TEST(a_clock_that_was_far_ahead_is_followed);
    CPPUNIT_TEST(a_restart_reads_all_of_a_day_however_much_that_is);
    CPPUNIT_TEST(an_end_right_after_a_restart_is_counted_once);
    CPPUNIT_TEST(charges_of_the_version_before_are_read);
    CPPUNIT_TEST(calls_are_counted_for_whoever_has_another_cap);
    CPPUNIT_TEST(a_cap_in_money_is_made_of_counts_and_prices);
    CPPUNIT_TEST(a_changed_price_holds_for_the_whole_day);
    CPPUNIT_TEST(what_costs_nothing_is_not_held_up_by_money);
    CPPUNIT_TEST(a_reserved_minute_costs_what_a_minute_does);
    CPPUNIT_TEST(a_price_alone_is_reason_to_count);
    CPPUNIT_TEST(a_million_small_prices_add_up);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_call_reserves_minutes_until_it_is_over() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), books.counted());
        books.end("one", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
        books.place("two");
        books.end("two", 60);
        CPPUNIT_ASSERT_EQUAL(std::string("3+0 of 2"), books.counted());
        books.place("three");
        books.end("three", 10 * 60 + 1);
        CPPUNIT_ASSERT_EQUAL(std::string("14+0 of 3"), books.counted());
    }

    void an_end_that_comes_again_changes_nothing() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        for (int i = 0; i < 3; ++i) books.end("one", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
        books.open();
        books.end("one", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
        // A poorer word is followed by a better one.
        books.end("one", 130);
        CPPUNIT_ASSERT_EQUAL(std::string("3+0 of 1"), books.counted());
    }

    void what_is_spent_and_reserved_holds_up_the_next_call() {
        Books books(minutes_of_a_day(12));
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("one"));
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("two"));
        const std::string used_up = "The organisation's call minutes of this day are used up";
        CPPUNIT_ASSERT_EQUAL(used_up, books.place("three"));
        CPPUNIT_ASSERT_EQUAL(1.0,
                             books.metrics.value("tandem_daily_cap_reached_total call_minutes"));
        books.end("one", 30);
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("four"));
        // What runs may pass it.
        books.end("two", 20 * 60);
        books.end("four", 20 * 60);
        CPPUNIT_ASSERT_EQUAL(std::string("41+0 of 3"), books.counted());
        CPPUNIT_ASSERT_EQUAL(used_up, books.place("five"));
        books.clock.advance(hours{12});
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("six"));
    }

    void a_call_that_never_came_about_gives_its_minutes_back() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        // A line that only rang was not spoken on, however long that was.
        books.end("one", 30, CallOutcome::NeverConnected);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), books.counted());
    }

    void a_call_of_unknown_length_keeps_its_minutes_until_that_is_known() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        for (int i = 0; i < 2; ++i) {
            books.end("one", 0, CallOutcome::Unknown);
            CPPUNIT_ASSERT_EQUAL(std::string("5+0 of 1"), books.counted());
        }
        books.end("one", 90);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
        books.calls["in"] = books.call("in");
        for (int i = 0; i < 2; ++i) books.end("in", 0, CallOutcome::Unknown);
        CPPUNIT_ASSERT_EQUAL(std::string("7+0 of 1"), books.counted());
    }

    void an_inbound_call_counts_and_is_never_refused() {
        Books books(minutes_of_a_day(12));
        books.calls["in"] = books.call("in");
        books.calls["in"].direction = domain::CallDirection::Inbound;
        for (int i = 0; i < 2; ++i) books.end("in", 20 * 60);
        CPPUNIT_ASSERT_EQUAL(std::string("20+0 of 0"), books.counted());
        CPPUNIT_ASSERT(!books.place("out").empty());
        books.calls["second"] = books.call("second");
        books.end("second", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("21+0 of 0"), books.counted());
    }

    void a_call_belongs_to_the_day_on_which_it_began() {
        Books books(minutes_of_a_day(60));
        const std::string yesterday = books.day();
        books.clock.advance(hours{12} - minutes{2});
        books.place("one");
        books.clock.advance(minutes{10});
        books.place("two");
        for (int i = 0; i < 2; ++i) {
            books.end("one", 600);
            CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), books.counted());
        }
        CPPUNIT_ASSERT_EQUAL(std::string("0;0;1;10;0"), books.note(yesterday + ":one"));
        CPPUNIT_ASSERT_EQUAL(std::string(), books.note(books.day() + ":one"));
    }

    void a_call_that_was_charged_before_midnight_and_began_after_it() {
        Books books(minutes_of_a_day(60));
        const std::string yesterday = books.day();
        books.clock.advance(hours{12} - Milliseconds{1});
        books.place("one");
        books.clock.advance(Milliseconds{2});
        books.calls["one"].started_at = books.clock.now();
        books.end("one", 600);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 0"), books.counted());
        CPPUNIT_ASSERT_EQUAL(std::string("0;0;1;10;0"), books.note(yesterday + ":one"));
    }

    void a_call_that_is_learnt_of_days_later_counts_nowhere() {
        Books books(minutes_of_a_day(60));
        books.calls["in"] = books.call("in");
        books.clock.advance(hours{72});
        books.end("in", 600);
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 0"), books.counted());
        CPPUNIT_ASSERT(
            got(books.store->notes(Books::organization, "daily", "", books.clock.now(), 10))
                .empty());
    }

    void an_end_that_was_not_committed_is_not_counted() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        books.calls["one"].duration_s = 61;
        books.calls["one"].outcome = CallOutcome::Success;
        CPPUNIT_ASSERT(books.ledger->settle(books.shop, books.calls["one"]));
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), books.counted());
    }

    void two_who_end_a_call_at_once_hold_nothing_up() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        domain::Call over = books.calls["one"];
        over.outcome = CallOutcome::NeverConnected;
        {
            // Whoever waited for it gives up while a takeover comes before it.
            Charge first = got(books.ledger->settle(books.shop, over));
            const Charge second = got(books.ledger->settle(books.shop, over));
            CPPUNIT_ASSERT_EQUAL(0u, got(books.ledger->today(books.shop)).spent.reserved_minutes);
            CPPUNIT_ASSERT_EQUAL(std::string(), books.place("two"));
            books.write(first);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 2"), books.counted());
    }

    void a_call_that_another_process_placed_ends_here() {
        Books books(minutes_of_a_day(60));
        CPPUNIT_ASSERT(books.ledger->today(books.shop));
        Ledger other(*books.store, books.clock, books.log, books.metrics);
        Charge theirs = got(other.spend(books.shop, of_a_call(books.shop), "theirs"));
        books.write(theirs);
        books.calls["theirs"] = books.call("theirs");
        books.end("theirs", 61);
        CPPUNIT_ASSERT_EQUAL(2u, got(books.ledger->today(books.shop)).spent.minutes);
        CPPUNIT_ASSERT_EQUAL(0u, got(books.ledger->today(books.shop)).spent.reserved_minutes);
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("ours"));
    }

    void a_clock_that_is_set_back_does_not_open_the_day_before_again() {
        Books books(minutes_of_a_day(12));
        books.place("yesterday");
        books.clock.advance(hours{12});
        const std::string today = books.day();
        {
            // Counted and not committed yet: the store does not know of it.
            const Charge charge =
                got(books.ledger->spend(books.shop, of_a_call(books.shop), "one"));
            books.clock.advance(-minutes{1});
            CPPUNIT_ASSERT_EQUAL(today, books.day());
            books.clock.advance(minutes{1});
            CPPUNIT_ASSERT_EQUAL(5u, got(books.ledger->today(books.shop)).spent.reserved_minutes);
        }
        books.clock.advance(-minutes{1});
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("two"));
        CPPUNIT_ASSERT_EQUAL(std::string("0;0;1;0;5"), books.note(today + ":two"));
        // It lasts until the midnight that comes, by the clock that there is.
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("three"));
        const auto refused = books.ledger->left(books.shop, of_a_call(books.shop));
        CPPUNIT_ASSERT(!refused);
        CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(Milliseconds{hours{24} + minutes{1}}.count()),
                             refused.error().retry_after_ms);
    }

    void a_clock_that_was_far_ahead_is_followed() {
        Books books(minutes_of_a_day(12));
        const std::string today = books.day();
        books.place("one");
        books.clock.advance(hours{24 * 365});
        books.place("two");
        books.clock.advance(-hours{24 * 365});
        CPPUNIT_ASSERT_EQUAL(today, books.day());
        CPPUNIT_ASSERT_EQUAL(std::string("0+5 of 1"), books.counted());
    }

    void a_restart_reads_all_of_a_day_however_much_that_is() {
        Books books(minutes_of_a_day(600));
        const std::vector<std::string> ids{"a", "aa", "a-b", "ab", "b~", "Z", "zz", "~", "0"};
        for (const std::string& id : ids) books.place(id);
        for (int i = 0; i < 40; ++i) books.place(books.ids.next());
        for (const unsigned at_once : {1u, 2u, 7u, 49u, 50u}) {
            Ledger other(*books.store, books.clock, books.log, books.metrics, at_once);
            CPPUNIT_ASSERT_EQUAL(49u, got(other.today(books.shop)).spent.calls);
        }
    }

    void an_end_right_after_a_restart_is_counted_once() {
        Books books(minutes_of_a_day(60));
        books.place("one");
        books.place("two");
        books.open();
        books.end("one", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+5 of 2"), books.counted());
    }

    void charges_of_the_version_before_are_read() {
        Books books(minutes_of_a_day(60));
        store::Note note;
        note.scope = "daily";
        note.key = books.day() + ":old";
        note.value = "0;0;1";
        note.expires_at = books.clock.now() + hours{13};
        books.commit({note});
        books.open();
        CPPUNIT_ASSERT_EQUAL(std::string("0+0 of 1"), books.counted());
        books.calls["old"] = books.call("old");
        books.end("old", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
    }

    void calls_are_counted_for_whoever_has_another_cap() {
        domain::Organization::Daily daily;
        daily.messages = 10;
        Books books(daily);
        books.place("one");
        books.end("one", 61);
        // As it is when somebody writes a cap into the settings at noon.
        books.shop.daily.call_minutes = 6;
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
        CPPUNIT_ASSERT(!books.place("two").empty());
    }

    void a_cap_in_money_is_made_of_counts_and_prices() {
        Books books(money_of_a_day("0.05"), {money("0.001"), money("0.0079"), {}, money("0.02")});
        CPPUNIT_ASSERT(books.ledger->left(books.shop, {1, 6}));
        const auto refused = books.ledger->left(books.shop, {2, 7});
        CPPUNIT_ASSERT(!refused && refused.error().code == Code::Limited);
        CPPUNIT_ASSERT_EQUAL(std::string("The organisation's money for this day is used up"),
                             refused.error().text);
        CPPUNIT_ASSERT_EQUAL(1.0, books.metrics.value("tandem_daily_cap_reached_total cost"));
        Charge charge = got(books.ledger->spend(books.shop, {2, 6}, "texts"));
        books.write(charge);
        const Amount spent = got(books.ledger->today(books.shop)).spent;
        CPPUNIT_ASSERT_EQUAL(std::string("0.0494"), to_text(cost_of(books.shop.prices, spent)));
        CPPUNIT_ASSERT(!books.ledger->left(books.shop, one_text));
        books.open();
        CPPUNIT_ASSERT(!books.ledger->left(books.shop, one_text));
    }

    void a_changed_price_holds_for_the_whole_day() {
        Books books(money_of_a_day("1"), {{}, money("0.1"), {}, {}});
        Charge charge = got(books.ledger->spend(books.shop, {6, 6}, "texts"));
        books.write(charge);
        CPPUNIT_ASSERT(books.ledger->left(books.shop, {4, 4}));
        books.shop.prices.segment = money("0.15");
        CPPUNIT_ASSERT(!books.ledger->left(books.shop, one_text));
        books.shop.prices.segment = money("0.125");
        CPPUNIT_ASSERT(books.ledger->left(books.shop, {2, 2}));
        CPPUNIT_ASSERT(!books.ledger->left(books.shop, {3, 3}));
    }

    void what_costs_nothing_is_not_held_up_by_money() {
        Books books(money_of_a_day("0"), {{}, {}, {}, money("0.02")});
        CPPUNIT_ASSERT(books.ledger->left(books.shop, {100, 100}));
        CPPUNIT_ASSERT(!books.place("one").empty());
    }

    void a_reserved_minute_costs_what_a_minute_does() {
        Books books(money_of_a_day("0.25"), {{}, {}, money("0.01"), money("0.02")});
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("one"));
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("two"));
        CPPUNIT_ASSERT(!books.place("three").empty());
        books.end("one", 30);
        CPPUNIT_ASSERT_EQUAL(std::string(), books.place("four"));
    }

    void a_price_alone_is_reason_to_count() {
        Books books({}, {{}, {}, {}, money("0.02")});
        books.place("one");
        books.end("one", 61);
        CPPUNIT_ASSERT_EQUAL(std::string("2+0 of 1"), books.counted());
    }

    void a_million_small_prices_add_up() {
        const domain::Organization::Prices prices{{}, money("0.0079"), {}, money("0.1")};
        CPPUNIT_ASSERT_EQUAL(std::string("7900.3"),
                             to_text(cost_of(prices, {1000000, 1000000, 0, 3})));
        // What no number holds is the most there is, not the beginning.
        const domain::Organization::Prices dear{money("999999999"), money("999999999"), {}, {}};
        CPPUNIT_ASSERT(cost_of(dear, {4000000000u, 4000000000u}).millionths == UINT64_MAX);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LedgerTest);

}  // namespace tandem::limit
