#include "unit/deliver/sending.h"

namespace tandem::deliver {

/// From a due row to the wire.
class SenderTest : public Sending {
    CPPUNIT_TEST_SUITE(SenderTest);
    CPPUNIT_TEST(an_accepted_text_is_recorded_once_with_the_providers_id);
    CPPUNIT_TEST(the_provider_gets_everything_it_needs);
    CPPUNIT_TEST(a_text_that_cannot_be_sent_in_time_expires);
    CPPUNIT_TEST(a_provider_that_was_away_for_a_day_gets_nothing_late);
    CPPUNIT_TEST(a_wrong_account_loses_nothing_and_holds_everything);
    CPPUNIT_TEST(a_broken_provider_is_left_alone_and_probed);
    CPPUNIT_TEST(an_instance_has_its_pace);
    CPPUNIT_TEST(after_an_opt_out_nothing_is_sent);
    CPPUNIT_TEST(an_opt_out_between_look_and_claim_stops_the_text);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_before_the_claim);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_between_look_and_claim);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_between_claim_and_wire);
    CPPUNIT_TEST(a_takeover_names_what_is_on_the_wire);
    CPPUNIT_TEST(a_takeover_waits_for_the_provider_and_not_for_our_record);
    CPPUNIT_TEST(a_humans_text_passes_the_fence);
    CPPUNIT_TEST(a_claim_that_somebody_else_holds_is_left_alone);
    CPPUNIT_TEST(an_erased_message_is_not_looked_for_for_ever);
    CPPUNIT_TEST(parts_of_an_answer_keep_their_order_over_retries);
    CPPUNIT_TEST(parts_of_an_answer_keep_their_order_behind_a_long_call);
    CPPUNIT_TEST(parts_that_wait_in_an_outage_leave_the_store_alone);
    CPPUNIT_TEST(what_a_callback_named_is_not_sent_again);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_accepted_text_is_recorded_once_with_the_providers_id() {
        const std::string id = world_->owe_text("hi", 0);
        work();
        const domain::Message message = world_->message(id);
        CPPUNIT_ASSERT(Delivery::Sent == message.delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("SM1"), message.provider_id);
        CPPUNIT_ASSERT(Texts{"sms_status_update sent"} == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_outbox_attempts_total twilio accepted"));
    }

    void the_provider_gets_everything_it_needs() {
        const std::string id = world_->owe_text("hi", -1);
        Delivery meanwhile = Delivery::Unknown;
        channel_->during = [&] { meanwhile = world_->message(id).delivery; };
        work();
        CPPUNIT_ASSERT(Delivery::Sending == meanwhile);
        const OutboundMessage& sent = channel_->sent.at(0);
        CPPUNIT_ASSERT_EQUAL(id, sent.message_id);
        CPPUNIT_ASSERT_EQUAL(std::string("+15550001111"), sent.from);
        CPPUNIT_ASSERT_EQUAL(std::string(World::customer), sent.to);
        CPPUNIT_ASSERT_EQUAL(std::string("hi"), sent.text);
        CPPUNIT_ASSERT_EQUAL(std::string("https://gw/api/webhooks/twilio/sms/status"),
                             sent.status_url);
        CPPUNIT_ASSERT_EQUAL(int64_t{15000}, static_cast<int64_t>(sent.deadline.count()));
    }

    void a_text_that_cannot_be_sent_in_time_expires() {
        for (int i = 0; i < 30; ++i)
            channel_->receipts.push_back(ScriptedChannel::of(Kind::NotSent));
        const std::string id = world_->owe_text("hi", 0);
        const Time end = world_->clock.now() + std::chrono::hours{4};
        while (!world_->ever_due(store::OwedKind::Send).empty()) {
            const Time due = world_->ever_due(store::OwedKind::Send).front().due_at;
            CPPUNIT_ASSERT(due <= end);
            world_->clock.advance(std::max(Milliseconds{0}, due - world_->clock.now()));
            work();
        }
        CPPUNIT_ASSERT(Delivery::Expired == world_->message(id).delivery);
        CPPUNIT_ASSERT(world_->clock.now() == end);
        CPPUNIT_ASSERT(Texts{"sms_status_update expired"} == world_->events());
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_outbox_expired_total"));
    }

    void a_provider_that_was_away_for_a_day_gets_nothing_late() {
        const Time back = world_->clock.now() + std::chrono::hours{26};
        channel_->during = [&] {
            if (world_->clock.now() < back)
                channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        };
        Texts ids;
        for (int i = 0; i < 20; ++i) ids.push_back(world_->owe_text("hi", -1));
        work();
        while (!world_->ever_due(store::OwedKind::Send).empty()) until_due();
        world_->clock.milliseconds = back.time_since_epoch().count();
        work();
        for (const auto& id : ids)
            CPPUNIT_ASSERT(Delivery::Expired == world_->message(id).delivery);
        // It was probed, and by a few rows at a time.
        CPPUNIT_ASSERT(channel_->sent.size() < 4 * 360 + 50);
        const size_t before = channel_->sent.size();
        const std::string fresh = world_->owe_text("hi", -1);
        for (int i = 0; i < 3; ++i) {
            world_->clock.advance(std::chrono::seconds{10});
            work();
        }
        CPPUNIT_ASSERT_EQUAL(before + 1, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(fresh).delivery);
    }

    void a_wrong_account_loses_nothing_and_holds_everything() {
        Receipt refused = ScriptedChannel::of(Kind::Refused);
        refused.account_refused = true;
        channel_->receipts = {refused};
        const std::string first = world_->owe_text("one", -1);
        const std::string second = world_->owe_text("two", -1);
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(std::string("twilio refuses the account, its messages wait"),
                             sender_->trouble());
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_provider_account_refusals_total twilio"));
        for (int i = 0; i < 55; ++i) {
            world_->clock.advance(std::chrono::seconds{1});
            work();
        }
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        for (int i = 0; i < 10; ++i) {
            world_->clock.advance(std::chrono::seconds{1});
            work();
        }
        to_the_end();
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(first).delivery);
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(second).delivery);
        CPPUNIT_ASSERT_EQUAL(std::string(), sender_->trouble());
    }

    void a_broken_provider_is_left_alone_and_probed() {
        for (int i = 0; i < 6; ++i)
            channel_->receipts.push_back(ScriptedChannel::of(Kind::NotSent));
        for (int i = 0; i < 8; ++i) world_->owe_text("hi", -1);
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{5}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(std::string("twilio does not work, its messages wait"),
                             sender_->trouble());
        CPPUNIT_ASSERT_EQUAL(3.0, metric("tandem_outbox_postponed_total twilio circuit"));
        // Those that waited were not tried: it is no attempt of theirs.
        for (const auto& row : world_->ever_due(store::OwedKind::Send))
            CPPUNIT_ASSERT(row.attempts == 1 ||
                           row.due_at >= world_->clock.now() + std::chrono::seconds{10});
        world_->clock.advance(std::chrono::milliseconds{10500});
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{6}, channel_->sent.size());
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{6 + 8}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(std::string(), sender_->trouble());
    }

    void an_instance_has_its_pace() {
        outlet_ = {2, 2};
        start("worker-1");
        for (int i = 0; i < 6; ++i) world_->owe_text("hi", -1);
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        for (const size_t sent : {4, 6}) {
            world_->clock.advance(std::chrono::seconds{1});
            work();
            CPPUNIT_ASSERT_EQUAL(sent, channel_->sent.size());
        }
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(4.0, metric("tandem_outbox_postponed_total twilio pace"));
    }

    void after_an_opt_out_nothing_is_sent() {
        const std::string ai = world_->owe_text("hi", 0);
        const std::string human = world_->owe_text("hello", -1);
        world_->opts_out();
        work();
        CPPUNIT_ASSERT(channel_->sent.empty());
        for (const auto& id : {ai, human}) {
            CPPUNIT_ASSERT(Delivery::Failed == world_->message(id).delivery);
            CPPUNIT_ASSERT_EQUAL(std::string("OPTED_OUT"), world_->message(id).error_code);
        }
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void an_opt_out_between_look_and_claim_stops_the_text() {
        const std::string id = world_->owe_text("hi", -1);
        unsteady_->before = [&] { world_->opts_out(); };
        work();
        CPPUNIT_ASSERT(channel_->sent.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("OPTED_OUT"), world_->message(id).error_code);
    }

    void the_fence_stops_an_ai_text_before_the_claim() {
        const std::string id = world_->owe_text("hi", 0);
        world_->joins();
        work();
        fenced(id);
    }

    void the_fence_stops_an_ai_text_between_look_and_claim() {
        const std::string id = world_->owe_text("hi", 0);
        unsteady_->before = [&] { world_->joins(); };
        work();
        fenced(id);
    }

    void the_fence_stops_an_ai_text_between_claim_and_wire() {
        // The claim of this sender commits, and before it reaches the wire a takeover does too.
        class Joining : public Unsteady {
        public:
            using Unsteady::Unsteady;
            Result<store::Outcome> commit(store::ChangeSet set) override {
                auto outcome = Unsteady::commit(std::move(set));
                if (after) std::exchange(after, {})();
                return outcome;
            }
            std::function<void()> after;
        };
        auto joining = std::make_unique<Joining>(*world_->committer);
        joining->after = [&] {
            world_->joins();
            const auto pending =
                gate_.close(World::organization, World::customer, 1, Milliseconds{0});
            CPPUNIT_ASSERT(pending.empty());
        };
        unsteady_ = std::move(joining);
        start("worker-1");
        const std::string id = world_->owe_text("hi", 0);
        work();
        fenced(id);
    }

    void a_takeover_names_what_is_on_the_wire() {
        const std::string id = world_->owe_text("hi", 0);
        Texts pending;
        channel_->during = [&] {
            world_->joins();
            pending = gate_.close(World::organization, World::customer, 1, Milliseconds{1});
        };
        work();
        CPPUNIT_ASSERT(Texts{id} == pending);
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
        CPPUNIT_ASSERT(
            gate_.close(World::organization, World::customer, 9, Milliseconds{0}).empty());
    }

    void a_takeover_waits_for_the_provider_and_not_for_our_record() {
        const std::string id = world_->owe_text("hi", 0);
        Texts pending{"nobody asked"};
        when_recorded_ = [&] {
            pending = gate_.close(World::organization, World::customer, 1, Milliseconds{0});
        };
        work();
        CPPUNIT_ASSERT(Texts{} == pending);
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_humans_text_passes_the_fence() {
        world_->joins();
        const std::string id = world_->owe_text("hi", -1);
        Texts pending{"nobody asked"};
        channel_->during = [&] {
            pending = gate_.close(World::organization, World::customer, 99, Milliseconds{0});
        };
        work();
        CPPUNIT_ASSERT(pending.empty());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_claim_that_somebody_else_holds_is_left_alone() {
        world_->owe_text("hi", 0);
        const store::Owed row = world_->due(store::OwedKind::Send).at(0);
        world_->commit({store::Claim{row.id, "other", world_->clock.now() + Milliseconds{1000}}});
        sender_->work(row);
        CPPUNIT_ASSERT(channel_->sent.empty());
    }

    void an_erased_message_is_not_looked_for_for_ever() {
        store::Owed owed;
        owed.id = world_->ids.next();
        owed.address = World::customer;
        owed.instance = "twilio";
        owed.subject_id = "gone";
        owed.due_at = world_->clock.now();
        world_->commit({store::Owe{owed}});
        work();
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void parts_of_an_answer_keep_their_order_over_retries() {
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        world_->owe_text("one", 0);
        world_->owe_text("two", 0);
        work();
        world_->clock.advance(Milliseconds{2000});
        work();
        world_->clock.advance(Milliseconds{2000});
        work();
        Texts texts;
        for (const auto& message : channel_->sent) texts.push_back(message.text);
        const Texts expected{"one", "one", "two"};
        CPPUNIT_ASSERT(expected == texts);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void parts_of_an_answer_keep_their_order_behind_a_long_call() {
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        world_->owe_text("one", 0);
        world_->owe_text("two", 0);
        world_->talks(40);
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(std::string("two"), channel_->sent.back().text);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, channel_->sent.size());
    }

    void parts_that_wait_in_an_outage_leave_the_store_alone() {
        for (int i = 0; i < 100; ++i)
            channel_->receipts.push_back(ScriptedChannel::of(Kind::NotSent));
        world_->owe_text("one", 0);
        const std::string second = world_->owe_text("two", 0);
        int waits = 0;
        const Time end = world_->clock.now() + std::chrono::hours{1};
        while (world_->clock.now() < end) {
            for (const auto& row : world_->due(store::OwedKind::Send)) {
                waits += row.subject_id == second;
                sender_->work(row);
            }
            world_->clock.advance(Milliseconds{1000});
        }
        CPPUNIT_ASSERT_MESSAGE(std::to_string(waits), waits > 50 && waits < 200);
    }

    void what_a_callback_named_is_not_sent_again() {
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        const std::string id = world_->owe_text("hi", -1);
        work();
        store::Status line;
        line.message_id = id;
        line.delivery = Delivery::Sending;
        line.keep_delivery = true;
        line.provider_id = "SM9";
        line.at = world_->clock.now();
        world_->commit({world_->conversation(), line});
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sending == world_->message(id).delivery);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SenderTest);

}  // namespace tandem::deliver
