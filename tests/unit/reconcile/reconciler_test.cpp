#include "reconcile/reconciler.h"

#include <cppunit/TestFixture.h>

#include "provider.h"

namespace tandem::reconcile {

using namespace testing;
using namespace std::chrono_literals;

class ReconcilerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReconcilerTest);
    CPPUNIT_TEST(what_was_missed_is_recorded_at_start);
    CPPUNIT_TEST(the_first_time_an_hour_is_asked_for_and_then_from_the_watermark_on);
    CPPUNIT_TEST(a_mark_of_a_clock_that_was_ahead_hides_nothing);
    CPPUNIT_TEST(what_a_webhook_brought_too_has_one_effect);
    CPPUNIT_TEST(the_watermark_moves_only_when_all_is_durable);
    CPPUNIT_TEST(what_can_never_be_recorded_does_not_stop_the_watermark);
    CPPUNIT_TEST(a_provider_that_tells_in_parts_is_asked_on_at_once);
    CPPUNIT_TEST(a_failing_provider_is_asked_again_and_held_up_nobody);
    CPPUNIT_TEST(a_hanging_provider_holds_up_nobody_and_stopping_does_not_wait_for_it);
    CPPUNIT_TEST(a_text_of_hours_ago_is_shown_and_left_to_a_human);
    CPPUNIT_TEST(instances_of_nobody_are_not_asked);
    CPPUNIT_TEST(without_an_interval_nobody_is_asked);
    CPPUNIT_TEST(a_day_away_is_made_up_for_without_doubles);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        twilio_ = std::make_shared<Provider>("twilio");
        eleven_ = std::make_shared<Provider>("eleven");
    }
    void tearDown() override {
        twilio_->hang(false);
        reconciler_.reset();
        house_.reset();
    }

    void what_was_missed_is_recorded_at_start() {
        twilio_->happened = {said("SM1", 5min), said("SM2", 4min)};
        const Time before = house_->clock.now();
        start(once());
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT(*watermark(*house_, "twilio") >= before - 1s);
        const auto query = twilio_->queries(1).front();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, query.business_numbers.size());
        CPPUNIT_ASSERT_EQUAL(std::string(shop_number), query.business_numbers.front());
        // Counted behind the last commit.
        until([&] {
            return says("tandem_reconcile_total{provider=\"twilio\",result=\"complete\"} 1\n");
        });
        expect("tandem_reconcile_recovered_total{provider=\"twilio\"} 2\n");
        CPPUNIT_ASSERT(lag("twilio") < 60);
    }

    void the_first_time_an_hour_is_asked_for_and_then_from_the_watermark_on() {
        start(once());
        until([&] { return watermark(*house_, "twilio").has_value(); });
        const Time first = *watermark(*house_, "twilio");
        expect_near(first - 1h, twilio_->queries(1)[0].since);
        // After a restart too.
        start(once());
        expect_near(first - 10min, twilio_->queries(2)[1].since);
    }

    void a_mark_of_a_clock_that_was_ahead_hides_nothing() {
        put_mark(house_->clock.now() + 48h);
        twilio_->fails = true;
        start(once());
        const Time lowered = house_->clock.now() - 1h;
        expect_near(lowered - 10min, twilio_->queries(1)[0].since);
        // It is lowered for good, though the provider told nothing yet.
        expect_near(lowered, *watermark(*house_, "twilio"));
        CPPUNIT_ASSERT(reconciler_->stop(testing::patience));
        twilio_->fails = false;
        start(once());
        until([&] { return *watermark(*house_, "twilio") > lowered + 50min; });
        expect_near(house_->clock.now(), *watermark(*house_, "twilio"));
    }

    void what_a_webhook_brought_too_has_one_effect() {
        const auto both = said("SM1", 5min);
        CPPUNIT_ASSERT_EQUAL(200, tell(*house_, house_->source, {both})->wait().status);
        twilio_->happened = {both, said("SM2", 4min)};
        start(once());
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "sms_received"));
        // Its details were not even fetched.
        CPPUNIT_ASSERT_EQUAL(1, twilio_->details.load());
        // And the webhook that comes behind us changes nothing.
        tell(*house_, house_->source, {said("SM2", 4min)})->wait();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(house_->events(), "sms_received"));
    }

    void the_watermark_moves_only_when_all_is_durable() {
        twilio_->happened = {said("SM1", 5min)};
        house_->store.writes_fail = true;
        start(once());
        twilio_->queries(3);
        CPPUNIT_ASSERT(!watermark(*house_, "twilio"));
        house_->store.writes_fail = false;
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT(house_->metrics.text().find("provider=\"twilio\",result=\"failed\"") !=
                       std::string::npos);
    }

    void what_can_never_be_recorded_does_not_stop_the_watermark() {
        auto foreign = said("SM1", 5min);
        foreign.business_address = "+14155550111";
        auto senseless = said("SM2", 5min);
        senseless.customer_address = "not a number at all, really";
        twilio_->happened = {foreign, senseless, said("SM3", 4min)};
        start(once());
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT(house_->events("other").empty());
    }

    void a_provider_that_tells_in_parts_is_asked_on_at_once() {
        for (int i = 0; i < 25; ++i)
            twilio_->happened.push_back(said("SM" + std::to_string(i), 30min - i * 1min));
        twilio_->page = 10;
        start(once());
        until([&] { return count(house_->events(), "sms_received") == 25; });
        CPPUNIT_ASSERT_EQUAL(size_t{3}, twilio_->queries(3).size());
        CPPUNIT_ASSERT_EQUAL(25, twilio_->details.load());
    }

    void a_failing_provider_is_asked_again_and_held_up_nobody() {
        twilio_->fails = true;
        twilio_->happened = {said("SM1", 5min)};
        eleven_->happened = {call_end("conv_1")};
        std::get<receive::CallEnded>(eleven_->happened[0]).happened_at = house_->clock.now();
        start(once());
        until([&] { return watermark(*house_, "eleven").has_value(); });
        twilio_->queries(4);
        CPPUNIT_ASSERT(!watermark(*house_, "twilio"));
        CPPUNIT_ASSERT(house_->log.lines().find("did not say what was missed") !=
                       std::string::npos);
        twilio_->fails = false;
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_ended"));
    }

    void a_hanging_provider_holds_up_nobody_and_stopping_does_not_wait_for_it() {
        twilio_->hang(true);
        start(once());
        twilio_->queries(1);
        until([&] { return watermark(*house_, "eleven").has_value(); });
        const auto begun = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(!reconciler_->stop(Milliseconds{50}));
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begun < 5s);
        twilio_->hang(false);
        CPPUNIT_ASSERT(reconciler_->stop(testing::patience));
        // What it said after that is not taken: it is asked for again.
        CPPUNIT_ASSERT(!watermark(*house_, "twilio"));
    }

    void a_text_of_hours_ago_is_shown_and_left_to_a_human() {
        twilio_->happened = {said("SM1", 50min)};
        start(once());
        until([&] { return watermark(*house_, "twilio").has_value(); });
        const auto events = house_->events();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(events, "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(events, "needs_human"));
        CPPUNIT_ASSERT(
            house_->store.due(store::OwedKind::AiTurn, house_->clock.now() + 1h, 10)->empty());
    }

    void instances_of_nobody_are_not_asked() {
        const auto stranger = std::make_shared<Provider>("of-nobody");
        // Only as a responder: what it says comes back by itself.
        const auto brain = std::make_shared<Provider>("brain");
        reconciler_ = std::make_unique<Reconciler>(
            ground_of(*house_), std::vector<std::shared_ptr<Source>>{stranger, brain, twilio_},
            once());
        reconciler_->start();
        until([&] { return watermark(*house_, "twilio").has_value(); });
        CPPUNIT_ASSERT_EQUAL(size_t{0}, stranger->asked());
        CPPUNIT_ASSERT_EQUAL(size_t{0}, brain->asked());
    }

    void without_an_interval_nobody_is_asked() {
        auto never = once();
        never.interval = Milliseconds{0};
        start(never);
        CPPUNIT_ASSERT(reconciler_->stop(Milliseconds{0}));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, twilio_->asked());
    }

    void a_day_away_is_made_up_for_without_doubles() {
        // Of 5000 texts every tenth came by a webhook before the gateway went away.
        for (int i = 0; i < 5000; ++i)
            twilio_->happened.push_back(said("SM" + std::to_string(i), 24h - i * 1s,
                                             "+1415555" + std::to_string(1000 + i % 500)));
        for (int i = 0; i < 500; ++i) {
            auto end = call_end("conv_" + std::to_string(i));
            end.happened_at = house_->clock.now() - 24h + i * 1s;
            end.customer_address = "+1415555" + std::to_string(1000 + i);
            eleven_->happened.push_back(end);
        }
        for (int i = 0; i < 5000; i += 10)
            tell(*house_, house_->source, {twilio_->happened[size_t(i)]})->wait();
        twilio_->page = eleven_->page = 300;
        auto day = once();
        day.round.first_look = 25h;
        const auto begun = std::chrono::steady_clock::now();
        start(day);
        until([&] {
            const auto events = house_->store.journal("bici", 0, {}, 100000)->events;
            return count(events, "sms_received") == 5000 && count(events, "call_ended") == 500;
        });
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
        CPPUNIT_ASSERT_MESSAGE(std::to_string(taken.count()), taken < 15min);
        // Asked again: nothing new.
        const size_t before = twilio_->asked();
        start(day);
        twilio_->queries(before + 1);
        until([&] { return watermark(*house_, "eleven").has_value(); });
        CPPUNIT_ASSERT(reconciler_->stop(testing::patience));
        const auto events = house_->store.journal("bici", 0, {}, 100000)->events;
        CPPUNIT_ASSERT_EQUAL(size_t{5000}, count(events, "sms_received"));
        CPPUNIT_ASSERT_EQUAL(size_t{500}, count(events, "call_ended"));
        expect("tandem_reconcile_recovered_total{provider=\"twilio\"} 4500\n");
    }

