#include <stdexcept>

#include "deliver/course.h"
#include "unit/deliver/sending.h"

namespace tandem::deliver {

/// What nobody knows: asked for, and never sent blindly.
class UnknownTest : public Sending {
    CPPUNIT_TEST_SUITE(UnknownTest);
    CPPUNIT_TEST(an_unknown_outcome_is_looked_up_and_never_repeated);
    CPPUNIT_TEST(a_looked_up_acceptance_is_an_acceptance);
    CPPUNIT_TEST(what_the_provider_does_not_have_is_sent_again);
    CPPUNIT_TEST(a_failed_look_up_is_no_answer);
    CPPUNIT_TEST(an_organisation_may_want_unknown_texts_sent_once_more);
    CPPUNIT_TEST(an_unknown_text_is_not_sent_once_more_after_an_opt_out);
    CPPUNIT_TEST(a_status_callback_settles_an_unknown_outcome);
    CPPUNIT_TEST(an_id_from_a_callback_is_an_acceptance);
    CPPUNIT_TEST(a_channel_that_throws_leaves_an_unknown_outcome);
    CPPUNIT_TEST(a_process_that_died_with_a_claim_leaves_an_unknown_outcome);
    CPPUNIT_TEST(a_process_that_died_before_the_wire_loses_nothing);
    CPPUNIT_TEST(a_process_that_died_while_it_looked_up_asks_again);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_unknown_outcome_is_looked_up_and_never_repeated() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        const Time begin = world_->clock.now();
        std::vector<int64_t> asked;
        work();
        while (!world_->ever_due(store::OwedKind::Send).empty()) {
            const size_t before = channel_->looked_up.size();
            until_due();
            CPPUNIT_ASSERT_EQUAL(before + 1, channel_->looked_up.size());
            CPPUNIT_ASSERT_EQUAL(id, channel_->looked_up.back().first);
            CPPUNIT_ASSERT(begin == channel_->looked_up.back().second);
            asked.push_back((world_->clock.now() - begin) / std::chrono::seconds{1});
        }
        CPPUNIT_ASSERT((std::vector<int64_t>{5, 15, 30, 60}) == asked);
        unknown_for_good(id);
        const auto dead = world_->store->owed(World::organization, true, "", 10);
        if (dead) CPPUNIT_ASSERT_EQUAL(id, dead->at(0).subject_id);
    }

    void a_looked_up_acceptance_is_an_acceptance() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        Receipt queued = ScriptedChannel::accepted("SM9");
        queued.delivery = Delivery::Queued;
        channel_->found = {ScriptedChannel::of(Kind::Unknown), queued};
        const std::string id = world_->owe_text("hi", 0);
        work();
        until_due();
        until_due();
        CPPUNIT_ASSERT(Delivery::Sending == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("SM9"), world_->message(id).provider_id);
        const Texts expected{"sms_status_update unknown", "sms_status_update sending"};
        CPPUNIT_ASSERT(expected == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
    }

