#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "unit/control/ground.h"

namespace tandem::control {

namespace {

using namespace std::chrono_literals;
using testing::expect_refused;
using testing::Json;
using testing::People;

constexpr Milliseconds two_hours = 2h;

}  // namespace

/// Sessions that nobody uses, and the lists of sessions; by a clock that a test moves.
class IdleTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdleTest);
    CPPUNIT_TEST(an_idle_session_times_out_and_its_queue_is_the_ais);
    CPPUNIT_TEST(what_the_holder_does_keeps_a_session);
    CPPUNIT_TEST(a_session_times_out_behind_a_restart_too);
    CPPUNIT_TEST(the_rooms_own_timer_looks);
    CPPUNIT_TEST(sessions_are_counted_and_paged);
    CPPUNIT_TEST(an_agent_sees_their_own_sessions);
    CPPUNIT_TEST(a_session_in_a_list_says_what_it_says_alone);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_idle_session_times_out_and_its_queue_is_the_ais() {
        People people;
        people.join();
        people.customer_writes("Anybody?", false);
        people.clock.advance(two_hours - 1ms);
        CPPUNIT_ASSERT_EQUAL(0u, people.room->end_idle_sessions());
        people.clock.advance(1ms);
        CPPUNIT_ASSERT_EQUAL(1u, people.room->end_idle_sessions());
        CPPUNIT_ASSERT_EQUAL(0u, people.room->end_idle_sessions());

        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("human_control_timeout"));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, people.seen("human_control_ended"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.turns().size());
        SessionsOrder all;
        all.active_only = false;
        const Json session = people.sessions(all).first.at("sessions").at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("timed_out"), session.value("status", ""));
        CPPUNIT_ASSERT_EQUAL(7200, session.value("duration", 0));
        CPPUNIT_ASSERT_EQUAL(false, session.at("handoffSuccess").get<bool>());
        expect_refused("400 NOT_UNDER_HUMAN_CONTROL", [&] { people.send(); });
        CPPUNIT_ASSERT(people.join().at("session").at("sessionId") != session.at("sessionId"));
    }

    void what_the_holder_does_keeps_a_session() {
        People people;
        people.join();
        const auto an_hour_and_a_half_later = [&] {
            people.clock.advance(90min);
            CPPUNIT_ASSERT_EQUAL(0u, people.room->end_idle_sessions());
        };
        an_hour_and_a_half_later();
        people.send();
        an_hour_and_a_half_later();
        people.customer_writes("Hello?", false);
        people.process();
        an_hour_and_a_half_later();
        people.transfer("ann", "bob");
        an_hour_and_a_half_later();
        people.send_plain("bob");
        an_hour_and_a_half_later();
        // What the customer writes is nothing that the holder does.
        people.customer_writes("Hello?", false);
        people.clock.advance(30min);
        CPPUNIT_ASSERT_EQUAL(1u, people.room->end_idle_sessions());
    }

    void a_session_times_out_behind_a_restart_too() {
        People people;
        people.join();
        people.clock.advance(two_hours);
        people.open_again();
        CPPUNIT_ASSERT_EQUAL(1u, people.room->end_idle_sessions());
    }

    void the_rooms_own_timer_looks() {
        People people;
        people.join();
        people.clock.advance(two_hours);
        Options often;
        often.look = 1ms;
        people.open_again(often);
        people.room->start();
        const auto patience = std::chrono::steady_clock::now() + 60s;
        while (people.snapshot().session && std::chrono::steady_clock::now() < patience)
            std::this_thread::yield();
        people.room->stop();
        CPPUNIT_ASSERT(!people.snapshot().session);
    }

    void sessions_are_counted_and_paged() {
        People people;
        for (int i = 0; i < 5; ++i) {
            JoinOrder order;
            order.address = "+1555123000" + std::to_string(i);
            people.join(i < 3 ? "ann" : "bob", order);
            people.clock.advance(1s);
        }
        LeaveOrder back;
        back.address = "+15551230000";
        people.leave("ann", back);  // after five seconds
        SessionsOrder order;
        order.limit = 3;
        const auto [first, first_place] = people.sessions(order);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, first.at("sessions").size());
        CPPUNIT_ASSERT_EQUAL(
            Json({{"page", 1}, {"limit", 3}, {"total", 4}, {"pages", 2}, {"hasMore", true}}),
            first_place);
        CPPUNIT_ASSERT_EQUAL(Json({{"total", 5},
                                   {"active", 4},
                                   {"totalAgents", 2},
                                   {"averageDuration", (5 + 4 + 3 + 2 + 1) / 5},
                                   {"totalMessages", 0}}),
                             first.at("stats"));
        order.page = 2;
        const auto [second, second_place] = people.sessions(order);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, second.at("sessions").size());
        CPPUNIT_ASSERT_EQUAL(false, second_place.at("hasMore").get<bool>());
        order.page = 3;
        CPPUNIT_ASSERT(people.sessions(order).first.at("sessions").empty());
        order = {};
        order.active_only = false;
        CPPUNIT_ASSERT_EQUAL(size_t{5}, people.sessions(order).first.at("sessions").size());
    }

    void an_agent_sees_their_own_sessions() {
        People people;
        people.join();
        people.leave();
        people.join();
        JoinOrder other;
        other.address = "+15557654321";
        people.join("bob", other);
        const Json mine =
            Json::parse(people.room->status(people.agent("ann"), "", true)).at("agentSessions");
        CPPUNIT_ASSERT_EQUAL(2, mine.value("total", 0));
        CPPUNIT_ASSERT_EQUAL(1, mine.value("active", 0));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, mine.at("sessions").size());
    }

    void a_session_in_a_list_says_what_it_says_alone() {
        People people;
        people.join();
        people.customer_writes("One", false);
        people.customer_writes("Two", false);
        const Json alone = people.status().at("session");
        CPPUNIT_ASSERT_EQUAL(2, alone.value("customerResponsesPending", 0));
        CPPUNIT_ASSERT(alone.at("leadId").is_string());
        SessionsOrder all;
        all.active_only = false;
        CPPUNIT_ASSERT_EQUAL(alone, people.sessions(all).first.at("sessions").at(0));
        const Json mine =
            Json::parse(people.room->status(people.agent("ann"), "", true)).at("agentSessions");
        CPPUNIT_ASSERT_EQUAL(alone, mine.at("sessions").at(0));
        people.leave();
        const Json ended = people.sessions(all).first.at("sessions").at(0);
        CPPUNIT_ASSERT_EQUAL(alone.at("leadId"), ended.at("leadId"));
        CPPUNIT_ASSERT_EQUAL(0, ended.value("customerResponsesPending", -1));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IdleTest);

}  // namespace tandem::control
