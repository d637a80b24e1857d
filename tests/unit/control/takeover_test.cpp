#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "unit/control/ground.h"

namespace tandem::control {

namespace {

using testing::expect_refused;
using testing::Json;
using testing::People;

constexpr char held[] = "409 ALREADY_UNDER_HUMAN_CONTROL: Agent ann (ann)";

/// The order of an announcement.
JoinOrder announcing(const std::string& text) {
    JoinOrder order;
    order.custom_message = text;
    return order;
}

}  // namespace

/// Who holds a conversation, and what only they may do.
class TakeoverTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TakeoverTest);
    CPPUNIT_TEST(a_join_takes_the_conversation_and_a_leave_hands_it_back);
    CPPUNIT_TEST(a_stranger_gets_a_lead_and_a_conversation);
    CPPUNIT_TEST(who_joins_again_has_the_same_session);
    CPPUNIT_TEST(of_many_joins_at_one_instant_one_wins);
    CPPUNIT_TEST(without_a_session_there_is_nothing_to_do);
    CPPUNIT_TEST(only_the_holder_acts_and_others_learn_who_it_is);
    CPPUNIT_TEST(by_force_only_an_admin_leaves);
    CPPUNIT_TEST(a_transfer_makes_another_the_holder);
    CPPUNIT_TEST(an_announcement_is_sent_and_answers_nothing);
    CPPUNIT_TEST(an_announcement_that_cannot_be_sent_takes_nothing_over);
    CPPUNIT_TEST(who_opted_out_is_written_nothing);
    CPPUNIT_TEST(a_plain_text_takes_nothing_over);
    CPPUNIT_TEST(a_text_carries_the_name_under_which_its_author_joined);
    CPPUNIT_TEST(a_session_survives_a_restart);
    CPPUNIT_TEST(a_join_names_what_is_on_the_wire_still);
    CPPUNIT_TEST(an_unclaimed_answer_of_the_ai_is_superseded);
    CPPUNIT_TEST(a_lead_of_another_number_is_contradicted);
    CPPUNIT_TEST(without_storage_nobody_is_told_that_they_hold_it);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_join_takes_the_conversation_and_a_leave_hands_it_back() {
        People people;
        people.customer_writes("Anybody?");
        JoinOrder order;
        order.handoff_reason = "escalation";
        const Json joined = people.join("ann", order);
        const Json& session = joined.at("session");
        CPPUNIT_ASSERT_EQUAL(std::string("active"), session.at("status").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::string("escalation"), session.value("handoffReason", ""));
        CPPUNIT_ASSERT_EQUAL(std::string(People::customer), session.value("phoneNumber", ""));
        CPPUNIT_ASSERT(session.at("endTime").is_null() && session.at("summary").is_null());
        CPPUNIT_ASSERT(joined.at("activeCall").is_null() && joined.at("pendingSends").empty());
        CPPUNIT_ASSERT_EQUAL(1, joined.value("queuedMessages", 0));
        CPPUNIT_ASSERT(people.status().at("isUnderHumanControl").get<bool>());

        people.clock.advance(std::chrono::seconds(90));
        LeaveOrder back;
        back.summary = "Wants a red one";
        back.next_steps = {"Order it", "Call back"};
        back.success = false;
        const Json left = people.leave("ann", back).at("session");
        CPPUNIT_ASSERT_EQUAL(std::string("ended"), left.value("status", ""));
        CPPUNIT_ASSERT_EQUAL(90, left.value("duration", 0));
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a red one"), left.value("summary", ""));
        CPPUNIT_ASSERT_EQUAL(Json::array({"Order it", "Call back"}), left.at("nextSteps"));
        CPPUNIT_ASSERT_EQUAL(false, left.at("handoffSuccess").get<bool>());
        CPPUNIT_ASSERT(!people.status().at("isUnderHumanControl").get<bool>());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("human_control_started"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("human_control_ended"));
        // The AI learns from the record what was said and where the human's part ended.
        const std::string line = people.snapshot().messages.back().content;
        for (const char* part : {"handed", "Wants a red one", "Order it", "Call back"})
            CPPUNIT_ASSERT_MESSAGE(line, line.find(part) != std::string::npos);
    }

    void a_stranger_gets_a_lead_and_a_conversation() {
        People people;
        people.join();
        const store::Snapshot now = people.snapshot();
        CPPUNIT_ASSERT(now.lead && now.conversation && now.session);
        CPPUNIT_ASSERT_EQUAL(now.lead->id, now.conversation->lead_id);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("lead_auto_created"));
        people.leave();
        people.join();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("lead_auto_created"));
    }

    void who_joins_again_has_the_same_session() {
        People people;
        const Json first = people.join();
        const Json again = people.join("ann", announcing("Twice?"));
        CPPUNIT_ASSERT_EQUAL(first.at("session").at("sessionId"),
                             again.at("session").at("sessionId"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("human_control_started"));
        CPPUNIT_ASSERT_MESSAGE("a second announcement went out", people.texts().empty());
    }

    void of_many_joins_at_one_instant_one_wins() {
        constexpr int agents = 3, rounds = 20;
        People people;
        std::barrier together(agents);
        std::vector<std::atomic<int>> won(rounds), told(rounds);
        std::vector<std::thread> threads;
        for (int agent = 0; agent < agents; ++agent)
            threads.emplace_back([&, agent] {
                for (int round = 0; round < rounds; ++round) {
                    JoinOrder order;
                    order.address = "+1555123" + std::to_string(1000 + round);
                    order.handoff_reason = "custom";
                    together.arrive_and_wait();
                    const std::string got = testing::refusal([&] {
                        people.room->join(people.agent("a" + std::to_string(agent)), order);
                        ++won[static_cast<size_t>(round)];
                    });
                    if (got.find("409 ALREADY_UNDER_HUMAN_CONTROL: Agent a") == 0)
                        ++told[static_cast<size_t>(round)];
                }
            });
        for (std::thread& thread : threads) thread.join();
        for (size_t round = 0; round < rounds; ++round) {
            CPPUNIT_ASSERT_EQUAL(1, won[round].load());
            CPPUNIT_ASSERT_EQUAL(agents - 1, told[round].load());
        }
        SessionsOrder all;
        all.limit = 200;
        CPPUNIT_ASSERT_EQUAL(size_t{rounds}, people.sessions(all).first.at("sessions").size());
    }

    void without_a_session_there_is_nothing_to_do() {
        People people;
        const std::string none = "400 NOT_UNDER_HUMAN_CONTROL";
        const auto nothing_works = [&] {
            expect_refused(none, [&] { people.send(); });
            expect_refused(none, [&] { people.process(); });
            expect_refused(none, [&] { people.transfer("ann", "bob"); });
            expect_refused(none, [&] { people.leave(); });
        };
        nothing_works();
        CPPUNIT_ASSERT(people.queue().at("sessionId").is_null());
        people.customer_writes("Hello?");
        nothing_works();
        people.join();
        people.leave();
        nothing_works();
        CPPUNIT_ASSERT(people.texts().empty());
    }

    void only_the_holder_acts_and_others_learn_who_it_is() {
        People people;
        people.join();
        people.customer_writes("Hello?", false);
        expect_refused(held, [&] { people.join("bob"); });
        expect_refused(held, [&] { people.send("bob"); });
        expect_refused(held, [&] { people.send_plain("bob"); });
        expect_refused(held, [&] { people.process("bob"); });
        expect_refused(held, [&] { people.transfer("bob", "bob"); });
        expect_refused(held, [&] { people.leave("bob"); });
        CPPUNIT_ASSERT(people.texts().empty());
        CPPUNIT_ASSERT_EQUAL(1, people.queue().at("stats").value("unprocessed", 0));
        people.send();
        people.leave();
    }

    void by_force_only_an_admin_leaves() {
        People people;
        people.join();
        LeaveOrder order;
        order.address = People::customer;
        order.force = true;
        expect_refused(held, [&] { people.room->leave(people.agent("bob"), order); });
        people.room->leave(people.agent("root", true), order);
        CPPUNIT_ASSERT(!people.snapshot().session);
    }

    void a_transfer_makes_another_the_holder() {
        People people;
        const Json joined = people.join();
        const Json passed = people.transfer("ann", "bob").at("session");
        CPPUNIT_ASSERT_EQUAL(joined.at("session").at("sessionId"), passed.at("sessionId"));
        CPPUNIT_ASSERT_EQUAL(std::string("bob"), passed.value("agentId", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("Agent bob"), passed.value("agentName", ""));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.seen("human_control_transferred"));
        expect_refused("Agent bob (bob)", [&] { people.send("ann"); });
        people.send("bob");
        people.leave("bob");
    }

    void an_announcement_is_sent_and_answers_nothing() {
        People people;
        people.customer_writes("Is it open?");
        people.join("ann", announcing("A human is here"));
        const std::vector<store::Owed> owed = people.texts();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, owed.size());
        const domain::Message text = people.message(owed.front().subject_id);
        CPPUNIT_ASSERT_EQUAL(std::string("A human is here"), text.content);
        CPPUNIT_ASSERT_EQUAL(std::string("system"), std::string(domain::word(text.type)));
        CPPUNIT_ASSERT_EQUAL(int64_t{-1}, owed.front().control_epoch);
        CPPUNIT_ASSERT_EQUAL(1, people.queue().at("stats").value("unprocessed", 0));
    }

    void an_announcement_that_cannot_be_sent_takes_nothing_over() {
        People people;
        JoinOrder order = announcing("Hello");
        order.address = People::customer;
        expect_refused("502 PROVIDER_FAILED", [&] { people.room->join(people.alone(), order); });
        people.opts_out();
        expect_refused("409 OPTED_OUT", [&] { people.join("ann", order); });
        CPPUNIT_ASSERT(!people.snapshot().session);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, people.seen("human_control_started"));
        people.join();  // to look at it is no message
    }

    void who_opted_out_is_written_nothing() {
        People people;
        people.join();
        people.opts_out();
        expect_refused("409 OPTED_OUT", [&] { people.send(); });
        people.leave();
        expect_refused("409 OPTED_OUT", [&] { people.send_plain("ann"); });
        CPPUNIT_ASSERT(people.texts().empty());
        CPPUNIT_ASSERT(people.turns().empty());
    }

    void a_plain_text_takes_nothing_over() {
        People people;
        const Json sent = people.send_plain("ann", "We are open");
        CPPUNIT_ASSERT_EQUAL(std::string("queued"), sent.value("status", ""));
        CPPUNIT_ASSERT(!people.snapshot().session);
        CPPUNIT_ASSERT(people.message(sent.at("messageId")).session_id.empty());
        people.customer_writes("And tomorrow?");
        CPPUNIT_ASSERT_MESSAGE("the AI fell silent", people.turns().size() == 1);
        const auto before = people.conversation();
        people.send_plain("ann", "Tomorrow too");
        CPPUNIT_ASSERT_MESSAGE("an answer that was computed before would still be sent",
                               people.conversation().version > before.version);
        // Of the holder it is a text like any other.
        const Json joined = people.join();
        const Json third = people.send_plain("ann", "Goodbye");
        CPPUNIT_ASSERT_EQUAL(joined.at("session").value("sessionId", ""),
                             people.message(third.at("messageId")).session_id);
    }

    void a_text_carries_the_name_under_which_its_author_joined() {
        People people;
        Person ann = people.agent("ann");
        ann.agent_name = "Ann of the shop";
        people.room->join(ann, {People::customer, "custom", "", "", ""});
        const Json sent = people.send();
        CPPUNIT_ASSERT_EQUAL(std::string("Ann of the shop"), sent.value("agentName", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("ann"), sent.value("agentId", ""));
        CPPUNIT_ASSERT_EQUAL(1, sent.at("sessionInfo").value("messageCount", 0));
    }

    void a_session_survives_a_restart() {
        People people;
        const Json joined = people.join("ann", announcing("Hello"));
        people.send();
        people.open_again();
        expect_refused(held, [&] { people.join("bob"); });
        const Json sent = people.send();
        CPPUNIT_ASSERT_EQUAL(joined.at("session").at("sessionId"),
                             sent.at("sessionInfo").at("sessionId"));
        CPPUNIT_ASSERT_EQUAL(3, sent.at("sessionInfo").value("messageCount", 0));
    }

    void a_join_names_what_is_on_the_wire_still() {
        People people;
        people.customer_writes("Hello?");
        Options hurried;
        hurried.patience = Milliseconds{1};
        people.open_again(hurried);
        const int64_t epoch = people.conversation().control_epoch;
        const auto wired =
            people.gate.enter(People::organization, People::customer, epoch, "wired");
        const auto not_yet =
            people.gate.enter(People::organization, People::customer, epoch, "not-yet");
        CPPUNIT_ASSERT(wired->to_wire());
        CPPUNIT_ASSERT_EQUAL(Json::array({"wired"}), people.join().at("pendingSends"));
        CPPUNIT_ASSERT_MESSAGE("the AI spoke behind the join", !not_yet->to_wire());
    }

    void an_unclaimed_answer_of_the_ai_is_superseded() {
        People people;
        people.customer_writes("Hello?");
        people.owe_text("I am the AI", people.conversation().control_epoch);
        CPPUNIT_ASSERT_EQUAL(1, people.join().value("queuedMessages", 0));
    }

    void a_lead_of_another_number_is_contradicted() {
        People people;
        people.join();
        const std::string lead = people.snapshot().lead->id;
        const domain::Organization& own = *people.staffed.by_id(People::organization);
        CPPUNIT_ASSERT_EQUAL(std::string(People::customer),
                             people.room->address_of(own, "(555) 123-4567", lead));
        CPPUNIT_ASSERT_EQUAL(std::string("+15557654321"),
                             people.room->address_of(own, "+15557654321", "their-own-id"));
        expect_refused("400 VALIDATION_FAILED: leadId",
                       [&] { people.room->address_of(own, "+15557654321", lead); });
        expect_refused("400 INVALID_PHONE_NUMBER",
                       [&] { people.room->address_of(own, "911", ""); });
        expect_refused("400 MISSING_PHONE_NUMBER", [&] { people.room->address_of(own, "", ""); });
    }

    void without_storage_nobody_is_told_that_they_hold_it() {
        People people;
        people.committer->stop();
        expect_refused("503 STORAGE_UNAVAILABLE", [&] { people.join(); });
        expect_refused("503 STORAGE_UNAVAILABLE", [&] { people.send_plain("ann"); });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TakeoverTest);

}  // namespace tandem::control
