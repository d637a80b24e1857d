#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>
#include <vector>

#include "unit/control/ground.h"

namespace tandem::control {

using testing::Json;
using testing::People;

/// What waits for a human, and whose it is afterwards.
class QueueTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QueueTest);
    CPPUNIT_TEST(what_nobody_answered_before_the_join_is_in_it);
    CPPUNIT_TEST(a_text_of_the_human_answers_what_came_before_it);
    CPPUNIT_TEST(what_is_marked_waits_no_longer);
    CPPUNIT_TEST(marks_of_others_and_of_nothing_do_nothing);
    CPPUNIT_TEST(what_waits_at_the_hand_back_is_one_turn_of_the_ai);
    CPPUNIT_TEST(what_was_dealt_with_is_no_turn);
    CPPUNIT_TEST(without_an_ai_it_waits_for_a_human);
    CPPUNIT_TEST(what_was_written_before_a_long_call_waits);
    CPPUNIT_TEST(what_the_ai_could_not_send_yet_answers_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_nobody_answered_before_the_join_is_in_it() {
        People people;
        people.customer_writes("One");
        people.send_plain("bob", "An answer to it");
        people.customer_writes("Two");
        people.customer_writes("Three");
        CPPUNIT_ASSERT_EQUAL(2, people.join().value("queuedMessages", 0));
        people.customer_writes("Four", false);
        const Json queue = people.queue();
        CPPUNIT_ASSERT_EQUAL(Json::array({"Two", "Three", "Four"}), contents(queue));
        CPPUNIT_ASSERT_EQUAL(3, queue.at("stats").value("total", 0));
        CPPUNIT_ASSERT_EQUAL(3, queue.at("stats").value("customerMessages", 0));
        CPPUNIT_ASSERT_EQUAL(0, queue.at("stats").value("systemMessages", -1));
        CPPUNIT_ASSERT_EQUAL(3, people.status().value("queuedMessages", 0));
    }

    void a_text_of_the_human_answers_what_came_before_it() {
        People people;
        people.join();
        people.customer_writes("One", false);
        people.customer_writes("Two", false);
        people.send();
        people.customer_writes("Three", false);
        CPPUNIT_ASSERT_EQUAL(Json::array({"Three"}), contents(people.queue()));
        const Json all = people.queue(true);
        CPPUNIT_ASSERT_EQUAL(Json::array({"One", "Two", "Three"}), contents(all));
        CPPUNIT_ASSERT_EQUAL(true, all.at("messages").at(0).at("processed").get<bool>());
        CPPUNIT_ASSERT_EQUAL(false, all.at("messages").at(2).at("processed").get<bool>());
        const Json counts = people.leave().at("queuedMessages");
        CPPUNIT_ASSERT_EQUAL(3, counts.value("total", 0));
        CPPUNIT_ASSERT_EQUAL(2, counts.value("processed", 0));
    }

    void what_is_marked_waits_no_longer() {
        People people;
        people.join();
        const std::string one = people.customer_writes("One", false);
        const std::string two = people.customer_writes("Two", false);
        people.customer_writes("Three", false);
        const Json some = people.process("ann", {two});
        CPPUNIT_ASSERT_EQUAL(1, some.value("processedCount", 0));
        CPPUNIT_ASSERT_EQUAL(2, some.value("remainingUnprocessed", 0));
        CPPUNIT_ASSERT_EQUAL(std::string("ann"), some.value("processedBy", ""));
        CPPUNIT_ASSERT_EQUAL(Json::array({"One", "Three"}), contents(people.queue()));
        CPPUNIT_ASSERT_EQUAL(1, people.process("ann", {one}).value("remainingUnprocessed", 0));
        CPPUNIT_ASSERT_EQUAL(1, people.process().value("processedCount", 0));
        CPPUNIT_ASSERT_EQUAL(Json::array(), contents(people.queue()));
        people.customer_writes("Four", false);
        CPPUNIT_ASSERT_EQUAL(Json::array({"Four"}), contents(people.queue()));
    }

    void marks_of_others_and_of_nothing_do_nothing() {
        People people;
        people.join();
        const std::string one = people.customer_writes("One", false);
        const Json none = people.process("ann", {"no-such-message"});
        CPPUNIT_ASSERT_EQUAL(0, none.value("processedCount", -1));
        CPPUNIT_ASSERT_EQUAL(1, none.value("remainingUnprocessed", -1));
        people.process("ann", {one});
        CPPUNIT_ASSERT_EQUAL(0, people.process("ann", {one}).value("processedCount", -1));
        CPPUNIT_ASSERT_EQUAL(0, people.process().value("processedCount", -1));
    }

    void what_waits_at_the_hand_back_is_one_turn_of_the_ai() {
        People people;
        people.join();
        people.customer_writes("One", false);
        const std::string newest = people.customer_writes("Two", false);
        CPPUNIT_ASSERT_MESSAGE("the AI was asked while a human held it", people.turns().empty());
        people.leave();
        const std::vector<store::Owed> turns = people.turns();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, turns.size());
        CPPUNIT_ASSERT_EQUAL(newest, turns.front().subject_id);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the turn stands under another epoch",
                                     people.conversation().control_epoch,
                                     turns.front().control_epoch);
    }

    void what_was_dealt_with_is_no_turn() {
        People people;
        people.join();
        people.customer_writes("One", false);
        people.process();
        people.leave();
        CPPUNIT_ASSERT(people.turns().empty());
        people.join();
        people.customer_writes("Two", false);
        people.send();
        people.leave();
        CPPUNIT_ASSERT(people.turns().empty());
        people.join();
        people.customer_writes("STOP", false);
        people.opts_out();
        people.leave();
        CPPUNIT_ASSERT_MESSAGE("the AI answers one who opted out", people.turns().empty());
    }

    void without_an_ai_it_waits_for_a_human() {
        People people;
        const Person ann = people.alone();
        people.room->join(ann, {People::customer, "custom", "", "", ""});
        domain::Message message;
        message.id = people.ids.next();
        message.address = People::customer;
        message.content = "Hello?";
        message.at = people.clock.now();
        const auto before = people.store->snapshot("bare", People::customer, 1);
        CPPUNIT_ASSERT(before && before->conversation);
        const auto written =
            people.committer->commit({"bare", {}, {*before->conversation, message}});
        CPPUNIT_ASSERT(written && written->kind == store::Outcome::Kind::Committed);
        people.room->leave(ann, {People::customer, "", {}, true, false});
        const auto after = people.store->snapshot("bare", People::customer, 1);
        CPPUNIT_ASSERT(after && after->conversation);
        CPPUNIT_ASSERT_EQUAL(std::string("no_responder"), after->conversation->needs_human);
        CPPUNIT_ASSERT(people.turns().empty());
    }

    void what_was_written_before_a_long_call_waits() {
        People people;
        people.customer_writes("One", false);
        people.talks(300);
        CPPUNIT_ASSERT_EQUAL(1, people.join().value("queuedMessages", 0));
        CPPUNIT_ASSERT_EQUAL(Json::array({"One"}), contents(people.queue()));
        people.leave();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.turns().size());
    }

    void what_the_ai_could_not_send_yet_answers_nothing() {
        People people;
        people.customer_writes("One", false);
        const std::string answer = people.owe_text("An answer", 0);
        store::Status sending;
        sending.message_id = answer;
        sending.delivery = domain::Delivery::Sending;
        sending.at = people.clock.now();
        people.commit({people.conversation(), sending});
        // While the provider is asked nobody knows better than that it is answered.
        people.join();
        CPPUNIT_ASSERT_EQUAL(Json::array(), contents(people.queue()));
        people.leave();
        store::Status failed = sending;
        failed.keep_delivery = true;
        failed.error_code = "429";
        people.commit({failed});
        CPPUNIT_ASSERT_EQUAL(1, people.join().value("queuedMessages", 0));
        CPPUNIT_ASSERT_EQUAL(Json::array({"One"}), contents(people.queue()));
        sending.delivery = domain::Delivery::Sent;
        sending.provider_id = "SM1";
        people.commit({people.conversation(), sending});
        CPPUNIT_ASSERT_EQUAL(Json::array(), contents(people.queue()));
    }

private:
    static Json contents(const Json& queue) {
        Json all = Json::array();
        for (const Json& message : queue.at("messages")) all.push_back(message.at("content"));
        return all;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(QueueTest);

}  // namespace tandem::control
