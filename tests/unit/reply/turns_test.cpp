#include "reply/turns.h"

#include <cppunit/TestFixture.h>

#include <algorithm>
#include <stdexcept>

#include "deliver/outbox.h"
#include "unit/deliver/world.h"

namespace tandem::reply {

namespace {

using domain::Delivery;
using testing::ScriptedChannel;
using testing::World;
using Texts = std::vector<std::string>;

/// Answers as scripted, once for each turn, then always the same.
class ScriptedAi : public TurnResponder {
public:
    const std::string& instance() const override { return instance_; }
    Result<Answer> respond(const Turn& turn) override {
        turns.push_back(turn);
        if (during) during();
        if (answers.empty()) return Answer{"Yes, we do.", {}};
        Result<Answer> next = answers.front();
        answers.erase(answers.begin());
        return next;
    }
    std::vector<Turn> turns;
    std::vector<Result<Answer>> answers;
    std::function<void()> during;  // called while the AI thinks

private:
    std::string instance_ = "ai";
};

const Error away{Code::Unavailable, "away"};

}  // namespace

class TurnsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TurnsTest);
    CPPUNIT_TEST(an_answer_is_committed_shown_and_owed_at_once);
    CPPUNIT_TEST(each_message_of_the_ai_has_its_audit_line);
    CPPUNIT_TEST(texts_that_nobody_answered_are_one_turn);
    CPPUNIT_TEST(keywords_of_the_provider_are_not_answered);
    CPPUNIT_TEST(a_turn_without_anything_to_answer_is_silent);
    CPPUNIT_TEST(no_turn_is_taken_while_a_human_holds_the_conversation);
    CPPUNIT_TEST(no_turn_is_taken_after_an_opt_out);
    CPPUNIT_TEST(a_turn_of_before_a_takeover_is_stale_after_hand_back);
    CPPUNIT_TEST(an_answer_that_comes_after_a_join_is_kept_as_a_draft);
    CPPUNIT_TEST(an_answer_that_comes_after_join_and_leave_is_kept_as_a_draft);
    CPPUNIT_TEST(an_answer_that_a_human_was_faster_than_is_kept_as_a_draft);
    CPPUNIT_TEST(a_text_that_comes_while_the_ai_thinks_is_answered_too);
    CPPUNIT_TEST(a_customer_who_never_rests_is_answered_later);
    CPPUNIT_TEST(a_change_that_is_no_text_does_not_ask_the_ai_again);
    CPPUNIT_TEST(a_failure_is_tried_once_more);
    CPPUNIT_TEST(two_failures_ask_for_a_human);
    CPPUNIT_TEST(a_question_that_is_called_wrong_is_not_asked_again);
    CPPUNIT_TEST(an_ai_that_throws_or_says_nothing_has_failed);
    CPPUNIT_TEST(an_ai_may_ask_for_a_human);
    CPPUNIT_TEST(without_an_ai_or_a_channel_a_human_is_needed);
    CPPUNIT_TEST(an_answer_ends_the_need_that_a_failure_made);
    CPPUNIT_TEST(a_turn_that_an_operator_drops_waits_for_a_human);
    CPPUNIT_TEST(a_turn_that_nobody_waits_for_is_dropped_in_silence);
    CPPUNIT_TEST(long_answers_are_several_messages_in_order);
    CPPUNIT_TEST(a_process_that_died_while_the_ai_thought_asks_again);
    CPPUNIT_TEST(a_process_that_ends_leaves_the_turn_to_the_next);
    CPPUNIT_TEST(a_turn_that_never_ends_is_given_up);
    CPPUNIT_TEST(a_turn_that_somebody_else_holds_is_left_alone);
    CPPUNIT_TEST(an_answer_without_its_claim_is_dropped);
    CPPUNIT_TEST(a_text_that_merges_into_the_row_is_not_lost);
    CPPUNIT_TEST(a_text_before_a_long_call_is_answered);
    CPPUNIT_TEST(an_answer_is_not_lost_behind_a_call_that_was_recorded_meanwhile);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        world_ = std::make_unique<World>();
        ai_ = std::make_shared<ScriptedAi>();
        channel_ = std::make_shared<ScriptedChannel>();
        start("worker-1");
    }
    void tearDown() override {
        turns_.reset();
        world_.reset();
    }

    void an_answer_is_committed_shown_and_owed_at_once() {
        world_->customer_writes("Do you have racing bikes?");
        work();
        const Turn& turn = ai_->turns.at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("Do you have racing bikes?"), turn.text);
        CPPUNIT_ASSERT_EQUAL(std::string(World::customer), turn.customer);
        CPPUNIT_ASSERT_EQUAL(size_t{9}, turn.variables.size());
        CPPUNIT_ASSERT_EQUAL(std::string("No previous conversation"), turn.variables[0].second);

        const domain::Message message = world_->snapshot().messages.back();
        CPPUNIT_ASSERT_EQUAL(std::string("Yes, we do."), message.content);
        CPPUNIT_ASSERT(domain::Author::Ai == message.author);
        CPPUNIT_ASSERT(Delivery::Queued == message.delivery);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, message.control_epoch);
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        const auto sends = world_->due(store::OwedKind::Send);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sends.size());
        CPPUNIT_ASSERT_EQUAL(message.id, sends[0].subject_id);
        CPPUNIT_ASSERT_EQUAL(std::string("twilio"), sends[0].instance);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, sends[0].control_epoch);
        CPPUNIT_ASSERT(sends[0].expires_at == world_->clock.now() + std::chrono::hours{4});
        nothing_owed();
    }

    void texts_that_nobody_answered_are_one_turn() {
        world_->customer_writes("one");
        work();
        world_->customer_writes("two");
        world_->customer_writes("three");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::AiTurn).size());
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        CPPUNIT_ASSERT_EQUAL(std::string("two\nthree"), ai_->turns[1].text);
        CPPUNIT_ASSERT_EQUAL(std::string("Customer: one\nAI Agent: Yes, we do."),
                             ai_->turns[1].variables[0].second);
    }

    void keywords_of_the_provider_are_not_answered() {
        world_->customer_writes("STOP", false);
        world_->customer_writes("start", false);
        world_->customer_writes("help");
        work();
        CPPUNIT_ASSERT(ai_->turns.empty());
        world_->customer_writes("Yes");
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("Yes"), ai_->turns.at(0).text);
    }

    void a_turn_without_anything_to_answer_is_silent() {
        world_->customer_writes("one");
        world_->owe_text("answered by a human", -1);
        work();
        silent();
    }

    void no_turn_is_taken_while_a_human_holds_the_conversation() {
        world_->customer_writes("one", false);
        world_->joins();
        world_->commit({store::Owe{world_->turn(1, "x")}});
        work();
        silent();
    }

    void no_turn_is_taken_after_an_opt_out() {
        world_->customer_writes("one");
        world_->opts_out();
        work();
        silent();
    }

    void a_turn_of_before_a_takeover_is_stale_after_hand_back() {
        world_->customer_writes("one");
        world_->joins();
        world_->leaves();
        work();
        silent();
        world_->commit({store::Owe{world_->turn(2, "x")}});  // what hand-back owes
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
    }

    void an_answer_that_comes_after_a_join_is_kept_as_a_draft() {
        world_->customer_writes("one");
        ai_->during = [&] { world_->joins(); };
        work();
        kept_as_draft();
        CPPUNIT_ASSERT_EQUAL(1.0, world_->metrics.value("tandem_ai_replies_fenced_total"));
    }

    void an_answer_that_comes_after_join_and_leave_is_kept_as_a_draft() {
        world_->customer_writes("one");
        ai_->during = [&] {
            world_->joins();
            world_->leaves();
        };
        work();
        kept_as_draft();
    }

    void an_answer_that_a_human_was_faster_than_is_kept_as_a_draft() {
        world_->customer_writes("one");
        ai_->during = [&] { world_->owe_text("I am faster", -1); };
        work();
        const domain::Message draft = world_->snapshot().messages.back();
        CPPUNIT_ASSERT(Delivery::Superseded == draft.delivery);
        CPPUNIT_ASSERT(world_->events().empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::Send).size());
        nothing_owed();
    }

    void a_text_that_comes_while_the_ai_thinks_is_answered_too() {
        world_->customer_writes("one");
        ai_->during = [&] {
            ai_->during = {};
            world_->customer_writes("two");
        };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo"), ai_->turns[1].text);
        CPPUNIT_ASSERT(ai_->turns[0].turn_id != ai_->turns[1].turn_id);
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        work();  // the second text's own row
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        nothing_owed();
    }

    void a_customer_who_never_rests_is_answered_later() {
        world_->customer_writes("one");
        ai_->during = [&] { world_->customer_writes("more"); };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, ai_->turns.size());
        CPPUNIT_ASSERT(world_->events().empty());
        ai_->during = {};
        world_->clock.advance(Milliseconds{1500});
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("one\nmore\nmore\nmore"), ai_->turns.back().text);
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        nothing_owed();
    }

    void a_change_that_is_no_text_does_not_ask_the_ai_again() {
        world_->customer_writes("one");
        ai_->during = [&] { world_->commit({world_->conversation()}); };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        nothing_owed();
    }

    void a_failure_is_tried_once_more() {
        ai_->answers = {away};
        world_->customer_writes("one");
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        CPPUNIT_ASSERT_EQUAL(ai_->turns[0].turn_id, ai_->turns[1].turn_id);
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
    }

    void each_message_of_the_ai_has_its_audit_line() {
        world_->customer_writes("one");
        work();
        const auto lines = world_->store->audit(World::organization, "", 10);
        CPPUNIT_ASSERT_MESSAGE(lines ? "" : lines.error().text, lines);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, lines->size());
        const store::AuditLine& line = lines->at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("ai send"), line.actor + ' ' + line.action);
        CPPUNIT_ASSERT_EQUAL(world_->snapshot().messages.back().id, line.subject);
        CPPUNIT_ASSERT_EQUAL(std::string(World::customer), line.address);
    }

    void two_failures_ask_for_a_human() {
        ai_->answers = {away, away};
        world_->customer_writes("one");
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        needs("responder_failed");
        ai_->answers = {away, away};
        world_->customer_writes("two");
        work();
        needs("responder_failed");  // said once
    }

    void a_question_that_is_called_wrong_is_not_asked_again() {
        ai_->answers = {Error{Code::Invalid, "the text is too long"}};
        world_->customer_writes("one");
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        needs("responder_failed");
    }

    void an_ai_that_throws_or_says_nothing_has_failed() {
        ai_->answers = {Answer{" \x01 ", {}}};
        ai_->during = [&] {
            if (ai_->turns.size() == 2) throw std::runtime_error("broken");
        };
        world_->customer_writes("one");
        work();
        needs("responder_failed");
    }

    void an_ai_may_ask_for_a_human() {
        ai_->answers = {Answer{"A colleague will call you.", "wants a refund"}};
        world_->customer_writes("I want my money back");
        work();
        const Texts expected{"ai_message_sent", "needs_human"};
        CPPUNIT_ASSERT(expected == world_->events());
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), world_->conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::Send).size());

        ai_->answers = {Answer{"", "again"}};
        world_->customer_writes("now");
        work();
        CPPUNIT_ASSERT(expected == world_->events());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::Send).size());
        nothing_owed();
    }

    void without_an_ai_or_a_channel_a_human_is_needed() {
        turns_ = std::make_unique<Turns>(ground(), Turns::Responders{}, channels(), options("w"));
        world_->customer_writes("one");
        work();
        needs("no_responder");
        turns_ = std::make_unique<Turns>(ground(), responders(), Turns::Channels{}, options("w"));
        world_->customer_writes("two");
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("no_channel"), world_->conversation().needs_human);
        CPPUNIT_ASSERT(ai_->turns.empty());
        nothing_owed();
    }

    void an_answer_ends_the_need_that_a_failure_made() {
        ai_->answers = {away, away};
        world_->customer_writes("one");
        work();
        world_->customer_writes("two");
        work();
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->conversation().needs_human);
        CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo"), ai_->turns.back().text);
    }

    void a_turn_that_an_operator_drops_waits_for_a_human() {
        world_->customer_writes("one");
        drop();
        needs("dropped");
        CPPUNIT_ASSERT(ai_->turns.empty());
        // The next answer is to all that nobody answered.
        world_->customer_writes("two");
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo"), ai_->turns.back().text);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->conversation().needs_human);
    }

    void a_turn_that_nobody_waits_for_is_dropped_in_silence() {
        world_->customer_writes("one");
        world_->joins();
        drop();
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->conversation().needs_human);
        CPPUNIT_ASSERT(world_->events().empty());
        nothing_owed();
    }

    void long_answers_are_several_messages_in_order() {
        channel_->units = 20;
        ai_->answers = {Answer{"We open at nine. Do come and see us. Bye.", {}}};
        world_->customer_writes("one");
        work();
        const Texts expected{"ai_message_sent", "ai_message_sent", "ai_message_sent"};
        CPPUNIT_ASSERT(expected == world_->events());
        world_->clock.advance(Milliseconds{10});
        Texts texts;
        for (const auto& row : world_->due(store::OwedKind::Send))
            texts.push_back(world_->message(row.subject_id).content);
        const Texts parts{"We open at nine.", "Do come and see us.", "Bye."};
        CPPUNIT_ASSERT(parts == texts);
    }

    void a_process_that_died_while_the_ai_thought_asks_again() {
        world_->customer_writes("one");
        claim_as("dead");
        work();
        CPPUNIT_ASSERT(ai_->turns.empty());
        world_->clock.advance(Milliseconds{75001});
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        nothing_owed();
    }

    void a_process_that_ends_leaves_the_turn_to_the_next() {
        world_->customer_writes("one");
        ai_->answers = {away, away};
        ai_->during = [&] { turns_->stop(); };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        CPPUNIT_ASSERT(world_->events().empty());
        ai_->during = {};
        ai_->answers.clear();
        start("worker-2");
        world_->clock.advance(Milliseconds{1500});
        work();
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
    }

    void a_turn_that_never_ends_is_given_up() {
        world_->customer_writes("one");
        for (int i = 0; i < 3; ++i) {
            claim_as("dead");
            world_->clock.advance(Milliseconds{75001});
        }
        work();
        CPPUNIT_ASSERT(ai_->turns.empty());
        needs("responder_failed");
    }

    void a_turn_that_somebody_else_holds_is_left_alone() {
        world_->customer_writes("one");
        const store::Owed row = world_->due(store::OwedKind::AiTurn).at(0);
        claim_as("other");
        turns_->work(row);
        CPPUNIT_ASSERT(ai_->turns.empty());
    }

    void an_answer_without_its_claim_is_dropped() {
        world_->customer_writes("one");
        ai_->during = [&] {
            // So slow that another process took the row, and answers.
            ai_->during = {};
            world_->clock.advance(Milliseconds{75001});
            Turns other(ground(), responders(), channels(), options("worker-2"));
            for (const auto& row : world_->due(store::OwedKind::AiTurn)) other.work(row);
        };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ai_->turns.size());
        CPPUNIT_ASSERT(Texts{"ai_message_sent"} == world_->events());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, world_->snapshot().messages.size());
    }

    void a_text_that_merges_into_the_row_is_not_lost() {
        world_->customer_writes("one");
        world_->owe_text("answered by a human", -1);
        // Judged as answered; before that is committed, the customer writes again.
        class Interrupted : public store::Committer {
        public:
            explicit Interrupted(World& world) : world_(world) {}
            bool submit(store::ChangeSet, Done) override { return false; }
            Result<store::Outcome> commit(store::ChangeSet set) override {
                if (!std::exchange(written_, true)) world_.customer_writes("two");
                return world_.committer->commit(std::move(set));
            }

        private:
            World& world_;
            bool written_ = false;
        } interrupted(*world_);
        Ground between = ground();
        between.committer = &interrupted;
        Turns turns(between, responders(), channels(), options("worker-1"));
        for (const auto& row : world_->due(store::OwedKind::AiTurn)) turns.work(row);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        CPPUNIT_ASSERT_EQUAL(std::string("two"), ai_->turns[0].text);
    }

    void a_text_before_a_long_call_is_answered() {
        world_->customer_writes("Open today?");
        world_->talks(300);
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("Open today?"), ai_->turns.at(0).text);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::Send).size());
        nothing_owed();
        // What was answered before a call is over.
        world_->talks(300);
        const auto stale = world_->turn(0, "");
        world_->commit({store::Owe{stale}});
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
    }

    void an_answer_is_not_lost_behind_a_call_that_was_recorded_meanwhile() {
        world_->customer_writes("Open today?");
        ai_->during = [&] { world_->talks(300); };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, ai_->turns.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, world_->due(store::OwedKind::Send).size());
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->conversation().needs_human);
        nothing_owed();
    }