    void what_the_provider_does_not_have_is_sent_again() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        channel_->found = {ScriptedChannel::of(Kind::NotSent)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        until_due();
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        work();
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        const Texts expected{"sms_status_update unknown", "sms_status_update sent"};
        CPPUNIT_ASSERT(expected == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void a_failed_look_up_is_no_answer() {
        class Throwing : public ScriptedChannel {
        public:
            Receipt look_up(const OutboundMessage&, Time) override {
                throw std::runtime_error("broken");
            }
        };
        channel_ = std::make_shared<Throwing>();
        start("worker-1");
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        to_the_end();
        unknown_for_good(id);
    }

    void an_organisation_may_want_unknown_texts_sent_once_more() {
        insistent_ = true;
        start("worker-1");
        for (int i = 0; i < 5; ++i)
            channel_->receipts.push_back(ScriptedChannel::of(Kind::Unknown));
        const std::string id = world_->owe_text("hi", 0);
        work();
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(size_t{8}, channel_->looked_up.size());
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_outbox_possible_duplicates_total"));
        const auto history = world_->store->status_history(World::organization, id, 100);
        CPPUNIT_ASSERT(history);
        CPPUNIT_ASSERT_EQUAL(
            1l, std::count_if(history->begin(), history->end(),
                              [](const auto& line) { return line.error_code == resent_mark; }));
    }

    void an_unknown_text_is_not_sent_once_more_after_an_opt_out() {
        insistent_ = true;
        start("worker-1");
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        world_->opts_out();
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
    }

    void a_status_callback_settles_an_unknown_outcome() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        store::Status status;
        status.message_id = id;
        status.delivery = Delivery::Delivered;
        status.provider_id = "SM1";
        status.at = world_->clock.now();
        world_->commit({world_->conversation(), status});
        until_due();
        CPPUNIT_ASSERT(channel_->looked_up.empty());
        CPPUNIT_ASSERT(Delivery::Delivered == world_->message(id).delivery);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void an_id_from_a_callback_is_an_acceptance() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        store::Status status;  // the provider said `queued`, which is no step up
        status.message_id = id;
        status.delivery = Delivery::Unknown;
        status.keep_delivery = true;
        status.provider_id = "SM1";
        status.at = world_->clock.now();
        world_->commit({world_->conversation(), status});
        until_due();
        CPPUNIT_ASSERT(channel_->looked_up.empty());
        CPPUNIT_ASSERT(Delivery::Sending == world_->message(id).delivery);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
    }

    void a_channel_that_throws_leaves_an_unknown_outcome() {
        channel_->during = [] { throw std::runtime_error("broken"); };
        const std::string id = world_->owe_text("hi", 0);
        work();
        to_the_end();
        unknown_for_good(id);
    }

    void a_process_that_died_with_a_claim_leaves_an_unknown_outcome() {
        const std::string id = world_->owe_text("hi", 0);
        // It claimed, it handed over, and nothing of what came then was recorded.
        channel_->during = [&] { unsteady_->failures = 1000; };
        work();
        CPPUNIT_ASSERT(Delivery::Sending == world_->message(id).delivery);
        unsteady_->failures = 0;
        channel_->during = {};
        start("worker-2");
        work();
        CPPUNIT_ASSERT(Delivery::Sending == world_->message(id).delivery);  // still claimed
        world_->clock.advance(Milliseconds{60001});
        work();
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        work();  // what the dead process left on the wire may still arrive
        CPPUNIT_ASSERT_EQUAL(size_t{0}, channel_->looked_up.size());
        world_->clock.advance(Milliseconds{2000});
        work();  // what began a minute ago is shown by now
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->looked_up.size());
        to_the_end();
        unknown_for_good(id);
    }

    void a_process_that_died_before_the_wire_loses_nothing() {
        const std::string id = world_->owe_text("hi", 0);
        // Claimed and announced, and that was its last deed.
        store::Status sending;
        sending.message_id = id;
        sending.delivery = Delivery::Sending;
        sending.at = world_->clock.now();
        const std::string row = world_->due(store::OwedKind::Send).at(0).id;
        world_->commit({store::Claim{row, "gone", world_->clock.now() + Milliseconds{60000}},
                        world_->conversation(), sending});
        channel_->found = {ScriptedChannel::of(Kind::NotSent)};
        // The next process ends the leases of those before it.
        CPPUNIT_ASSERT(world_->store->end_leases(world_->clock.now()));
        start("worker-2");
        work();
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->looked_up.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_process_that_died_while_it_looked_up_asks_again() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        const std::string row = world_->ever_due(store::OwedKind::Send).at(0).id;
        world_->clock.advance(std::chrono::seconds{5});
        world_->commit({store::Claim{row, "gone", world_->clock.now() + Milliseconds{60000}}});
        CPPUNIT_ASSERT(world_->store->end_leases(world_->clock.now()));
        start("worker-2");
        channel_->found = {ScriptedChannel::accepted("SM1")};
        work();
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(UnknownTest);

}  // namespace tandem::deliver
