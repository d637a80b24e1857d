#include "stream/hub.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "house.h"

namespace tandem::stream {

namespace {

const std::string ann = "+15551230001";
const std::string bob = "+15551230002";

using Texts = std::vector<std::string>;

}  // namespace

class HubTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HubTest);
    CPPUNIT_TEST(a_stream_begins_with_retry_and_connected_without_an_id);
    CPPUNIT_TEST(an_event_reaches_its_conversation_and_its_organization_and_nobody_else);
    CPPUNIT_TEST(types_narrow_an_organizations_stream);
    CPPUNIT_TEST(a_burst_is_given_in_one_piece);
    CPPUNIT_TEST(a_slow_reader_is_cut_off_and_misses_nothing_when_it_comes_back);
    CPPUNIT_TEST(one_event_above_the_bound_still_passes);
    CPPUNIT_TEST(a_reader_who_takes_nothing_at_all_is_cut_off);
    CPPUNIT_TEST(heartbeats_are_named_spread_and_left_out_after_an_event);
    CPPUNIT_TEST(an_expired_credential_ends_its_stream_and_says_so);
    CPPUNIT_TEST(a_credential_of_centuries_has_its_heartbeats_like_any_other);
    CPPUNIT_TEST(a_revoked_credential_ends_its_stream_at_a_heartbeat);
    CPPUNIT_TEST(a_credential_revoked_on_the_way_in_opens_nothing);
    CPPUNIT_TEST(a_credential_that_is_taken_no_longer_ends_its_stream_at_a_heartbeat);
    CPPUNIT_TEST(shutting_down_ends_streams_with_reason_and_retry);
    CPPUNIT_TEST(returns_after_a_restart_are_spread_over_seconds);
    CPPUNIT_TEST(a_closed_stream_is_forgotten);
    CPPUNIT_TEST(a_loop_that_does_not_come_round_cuts_its_readers_and_grows_no_further);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_stream_begins_with_retry_and_connected_without_an_id() {
        House house;
        const auto line = house.open_live(ann);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, line->text().find("retry: "));
        const auto events = heard(*line);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string(), events[0].last_id);
        CPPUNIT_ASSERT_EQUAL(std::string("message"), events[0].name);
        for (const char* part : {"\"type\":\"connected\"", "\"connectionId\":\"",
                                 "\"organizationId\":\"acme\"", "\"phoneNumber\":\"+15551230001\""})
            CPPUNIT_ASSERT_MESSAGE(part, events[0].data.find(part) != std::string::npos);
    }

    void an_event_reaches_its_conversation_and_its_organization_and_nobody_else() {
        House house;
        const auto one = house.open_live(ann);
        const auto other = house.open_live(bob);
        const auto all = house.open_live("");
        Subscription foreign = house.subscription(ann);
        foreign.identity.organization = foreign.view.organization = "rival";
        const auto stranger = house.open(std::move(foreign));
        Subscription foreign_all = house.subscription("");
        foreign_all.identity.organization = foreign_all.view.organization = "rival";
        const auto stranger_all = house.open(std::move(foreign_all));

        house.publish(ann, "{\"n\":1}");
        house.publish(bob, "{\"n\":2}");
        house.publish("", "{\"n\":3}");
        house.publish(ann, "{\"n\":9}", "rival");

        CPPUNIT_ASSERT(told(*one) == Texts{"{\"n\":1}"});
        CPPUNIT_ASSERT(told(*other) == Texts{"{\"n\":2}"});
        CPPUNIT_ASSERT((told(*all) == Texts{"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}));
        CPPUNIT_ASSERT(told(*stranger) == Texts{"{\"n\":9}"});
        CPPUNIT_ASSERT(told(*stranger_all) == Texts{"{\"n\":9}"});
        CPPUNIT_ASSERT_EQUAL(std::string("e0-2"), heard(*other).back().last_id);
    }

    void types_narrow_an_organizations_stream() {
        House house;
        Subscription narrow = house.subscription("");
        narrow.view.types = {"needs_human", "call_ended"};
        const auto line = house.open(std::move(narrow));
        house.publish(ann, "{\"n\":1}", "acme", "sms_received");
        house.publish(ann, "{\"n\":2}", "acme", "needs_human");
        house.publish(bob, "{\"n\":3}", "acme", "call_ended");
        CPPUNIT_ASSERT((told(*line) == Texts{"{\"n\":2}", "{\"n\":3}"}));
    }

    void a_burst_is_given_in_one_piece() {
        House house;
        const auto line = house.open_live(ann);
        const size_t before = line->sends();
        store::ChangeSet change;
        change.organization = "acme";
        for (int i = 0; i < 50; ++i)
            change.operations.push_back(House::event(ann, "{\"n\":" + std::to_string(i) + "}"));
        CPPUNIT_ASSERT(house.committer.commit(std::move(change)));
        house.settle();
        CPPUNIT_ASSERT_EQUAL(size_t{50}, told(*line).size());
        CPPUNIT_ASSERT_EQUAL(before + 1, line->sends());
        CPPUNIT_ASSERT_EQUAL(std::string("e0-50"), heard(*line).back().last_id);
        CPPUNIT_ASSERT_EQUAL(50, house.metrics.value("tandem_stream_events_total"));
    }

    void a_slow_reader_is_cut_off_and_misses_nothing_when_it_comes_back() {
        Options options;
        options.max_backlog_bytes = 4000;
        House house(options);
        const auto slow = house.open_live(ann);
        const auto honest = house.open_live(ann);
        house.publish(ann, "{\"n\":0}");
        slow->pause();
        int published = 1;
        for (; !slow->ended() && published < 1000; ++published)
            house.publish(ann, "{\"n\":" + std::to_string(published) + "}");
        CPPUNIT_ASSERT_MESSAGE("it was never cut", published < 1000);
        CPPUNIT_ASSERT_EQUAL(1, house.metrics.value("tandem_stream_cut_total slow"));
        CPPUNIT_ASSERT_EQUAL(static_cast<size_t>(published), told(*honest).size());

        const auto events = heard(*slow);
        const auto back = house.resume(ann, events.back().last_id);
        CPPUNIT_ASSERT(await_text(*back, "{\"n\":" + std::to_string(published - 1) + "}"));
        Texts all = told(*slow);
        for (const std::string& data : told(*back)) all.push_back(data);
        CPPUNIT_ASSERT(all == told(*honest));
    }

    void one_event_above_the_bound_still_passes() {
        Options options;
        options.max_backlog_bytes = 1000;
        House house(options);
        const auto line = house.open_live(ann);
        line->pause();
        const std::string large = "{\"x\":\"" + std::string(5000, 'x') + "\"}";
        house.publish(ann, large);
        CPPUNIT_ASSERT(!line->ended());
        line->resume(true);
        CPPUNIT_ASSERT(told(*line) == Texts{large});
    }

    void a_reader_who_takes_nothing_at_all_is_cut_off() {
        House house;
        const auto dead = house.open_live(ann);
        const auto alive = house.open_live(ann);
        dead->pause();
        house.publish(ann, "{}");
        house.pass(Milliseconds{31000});
        CPPUNIT_ASSERT(dead->ended());
        CPPUNIT_ASSERT(!alive->ended());
        CPPUNIT_ASSERT_EQUAL(1, house.metrics.value("tandem_stream_cut_total stalled"));
    }

    void heartbeats_are_named_spread_and_left_out_after_an_event() {
        House house;
        std::vector<std::shared_ptr<Line>> quiet;
        for (int i = 0; i < 160; ++i) quiet.push_back(house.open_live(ann));
        const auto beats = [&] {
            size_t all = 0;
            for (const auto& line : quiet) all += count(line->text(), "event: heartbeat\n");
            return all;
        };
        size_t most = 0;
        for (int i = 0; i < 17; ++i) {
            const size_t before = beats();
            house.clock.pass(house.options.heartbeat / 16);
            house.tick();
            most = std::max(most, beats() - before);
        }
        for (const auto& line : quiet) {
            CPPUNIT_ASSERT(count(line->text(), "event: heartbeat\n") >= 1);
            CPPUNIT_ASSERT_EQUAL(std::string(), heard(*line).back().last_id);
        }
        CPPUNIT_ASSERT_MESSAGE("all at once: " + std::to_string(most), most <= 40);

        // One with an event every second needs none.
        const auto busy = house.open_live(bob);
        for (int i = 0; i < 60; ++i) {
            house.publish(bob, "{}");
            house.pass(Milliseconds{900});
        }
        CPPUNIT_ASSERT(count(busy->text(), "event: heartbeat\n") <= 1);
        CPPUNIT_ASSERT(count(quiet.front()->text(), "event: heartbeat\n") >= 3);
    }

    void an_expired_credential_ends_its_stream_and_says_so() {
        House house;
        Subscription short_lived = house.subscription(ann);
        short_lived.identity.expires_at = house.clock.now() + Milliseconds{20000};
        const auto line = house.open(std::move(short_lived));
        house.pass(Milliseconds{19000});
        CPPUNIT_ASSERT(!line->ended());
        house.pass(Milliseconds{2000});
        CPPUNIT_ASSERT(line->ended());
        const std::string last = heard(*line).back().data;
        CPPUNIT_ASSERT(last.find("\"type\":\"stream_end\"") != std::string::npos);
        CPPUNIT_ASSERT(last.find("\"reason\":\"token_expired\"") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, house.hub.streams_open());
    }

    // Nanoseconds, which the steady clock counts, end 292 years from now.
    void a_credential_of_centuries_has_its_heartbeats_like_any_other() {
        House house;
        Subscription long_lived = house.subscription(ann);
        long_lived.identity.expires_at = *parse_iso8601("9999-12-31T23:59:59Z");
        const auto line = house.open(std::move(long_lived));
        house.pass(4 * house.options.heartbeat);
        CPPUNIT_ASSERT(!line->ended());
        const size_t beats = count(line->text(), "event: heartbeat\n");
        CPPUNIT_ASSERT_MESSAGE(std::to_string(beats), beats >= 3 && beats <= 5);
    }

    void a_revoked_credential_ends_its_stream_at_a_heartbeat() {
        House house;
        const auto line = house.open_live(ann);
        house.judge.revoked = true;
        house.pass(Milliseconds{16000});
        CPPUNIT_ASSERT(line->ended());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(line->text(), "\"reason\":\"access_revoked\""));
        house.publish(ann, "{\"late\":1}");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(line->text(), "late"));
    }

    // After the guard let it pass, and before anybody who ends streams could find it.
    void a_credential_revoked_on_the_way_in_opens_nothing() {
        House house;
        house.judge.revoked = true;
        const auto line = house.open_live(ann);
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(line->text(), "\"reason\":\"access_revoked\""));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(line->text(), "\"connected\""));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, house.hub.streams_open());
    }

    void a_credential_that_is_taken_no_longer_ends_its_stream_at_a_heartbeat() {
        House house;
        Subscription mine = house.subscription(ann), theirs = house.subscription(ann);
        mine.token = "taken out";
        theirs.token = "good";
        const auto line = house.open(std::move(mine)), other = house.open(std::move(theirs));
        CPPUNIT_ASSERT(!line->ended());
        house.pass(Milliseconds{16000});
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(line->text(), "\"reason\":\"access_revoked\""));
        CPPUNIT_ASSERT(!other->ended());
    }

    void shutting_down_ends_streams_with_reason_and_retry() {
        House house;
        const auto line = house.open_live(ann);
        house.hub.stop();
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, count(line->text(), "retry: "));
        CPPUNIT_ASSERT(heard(*line).back().data.find("\"reason\":\"shutdown\"") !=
                       std::string::npos);
        const auto late = house.open_live(ann);
        CPPUNIT_ASSERT(late->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(late->text(), "\"reason\":\"shutdown\""));
    }

    void returns_after_a_restart_are_spread_over_seconds() {
        House house;
        std::vector<int> seconds(6);
        for (int i = 0; i < 400; ++i) {
            const auto line = house.open_live(ann);
            EventReader reader;
            reader.take(line->text());
            const int wait = std::stoi(reader.retry.value_or("0"));
            CPPUNIT_ASSERT(wait >= 1000 && wait <= 5000);
            ++seconds[static_cast<size_t>(wait / 1000)];
        }
        for (size_t second = 1; second < 5; ++second)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(second), seconds[second] > 70);
    }

    void a_closed_stream_is_forgotten() {
        House house;
        Places places(1);
        std::weak_ptr<Line> gone;
        {
            Subscription made = house.subscription(ann);
            made.place = places.take(made.identity);
            CPPUNIT_ASSERT(!places.take(made.identity));
            const auto line = house.open(std::move(made));
            CPPUNIT_ASSERT_EQUAL(size_t{1}, house.hub.streams_open());
            line->hang_up();
            house.settle();
            gone = line;
        }
        CPPUNIT_ASSERT_EQUAL(size_t{0}, house.hub.streams_open());
        CPPUNIT_ASSERT(places.take(house.subscription(ann).identity));
        house.settle();
        CPPUNIT_ASSERT_MESSAGE("someone still holds the stream", gone.expired());
        house.publish(ann, "{}");
        const auto next = house.open_live(ann);
        house.publish(ann, "{\"n\":2}");
        CPPUNIT_ASSERT(told(*next) == Texts{"{\"n\":2}"});
    }

    void a_loop_that_does_not_come_round_cuts_its_readers_and_grows_no_further() {
        House house;
        const auto line = house.open_live(ann);
        std::mutex gate;
        gate.lock();
        house.loop.post([&] { const std::lock_guard wait(gate); });
        store::ChangeSet change;
        change.organization = "acme";
        for (int i = 0; i < 1000; ++i) change.operations.push_back(House::event(ann, "{}"));
        for (size_t i = 0; i <= Shard::most_waiting / 1000; ++i)
            CPPUNIT_ASSERT(house.committer.commit(change));
        gate.unlock();
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(1, house.metrics.value("tandem_stream_cut_total overrun"));
        CPPUNIT_ASSERT(told(*line).empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HubTest);

}  // namespace tandem::stream
