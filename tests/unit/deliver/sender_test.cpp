#include "deliver/sender.h"

#include <cppunit/TestFixture.h>

#include <algorithm>

#include "deliver/course.h"
#include "unit/deliver/world.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;
using testing::ScriptedChannel;
using testing::World;
using Kind = Receipt::Kind;
using Texts = std::vector<std::string>;

/// Fails the next commits, as a store does that is away.
class Unsteady : public store::Committer {
public:
    explicit Unsteady(store::Committer& behind) : behind_(behind) {}
    bool submit(store::ChangeSet set, Done done) override {
        return behind_.submit(std::move(set), std::move(done));
    }
    Result<store::Outcome> commit(store::ChangeSet set) override {
        if (before) std::exchange(before, {})();
        if (failures > 0 && failures-- > 0) return Error{Code::Unavailable, "away"};
        return behind_.commit(std::move(set));
    }
    int failures = 0;
    std::function<void()> before;  // called once, before the next commit

private:
    store::Committer& behind_;
};

}  // namespace

class SenderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SenderTest);
    CPPUNIT_TEST(an_accepted_text_is_recorded_once_with_the_providers_id);
    CPPUNIT_TEST(the_provider_gets_everything_it_needs);
    CPPUNIT_TEST(a_refused_text_fails_for_good);
    CPPUNIT_TEST(a_refusal_for_opting_out_is_remembered);
    CPPUNIT_TEST(what_was_certainly_not_sent_is_tried_again_by_the_table);
    CPPUNIT_TEST(a_text_that_cannot_be_sent_in_time_expires);
    CPPUNIT_TEST(an_unknown_outcome_is_looked_up_and_never_repeated);
    CPPUNIT_TEST(a_looked_up_acceptance_is_an_acceptance);
    CPPUNIT_TEST(what_the_provider_does_not_have_is_sent_again);
    CPPUNIT_TEST(a_failed_look_up_is_no_answer);
    CPPUNIT_TEST(an_organisation_may_want_unknown_texts_sent_once_more);
    CPPUNIT_TEST(an_unknown_text_is_not_sent_once_more_after_an_opt_out);
    CPPUNIT_TEST(a_status_callback_settles_an_unknown_outcome);
    CPPUNIT_TEST(an_id_from_a_callback_is_an_acceptance);
    CPPUNIT_TEST(a_provider_that_was_away_for_a_day_gets_nothing_late);
    CPPUNIT_TEST(a_wrong_account_loses_nothing_and_holds_everything);
    CPPUNIT_TEST(a_broken_provider_is_left_alone_and_probed);
    CPPUNIT_TEST(an_instance_has_its_pace);
    CPPUNIT_TEST(a_certificate_that_is_not_believed_three_times_ends_the_text);
    CPPUNIT_TEST(billed_segments_are_counted);
    CPPUNIT_TEST(a_durable_provider_id_is_told);
    CPPUNIT_TEST(a_channel_that_throws_leaves_an_unknown_outcome);
    CPPUNIT_TEST(after_an_opt_out_nothing_is_sent);
    CPPUNIT_TEST(an_opt_out_between_look_and_claim_stops_the_text);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_before_the_claim);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_between_look_and_claim);
    CPPUNIT_TEST(the_fence_stops_an_ai_text_between_claim_and_wire);
    CPPUNIT_TEST(a_takeover_names_what_is_on_the_wire);
    CPPUNIT_TEST(a_takeover_waits_for_the_provider_and_not_for_our_record);
    CPPUNIT_TEST(a_humans_text_passes_the_fence);
    CPPUNIT_TEST(a_process_that_died_with_a_claim_leaves_an_unknown_outcome);
    CPPUNIT_TEST(a_process_that_died_before_the_wire_loses_nothing);
    CPPUNIT_TEST(a_process_that_died_while_it_looked_up_asks_again);
    CPPUNIT_TEST(a_process_that_died_between_two_tries_changes_nothing);
    CPPUNIT_TEST(a_status_that_is_faster_than_the_receipt_stays);
    CPPUNIT_TEST(a_receipt_is_recorded_once_the_store_is_back);
    CPPUNIT_TEST(a_claim_that_somebody_else_holds_is_left_alone);
    CPPUNIT_TEST(a_lapsed_claim_still_records_what_the_provider_said);
    CPPUNIT_TEST(an_id_that_the_provider_gave_twice_does_not_lose_the_outcome);
    CPPUNIT_TEST(an_erased_message_is_not_looked_for_for_ever);
    CPPUNIT_TEST(parts_of_an_answer_keep_their_order_over_retries);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        outlet_ = {};
        insistent_ = false;
        told_.clear();
        world_ = std::make_unique<World>();
        channel_ = std::make_shared<ScriptedChannel>();
        unsteady_ = std::make_unique<Unsteady>(*world_->committer);
        world_->customer_writes("hello", false);
        start("worker-1");
    }
    void tearDown() override {
        sender_.reset();
        world_.reset();
    }

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

    void a_channel_that_throws_leaves_an_unknown_outcome() {
        channel_->during = [] { throw std::runtime_error("broken"); };
        const std::string id = world_->owe_text("hi", 0);
        work();
        to_the_end();
        unknown_for_good(id);
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

    void a_claim_that_somebody_else_holds_is_left_alone() {
        world_->owe_text("hi", 0);
        const store::Owed row = world_->due(store::OwedKind::Send).at(0);
        world_->commit({store::Claim{row.id, "other", world_->clock.now() + Milliseconds{1000}}});
        sender_->work(row);
        CPPUNIT_ASSERT(channel_->sent.empty());
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

private:
    Ground ground() {
        Ground ground{world_->ground(), &gate_};
        ground.committer = unsteady_.get();
        if (insistent_) ground.organizations = &world_->insistent;
        return ground;
    }
    SenderOptions options(const std::string& worker) {
        SenderOptions options;
        options.worker = worker;
        options.record_pause = Milliseconds{1};
        options.record_tries = 10;
        options.seed = 7;
        options.outlets["twilio"] = outlet_;
        options.on_accepted = [this](const domain::OrganizationId& organization,
                                     const std::string& instance, const std::string& provider_id) {
            told_.push_back(organization + ' ' + instance + ' ' + provider_id);
            if (when_recorded_) when_recorded_();
        };
        options.status_url = [](const std::string& instance) {
            return "https://gw/api/webhooks/" + instance + "/sms/status";
        };
        return options;
    }
    void start(const std::string& worker) {
        sender_ = std::make_unique<Sender>(ground(), Sender::Channels{{"twilio", channel_}},
                                           options(worker));
    }
    void work() {
        for (const auto& row : world_->due(store::OwedKind::Send)) sender_->work(row);
    }
    /// As long as it takes until something is due, and that done.
    void until_due() {
        const Time due = world_->ever_due(store::OwedKind::Send).at(0).due_at;
        world_->clock.advance(std::max(Milliseconds{0}, due - world_->clock.now()));
        work();
    }
    void to_the_end() {
        for (int i = 0; i < 1000 && !world_->ever_due(store::OwedKind::Send).empty(); ++i)
            until_due();
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }
    double metric(const std::string& name) { return world_->metrics.value(name); }

    void unknown_for_good(const std::string& id) {
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        CPPUNIT_ASSERT(Texts{"sms_status_update unknown"} == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_outbox_unknown_outcomes_total"));
    }
    void fenced(const std::string& id) {
        CPPUNIT_ASSERT(channel_->sent.empty());
        CPPUNIT_ASSERT(Delivery::Superseded == world_->message(id).delivery);
        CPPUNIT_ASSERT(Texts{"sms_status_update failed"} == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT_EQUAL(1.0, metric("tandem_ai_replies_fenced_total"));
    }

    std::unique_ptr<World> world_;
    std::shared_ptr<ScriptedChannel> channel_;
    std::unique_ptr<Unsteady> unsteady_;
    FenceGate gate_;
    OutletOptions outlet_;
    bool insistent_ = false;
    Texts told_;
    std::function<void()> when_recorded_;  // the receipt, and the row is still ours
    std::unique_ptr<Sender> sender_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SenderTest);

}  // namespace tandem::deliver
