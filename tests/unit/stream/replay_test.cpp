#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "house.h"
#include "stream/hub.h"

namespace tandem::stream {

namespace {

const std::string ann = "+15551230001";
const std::string bob = "+15551230002";

using Texts = std::vector<std::string>;

std::string numbered(int number) {
    return "{\"n\":" + std::to_string(number) + "}";
}

/// The reason of the only reset among the events; empty if there is none.
std::string reset_reason(const std::vector<Heard>& events) {
    std::string reason;
    for (const Heard& one : events) {
        if (one.data.find("\"type\":\"stream_reset\"") == std::string::npos) continue;
        CPPUNIT_ASSERT_MESSAGE("a second reset", reason.empty());
        const size_t at = one.data.find("\"reason\":\"") + 10;
        reason = one.data.substr(at, one.data.find('"', at) - at);
    }
    return reason;
}

}  // namespace

class ReplayTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReplayTest);
    CPPUNIT_TEST(history_comes_first_and_stands_for_its_position);
    CPPUNIT_TEST(replay_gives_exactly_what_was_missed_and_goes_on_live);
    CPPUNIT_TEST(a_position_that_does_not_serve_is_reset);
    CPPUNIT_TEST(the_edge_of_retention_is_exact);
    CPPUNIT_TEST(who_has_seen_all_of_an_emptied_journal_goes_on);
    CPPUNIT_TEST(an_organizations_reset_carries_the_current_position);
    CPPUNIT_TEST(replay_is_paced_by_its_reader_and_not_cut);
    CPPUNIT_TEST(what_is_told_while_a_long_replay_runs_is_not_lost_when_it_overflows);
    CPPUNIT_TEST(ten_thousand_missed_events_arrive_within_seconds);
    CPPUNIT_TEST(what_another_process_wrote_is_told_before_what_follows);
    CPPUNIT_TEST(a_gap_too_long_to_close_sends_readers_to_the_journal);
    CPPUNIT_TEST(a_journal_that_was_swapped_ends_streams_and_resets_them);
    CPPUNIT_TEST(a_store_that_is_away_ends_the_stream_so_that_it_comes_back);
    CPPUNIT_TEST(nobody_misses_or_sees_twice_anything_whenever_they_come_and_go);
    CPPUNIT_TEST_SUITE_END();