private:
    Ground ground() { return {world_->ground()}; }
    Turns::Responders responders() { return {{"ai", ai_}}; }
    Turns::Channels channels() { return {{"twilio", channel_}}; }
    static TurnOptions options(const std::string& worker) {
        TurnOptions options;
        options.worker = worker;
        return options;
    }
    void start(const std::string& worker) {
        turns_ = std::make_unique<Turns>(ground(), responders(), channels(), options(worker));
    }
    void work() {
        for (const auto& row : world_->due(store::OwedKind::AiTurn)) turns_->work(row);
    }
    /// As an operator.
    void drop() {
        deliver::Outbox::Ground ground{
            world_->store.get(), world_->committer.get(), &world_->clock, &world_->ids, {}};
        ground.end_turn = [this](const store::Owed& owed, store::ChangeSet& set) {
            return turns_->dropped(owed, set);
        };
        const auto done = deliver::Outbox(ground).drop(
            World::organization, world_->due(store::OwedKind::AiTurn).at(0).id, "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
    }
    void claim_as(const std::string& worker) {
        const store::Owed row = world_->due(store::OwedKind::AiTurn).at(0);
        world_->commit({store::Claim{row.id, worker, world_->clock.now() + Milliseconds{75000}}});
    }

    void nothing_owed() { CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::AiTurn).empty()); }
    void silent() {
        CPPUNIT_ASSERT(ai_->turns.empty());
        CPPUNIT_ASSERT(world_->events().empty());
        nothing_owed();
    }
    void needs(const std::string& reason) {
        CPPUNIT_ASSERT(Texts{"needs_human"} == world_->events());
        CPPUNIT_ASSERT_EQUAL(reason, world_->conversation().needs_human);
        nothing_owed();
    }
    void kept_as_draft() {
        const domain::Message draft = world_->snapshot().messages.back();
        CPPUNIT_ASSERT(Delivery::Superseded == draft.delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("Yes, we do."), draft.content);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, draft.control_epoch);
        CPPUNIT_ASSERT(world_->events().empty());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        nothing_owed();
    }

    std::unique_ptr<World> world_;
    std::shared_ptr<ScriptedAi> ai_;
    std::shared_ptr<ScriptedChannel> channel_;
    std::unique_ptr<Turns> turns_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TurnsTest);

}  // namespace tandem::reply
