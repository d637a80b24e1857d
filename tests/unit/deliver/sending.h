#pragma once

#include <cppunit/TestFixture.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "deliver/sender.h"
#include "unit/deliver/world.h"

/// A sender with a provider that does what the test says, and a store that may be away.
namespace tandem::deliver {

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

class Sending : public CppUnit::TestFixture {
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

protected:
    using Delivery = domain::Delivery;
    using Kind = Receipt::Kind;
    using ScriptedChannel = testing::ScriptedChannel;
    using Texts = std::vector<std::string>;
    using World = testing::World;

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

}  // namespace tandem::deliver