public:
    void history_comes_first_and_stands_for_its_position() {
        House house;
        house.store.add_lead("acme", "lead-1", ann);
        house.publish(bob, numbered(1));
        store::ChangeSet change;
        change.organization = "acme";
        domain::Message message;
        message.id = "m1";
        message.address = ann;
        message.content = "before";
        change.operations = {message, House::event(ann, numbered(2))};
        CPPUNIT_ASSERT(house.committer.commit(std::move(change)));

        Subscription loading = house.subscription(ann);
        loading.load = true;
        const auto line = house.open(std::move(loading));
        CPPUNIT_ASSERT(await_text(*line, "conversation_history"));
        house.publish(ann, numbered(3));
        CPPUNIT_ASSERT(await_text(*line, numbered(3)));
        const auto events = heard(*line);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("e0-2"), events[1].last_id);
        CPPUNIT_ASSERT(events[1].data.find("\"content\":\"before\"") != std::string::npos);
        CPPUNIT_ASSERT(events[1].data.find("\"leadId\":\"lead-1\"") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("e0-3"), events[2].last_id);

        Subscription inbox = house.subscription("");
        inbox.load = true;
        const auto all = house.open(std::move(inbox));
        house.publish(ann, numbered(4));
        CPPUNIT_ASSERT_MESSAGE("an organisation has no history", told(*all) == Texts{numbered(4)});
    }

    void replay_gives_exactly_what_was_missed_and_goes_on_live() {
        House house;
        for (int i = 1; i <= 250; ++i) house.publish(i % 2 ? ann : bob, numbered(i));
        for (const int from : {0, 1, 2, 49, 50, 51, 149, 150, 249, 250}) {
            const auto line = house.resume(ann, "e0-" + std::to_string(from));
            const auto all = house.resume("", "e0-" + std::to_string(from));
            house.publish(ann, "{\"mark\":" + std::to_string(from) + "}");
            const std::string mark = "{\"mark\":" + std::to_string(from) + "}";
            CPPUNIT_ASSERT(await_text(*line, mark));
            CPPUNIT_ASSERT(await_text(*all, mark));
            Texts expected, expected_all;
            for (int i = from + 1; i <= 250; ++i) {
                if (i % 2) expected.push_back(numbered(i));
                expected_all.push_back(numbered(i));
            }
            const auto numbers = [](const Line& told_to) {
                Texts all_told = told(told_to);
                std::erase_if(all_told, [](const std::string& one) {
                    return one.find("mark") != std::string::npos;
                });
                return all_told;
            };
            CPPUNIT_ASSERT_MESSAGE(std::to_string(from), expected == numbers(*line));
            CPPUNIT_ASSERT_MESSAGE(std::to_string(from), expected_all == numbers(*all));
        }
    }

    void a_position_that_does_not_serve_is_reset() {
        House house;
        for (int i = 1; i <= 5; ++i) house.publish(ann, numbered(i));
        const std::vector<std::pair<std::string, std::string>> cases{
            {"", "malformed"},
            {"abc", "malformed"},
            {"-1", "malformed"},
            {"e0--1", "malformed"},
            {"e0-1 ", "malformed"},
            {"e0-01", "malformed"},
            {"E0-1", "malformed"},
            {"e0-1000000000000000000000000000000", "malformed"},
            {std::string("e0-1\0", 5), "malformed"},
            {"e0-\xd9\xa1", "malformed"},
            {std::string(102400, 'a') + "-1", "malformed"},
            {"e0-6", "unknown_position"},
            {"e0-999999999999999999", "unknown_position"},
            {"e1-3", "unknown_position"},
            {"0123456789abcdef-3", "unknown_position"},
        };
        for (const auto& [id, reason] : cases) {
            const auto line = house.resume(ann, id);
            CPPUNIT_ASSERT_MESSAGE(id, await_text(*line, "conversation_history"));
            const auto events = heard(*line);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, size_t{3}, events.size());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, reason, reset_reason(events));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string(), events[1].last_id);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string("e0-5"), events[2].last_id);
        }
        const auto last = house.resume(ann, "e0-2");
        CPPUNIT_ASSERT(await_text(*last, numbered(5)));
        CPPUNIT_ASSERT_EQUAL(std::string(), reset_reason(heard(*last)));
        CPPUNIT_ASSERT_EQUAL(11, house.metrics.value("tandem_stream_resets_total malformed"));
        CPPUNIT_ASSERT_EQUAL(4, house.metrics.value("tandem_stream_resets_total unknown_position"));
    }

    void the_edge_of_retention_is_exact() {
        House house;
        for (int i = 1; i <= 20; ++i) house.publish(ann, numbered(i));
        CPPUNIT_ASSERT(house.store.trim_journal("acme", 10));
        for (const auto& [offset, reset] : std::vector<std::pair<int, bool>>{{0, true},
                                                                             {1, true},
                                                                             {9, true},
                                                                             {10, true},
                                                                             {11, false},
                                                                             {12, false},
                                                                             {20, false}}) {
            const auto line = house.resume(ann, "e0-" + std::to_string(offset));
            house.publish(bob, "{}");
            const std::string mark = "\"connected\"";
            CPPUNIT_ASSERT(line->await([&](const std::string& text) {
                return offset == 20 || text.find(numbered(20)) != std::string::npos ||
                       text.find("conversation_history") != std::string::npos;
            }));
            const std::string reason = reset_reason(heard(*line));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(offset),
                                         std::string(reset ? "out_of_retention" : ""), reason);
            if (!reset) CPPUNIT_ASSERT_EQUAL(static_cast<size_t>(20 - offset), told(*line).size());
        }
    }

    void who_has_seen_all_of_an_emptied_journal_goes_on() {
        House house;
        for (int i = 1; i <= 20; ++i) house.publish(ann, numbered(i));
        CPPUNIT_ASSERT(house.store.trim_journal("acme", 0));
        const int before = house.store.reads;
        const auto line = house.resume(ann, domain::to_text(house.store.head("acme")));
        // Had it not looked yet, the next event would be the oldest that is kept.
        while (house.store.reads == before) std::this_thread::yield();
        house.publish(ann, numbered(21));
        CPPUNIT_ASSERT(await_text(*line, numbered(21)));
        CPPUNIT_ASSERT_EQUAL(std::string(), reset_reason(heard(*line)));
    }

    void an_organizations_reset_carries_the_current_position() {
        House house;
        house.publish(ann, numbered(1));
        house.publish(ann, numbered(2));
        const auto line = house.resume("", "ff-1");
        CPPUNIT_ASSERT(await_text(*line, "stream_reset"));
        house.publish(ann, numbered(3));
        CPPUNIT_ASSERT(await_text(*line, numbered(3)));
        const auto events = heard(*line);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("e0-2"), events[1].last_id);
        CPPUNIT_ASSERT_EQUAL(std::string("e0-3"), events[2].last_id);
    }

    void replay_is_paced_by_its_reader_and_not_cut() {
        Options options;
        options.max_backlog_bytes = 2000;
        House house(options);
        for (int i = 1; i <= 1000; ++i) house.publish(ann, numbered(i));
        const auto line = house.resume(ann, "e0-0", true);
        size_t largest = 0;
        for (int turn = 0; turn < 200 && line->text().find(numbered(1000)) == std::string::npos;
             ++turn) {
            for (int wait = 0; wait < 10000 && line->backlog() == 0; ++wait)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            largest = std::max(largest, line->backlog());
            CPPUNIT_ASSERT(!line->ended());
            line->resume(false);
        }
        line->resume(true);
        CPPUNIT_ASSERT(await_text(*line, numbered(1000)));
        CPPUNIT_ASSERT_EQUAL(size_t{1000}, told(*line).size());
        CPPUNIT_ASSERT_MESSAGE(std::to_string(largest), largest < 8000);
        house.publish(ann, numbered(1001));
        CPPUNIT_ASSERT(await_text(*line, numbered(1001)));
    }

    void what_is_told_while_a_long_replay_runs_is_not_lost_when_it_overflows() {
        Options options;
        options.max_backlog_bytes = 2000;
        // Overflowing in the middle of the past, and when its last page is already out.
        for (const int missed : {300, 60}) {
            House house(options);
            for (int i = 1; i <= missed; ++i) house.publish(ann, numbered(i));
            const auto line = house.resume(ann, "e0-0", true);
            for (int i = 0; i < 10000 && line->backlog() < 1000; ++i)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            for (int i = missed + 1; i <= 900; ++i) house.publish(ann, numbered(i));
            CPPUNIT_ASSERT(!line->ended());
            line->resume(true);
            CPPUNIT_ASSERT(await_text(*line, numbered(900)));
            Texts expected;
            for (int i = 1; i <= 900; ++i) expected.push_back(numbered(i));
            CPPUNIT_ASSERT(expected == told(*line));
        }
    }

    void ten_thousand_missed_events_arrive_within_seconds() {
        House house;
        store::ChangeSet change;
        change.organization = "acme";
        for (int i = 1; i <= 10000; ++i)
            change.operations.push_back(House::event(ann, numbered(i)));
        CPPUNIT_ASSERT(house.committer.commit(std::move(change)));
        const auto begin = std::chrono::steady_clock::now();
        const auto line = house.resume(ann, "e0-0");
        CPPUNIT_ASSERT(await_text(*line, numbered(10000)));
        CPPUNIT_ASSERT_EQUAL(size_t{10000}, told(*line).size());
        const auto took = std::chrono::steady_clock::now() - begin;
        CPPUNIT_ASSERT(took < std::chrono::seconds(20));
    }

    void what_another_process_wrote_is_told_before_what_follows() {
        House house;
        const auto line = house.open_live(ann);
        house.publish(ann, numbered(1));
        house.write_elsewhere(ann, numbered(2));
        house.write_elsewhere(bob, numbered(3));
        house.write_elsewhere(ann, numbered(4));
        house.publish(ann, numbered(5));
        CPPUNIT_ASSERT((told(*line) == Texts{numbered(1), numbered(2), numbered(4), numbered(5)}));
        CPPUNIT_ASSERT_EQUAL(1, house.metrics.value("tandem_journal_gaps_total closed"));

        // A reader who read up to here, with nothing told yet of what comes between.
        const auto returning = house.resume(ann, "e0-5");
        for (int i = 0; i < 1000 && house.store.reads < 3; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        house.write_elsewhere(ann, numbered(6));
        house.publish(ann, numbered(7));
        CPPUNIT_ASSERT(await_text(*returning, numbered(7)));
        CPPUNIT_ASSERT((told(*returning) == Texts{numbered(6), numbered(7)}));
    }

    void a_gap_too_long_to_close_sends_readers_to_the_journal() {
        House house;
        const auto line = house.open_live(ann);
        house.publish(ann, numbered(1));
        for (unsigned i = 0; i < publish::JournalFeed::longest_gap + 5; ++i)
            house.write_elsewhere(ann, "{\"away\":1}");
        house.publish(ann, numbered(2));
        CPPUNIT_ASSERT(line->await_end());
        const auto events = heard(*line);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("its id must not jump over the gap", std::string("e0-1"),
                                     events.back().last_id);
        CPPUNIT_ASSERT(events.back().data.find("\"reason\":\"catch_up\"") != std::string::npos);
        const auto back = house.resume(ann, events.back().last_id);
        CPPUNIT_ASSERT(await_text(*back, numbered(2)));
        CPPUNIT_ASSERT_EQUAL(size_t{publish::JournalFeed::longest_gap + 6}, told(*back).size());
    }

    void a_journal_that_was_swapped_ends_streams_and_resets_them() {
        House house;
        const auto line = house.open_live(ann);
        house.publish(ann, numbered(1));
        house.store.restore("acme", "ee");
        house.publish(ann, numbered(2));
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(std::string("e0-1"), heard(*line).back().last_id);
        const auto back = house.resume(ann, "e0-1");
        CPPUNIT_ASSERT(await_text(*back, "conversation_history"));
        CPPUNIT_ASSERT_EQUAL(std::string("unknown_position"), reset_reason(heard(*back)));
        CPPUNIT_ASSERT_EQUAL(std::string("ee-2"), heard(*back).back().last_id);
    }

    void a_store_that_is_away_ends_the_stream_so_that_it_comes_back() {
        House house;
        house.publish(ann, numbered(1));
        house.store.failing = true;
        const auto line = house.resume(ann, "e0-0");
        CPPUNIT_ASSERT(line->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(line->text(), "\"storage_unavailable\""));
        CPPUNIT_ASSERT_EQUAL(std::string(), heard(*line).back().last_id);
        house.store.failing = false;
        const auto back = house.resume(ann, "e0-0");
        CPPUNIT_ASSERT(await_text(*back, numbered(1)));
    }

    void nobody_misses_or_sees_twice_anything_whenever_they_come_and_go() {
        constexpr int writers = 4, each = 400, readers = 6;
        Options options;
        options.max_backlog_bytes = 8000;  // so that waiting overflows now and then
        House house(options);
        house.publish(ann, "{\"first\":1}");
        struct Seen {
            std::vector<int64_t> offsets;
            std::atomic<int> returns{0};
        };
        std::vector<Seen> seen(readers);
        // So that each comes and goes while something is written.
        const auto all_returned = [&] {
            return std::all_of(seen.begin(), seen.end(),
                               [](const Seen& one) { return one.returns > 3; });
        };
        std::atomic<int> left{writers};
        std::vector<std::thread> threads;
        for (int w = 0; w < writers; ++w) {
            threads.emplace_back([&, w] {
                std::mt19937 random(static_cast<unsigned>(w));
                for (int i = 0; i < each || !all_returned(); ++i) {
                    store::ChangeSet change;
                    change.organization = "acme";
                    for (unsigned n = 1 + random() % 3; n > 0; --n)
                        change.operations.push_back(House::event(random() % 2 ? ann : bob, "{}"));
                    const auto outcome = house.committer.commit(std::move(change));
                    if (!outcome) std::abort();
                    if (random() % 8 == 0)
                        std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
                }
                --left;
            });
        }
        for (int r = 0; r < readers; ++r) {
            threads.emplace_back([&, r] {
                std::mt19937 random(100 + static_cast<unsigned>(r));
                const std::string address = r % 3 == 0 ? "" : r % 3 == 1 ? ann : bob;
                std::string last_id = "e0-1";
                while (true) {
                    const bool final = left == 0;
                    const auto line = house.resume(address, last_id, random() % 4 == 0);
                    ++seen[static_cast<size_t>(r)].returns;
                    if (final) {
                        // Nothing is written any more: read to the end of what there is.
                        line->resume(true);
                        house.publish(address.empty() ? ann : address, "{\"final\":1}");
                        await_text(*line, "final");
                    } else {
                        std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
                        if (random() % 2) line->resume(true);
                    }
                    line->hang_up();
                    // A line may break in the middle of an event.
                    std::string text = line->text();
                    if (!final && !text.empty())
                        text.resize(text.size() - random() % 20 % text.size());
                    EventReader reader;
                    reader.take(text);
                    for (const Heard& one : reader.events) {
                        if (one.last_id.empty()) continue;
                        const auto position = domain::parse_position(one.last_id);
                        seen[static_cast<size_t>(r)].offsets.push_back(position->offset);
                    }
                    if (!reader.last_id.empty()) last_id = reader.last_id;
                    if (final) return;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();

        const auto page = house.store.journal("acme", 1, "", 1000000);
        for (int r = 0; r < readers; ++r) {
            const std::string address = r % 3 == 0 ? "" : r % 3 == 1 ? ann : bob;
            const auto& offsets = seen[static_cast<size_t>(r)].offsets;
            CPPUNIT_ASSERT(!offsets.empty());
            std::vector<int64_t> expected;
            for (const domain::Event& event : page->events)
                if ((address.empty() || event.address == address) && event.offset <= offsets.back())
                    expected.push_back(event.offset);
            CPPUNIT_ASSERT_MESSAGE("reader " + std::to_string(r), expected == offsets);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReplayTest);

}  // namespace tandem::stream