private:
    receive::MessageReceived said(std::string id, Milliseconds ago,
                                  std::string from = customer_number) {
        auto event = text(std::move(id), "Hello", std::move(from));
        event.happened_at = house_->clock.now() - ago;
        return event;
    }

    void put_mark(Time at) {
        store::Note note;
        note.scope = "watermark";
        note.key = "twilio";
        note.value = std::to_string(at.time_since_epoch().count());
        note.at = at;
        store::ChangeSet set;
        set.organization = "bici";
        set.operations = {note};
        CPPUNIT_ASSERT(house_->committer.commit(std::move(set)));
    }

    void start(const ReconcilerOptions& options) {
        reconciler_.reset();
        reconciler_ = std::make_unique<Reconciler>(
            ground_of(*house_), std::vector<std::shared_ptr<Source>>{twilio_, eleven_}, options);
        reconciler_->start();
    }

    bool says(const std::string& line) const {
        return house_->metrics.text().find(line) != std::string::npos;
    }
    void expect(const std::string& line) {
        CPPUNIT_ASSERT_MESSAGE(line + house_->metrics.text(), says(line));
    }
    /// In seconds.
    double lag(const std::string& provider) const {
        const std::string text = house_->metrics.text();
        const std::string series = "tandem_reconcile_lag_seconds{provider=\"" + provider + "\"} ";
        const size_t at = text.find(series);
        CPPUNIT_ASSERT_MESSAGE(text, at != std::string::npos);
        return std::stod(text.substr(at + series.size()));
    }

    static void expect_near(Time expected, Time actual) {
        CPPUNIT_ASSERT(std::chrono::abs(expected - actual) < 30s);
    }

    std::unique_ptr<House> house_;
    std::shared_ptr<Provider> twilio_, eleven_;
    std::unique_ptr<Reconciler> reconciler_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReconcilerTest);

}  // namespace tandem::reconcile
