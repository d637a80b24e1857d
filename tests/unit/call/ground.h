#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call/calls.h"
#include "call/plan.h"
#include "unit/deliver/world.h"

namespace tandem::testing {

/// Calls nobody; answers as scripted, once for each call, then as `always` says.
class ScriptedVoice : public call::Voice {
public:
    const std::string& instance() const override { return instance_; }
    deliver::Receipt start_call(const call::OutboundCall& call) override {
        started.push_back(call);
        if (during) during();
        if (receipts.empty()) return always;
        deliver::Receipt next = receipts.front();
        receipts.erase(receipts.begin());
        return next;
    }
    deliver::Receipt look_up(const call::OutboundCall& call, Time begun) override {
        asked.push_back(call);
        begun_at = begun;
        return answer;
    }
    Result<void> hang_up(const std::string&) override { return {}; }
    Result<void> transfer(const std::string&, const std::string&) override { return {}; }

    std::vector<call::OutboundCall> started, asked;
    std::vector<deliver::Receipt> receipts;
    deliver::Receipt always, answer;
    Time begun_at{};
    std::function<void()> during;  // called while the provider works

private:
    std::string instance_ = "voice";
};

/// A committer that lets the test act right after a claim was committed.
class HookedCommitter : public store::Committer {
public:
    explicit HookedCommitter(store::Committer& inner) : inner_(inner) {}
    bool submit(store::ChangeSet set, Done done) override {
        return inner_.submit(std::move(set), std::move(done));
    }
    Result<store::Outcome> commit(store::ChangeSet set) override {
        bool claims = false;
        for (const store::Operation& operation : set.operations)
            claims = claims || std::holds_alternative<store::Claim>(operation);
        auto outcome = inner_.commit(std::move(set));
        if (claims && after_claim) std::exchange(after_claim, nullptr)();
        return outcome;
    }
    std::function<void()> after_claim;

private:
    store::Committer& inner_;
};

/// The world of texts, with a voice provider.
class CallWorld : public World {
public:
    CallWorld() { voice->always = accepted(); }

    static deliver::Receipt accepted() {
        deliver::Receipt receipt;
        receipt.kind = deliver::Receipt::Kind::Accepted;
        receipt.provider_id = "conv-1";
        receipt.line_id = "CA1";
        return receipt;
    }
    static deliver::Receipt of(deliver::Receipt::Kind kind) { return ScriptedChannel::of(kind); }

    call::Ground ground() {
        return {{store.get(), &hooked, &clock, &ids, &voiced, &log, &metrics}, &gate};
    }

    /// What placing commits; somebody waits for what becomes of it.
    store::Owed owe_call(call::Plan plan = {}) {
        const bool later = plan.scheduled_for != Time{};
        domain::Call call;
        call.id = call_id_ = ids.next();
        call.address = customer;
        call.instance = "voice";
        call.direction = domain::CallDirection::Outbound;
        call.active = !later;
        call.started_at = later ? plan.scheduled_for : clock.now();
        call::keep(call, plan);
        store::Owed owed;
        owed.id = ids.next();
        owed.kind = store::OwedKind::Call;
        owed.organization = organization;
        owed.address = customer;
        owed.instance = "voice";
        owed.subject_id = call.id;
        owed.control_epoch = conversation().control_epoch;
        owed.due_at = call.started_at;
        owed.expires_at = call.started_at + Milliseconds{120000};
        commit({conversation(), call, store::Owe{owed}});
        CPPUNIT_ASSERT(callers.wait(
            call_id_, std::chrono::hours{1}, [this](const call::Fate& fate) { told_ = fate; },
            [] { return call::Fate{}; }));
        return owed;
    }

    domain::Call call() {
        auto found = store->call(organization, call_id_);
        CPPUNIT_ASSERT_MESSAGE(found ? "" : found.error().text, found);
        return *found;
    }
    std::vector<store::Owed> due() { return World::due(store::OwedKind::Call); }
    void work_due() {
        for (const store::Owed& row : due()) calls.work(row);
    }
    bool row_is_gone() { return ever_due(store::OwedKind::Call).empty(); }
    /// The payload of the last event of this type; empty: there was none.
    std::string last_event(const std::string& type) {
        std::string payload;
        const auto page = store->journal(organization, 0, "", 1000);
        CPPUNIT_ASSERT(page);
        for (const domain::Event& event : page->events)
            if (event.type == type) payload = event.payload;
        return payload;
    }
    bool told() const { return told_.has_value(); }
    call::Fate fate() const {
        CPPUNIT_ASSERT_MESSAGE("nobody was told", told_);
        return *told_;
    }
    void before_wire(std::function<void()> act) { hooked.after_claim = std::move(act); }

    std::shared_ptr<ScriptedVoice> voice = std::make_shared<ScriptedVoice>();
    domain::Organizations voiced{{voiced_row()}};
    deliver::FenceGate gate;
    HookedCommitter hooked{*committer};
    call::Callers callers;
    call::Calls calls{ground(), {{"voice", voice}}, callers, options()};

protected:
    static call::CallOptions options() {
        call::CallOptions options;
        options.worker = "here";
        options.record_pause = Milliseconds{1};
        options.record_tries = 5;
        options.seed = 7;
        return options;
    }

private:
    static domain::Organization voiced_row() {
        domain::Organization row;
        row.id = organization;
        row.name = "BICI Bike Store";
        row.default_region = "US";
        row.numbers = {"+15550001111"};
        row.voice = "voice";
        return row;
    }

    std::string call_id_;
    std::optional<call::Fate> told_;
};

}  // namespace tandem::testing
