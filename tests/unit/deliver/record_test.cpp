#include "unit/deliver/sending.h"

namespace tandem::deliver {

/// What became of a text, once its provider said so.
class RecordTest : public Sending {
    CPPUNIT_TEST_SUITE(RecordTest);
    CPPUNIT_TEST(a_refused_text_fails_for_good);
    CPPUNIT_TEST(a_refusal_for_opting_out_is_remembered);
    CPPUNIT_TEST(what_was_certainly_not_sent_is_tried_again_by_the_table);
    CPPUNIT_TEST(a_certificate_that_is_not_believed_three_times_ends_the_text);
    CPPUNIT_TEST(billed_segments_are_counted);
    CPPUNIT_TEST(a_durable_provider_id_is_told);
    CPPUNIT_TEST(a_process_that_died_between_two_tries_changes_nothing);
    CPPUNIT_TEST(a_status_that_is_faster_than_the_receipt_stays);
    CPPUNIT_TEST(a_receipt_is_recorded_once_the_store_is_back);
    CPPUNIT_TEST(a_lapsed_claim_still_records_what_the_provider_said);
    CPPUNIT_TEST(an_id_that_the_provider_gave_twice_does_not_lose_the_outcome);
    CPPUNIT_TEST(who_is_erased_while_it_is_sent_holds_nobody_up);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_refused_text_fails_for_good() {
        channel_->receipts = {ScriptedChannel::of(Kind::Refused)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        const domain::Message message = world_->message(id);
        CPPUNIT_ASSERT(Delivery::Failed == message.delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("30001"), message.error_code);
        CPPUNIT_ASSERT(Texts{"sms_status_update failed"} == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT(!world_->conversation().opted_out);
    }

    void a_refusal_for_opting_out_is_remembered() {
        Receipt receipt = ScriptedChannel::of(Kind::Refused);
        receipt.opted_out = true;
        channel_->receipts = {receipt};
        world_->owe_text("hi", 0);
        work();
        CPPUNIT_ASSERT(world_->conversation().opted_out);
        const Texts expected{"sms_status_update failed", "customer_opted_out"};
        CPPUNIT_ASSERT(expected == world_->events());
    }

    void what_was_certainly_not_sent_is_tried_again_by_the_table() {
        Receipt wish = ScriptedChannel::of(Kind::NotSent);
        wish.retry_after = Milliseconds{20000};
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent), wish};
        const std::string id = world_->owe_text("hi", 0);
        const Time begin = world_->clock.now();
        work();
        CPPUNIT_ASSERT(world_->events().empty());
        auto rows = world_->ever_due(store::OwedKind::Send);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, rows.size());
        CPPUNIT_ASSERT(rows[0].due_at >= begin && rows[0].due_at <= begin + Milliseconds{1000});
        CPPUNIT_ASSERT_EQUAL(std::string("queue overflow"), rows[0].last_error);

        world_->clock.advance(Milliseconds{1000});
        work();
        rows = world_->ever_due(store::OwedKind::Send);
        CPPUNIT_ASSERT(rows.at(0).due_at == world_->clock.now() + Milliseconds{20000});
        world_->clock.advance(Milliseconds{20000});
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_certificate_that_is_not_believed_three_times_ends_the_text() {
        Receipt receipt = ScriptedChannel::of(Kind::NotSent);
        receipt.error_text = "http: TLS: SSL certificate problem: certificate has expired";
        channel_->receipts = {receipt, receipt, receipt};
        const std::string id = world_->owe_text("hi", -1);
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Failed == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("TLS_FAILED"), world_->message(id).error_code);
    }

    void billed_segments_are_counted() {
        Receipt receipt = ScriptedChannel::accepted("SM1");
        receipt.segments = 3;
        channel_->receipts = {receipt};
        world_->owe_text("hi", -1);
        world_->owe_text("hi", -1);
        work();
        CPPUNIT_ASSERT_EQUAL(3.0, metric("tandem_sms_segments_total twilio"));
    }

    void a_durable_provider_id_is_told() {
        const std::string id = world_->owe_text("hi", -1);
        work();
        CPPUNIT_ASSERT(Texts{std::string(World::organization) + " twilio SM1"} == told_);
    }

    void a_process_that_died_between_two_tries_changes_nothing() {
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        const std::string id = world_->owe_text("hi", 0);
        work();
        start("worker-2");
        world_->clock.advance(Milliseconds{1000});
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_status_that_is_faster_than_the_receipt_stays() {
        const std::string id = world_->owe_text("hi", 0);
        channel_->during = [&] {
            store::Status status;
            status.message_id = id;
            status.delivery = Delivery::Delivered;
            status.provider_id = "SM1";
            status.at = world_->clock.now();
            world_->commit({world_->conversation(), status});
        };
        work();
        CPPUNIT_ASSERT(Delivery::Delivered == world_->message(id).delivery);
        CPPUNIT_ASSERT(world_->events().empty());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void a_receipt_is_recorded_once_the_store_is_back() {
        const std::string id = world_->owe_text("hi", 0);
        channel_->during = [&] { unsteady_->failures = 3; };
        work();
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
    }

    void a_lapsed_claim_still_records_what_the_provider_said() {
        const std::string id = world_->owe_text("hi", 0);
        channel_->during = [&] {
            // So slow that another process gave the message up.
            world_->clock.advance(Milliseconds{60001});
            channel_->during = {};
            Sender other(ground(), {{"twilio", channel_}}, options("worker-2"));
            for (const auto& row : world_->due(store::OwedKind::Send)) other.work(row);
            CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        };
        work();
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("SM1"), world_->message(id).provider_id);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
    }

    void an_id_that_the_provider_gave_twice_does_not_lose_the_outcome() {
        channel_->receipts = {ScriptedChannel::accepted("SM7"), ScriptedChannel::accepted("SM7")};
        const std::string first = world_->owe_text("one", -1);
        const std::string second = world_->owe_text("two", -1);
        work();
        CPPUNIT_ASSERT_EQUAL(std::string("SM7"), world_->message(first).provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string(), world_->message(second).provider_id);
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(second).delivery);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void who_is_erased_while_it_is_sent_holds_nobody_up() {
        world_->owe_text("hi", -1);
        int commits_after = 0;
        channel_->during = [&] {
            world_->commit({store::Erase{World::customer, {}}});
            unsteady_->before = [&] { ++commits_after; };
        };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(0, commits_after);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordTest);

}  // namespace tandem::deliver
