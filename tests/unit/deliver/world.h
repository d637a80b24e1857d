#pragma once

#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/id.h"
#include "deliver/deliver.h"
#include "dispatch/dispatch.h"
#include "load/load.h"
#include "store/committer.h"
#include "unit/store/quiet.h"

/// A gateway without its doors: a real store and committer, a clock that stands still, and a
/// provider that does what the test says.
namespace tandem::testing {

class HeldClock : public Clock {
public:
    Time now() const override { return Time{Milliseconds{milliseconds.load()}}; }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{Milliseconds{milliseconds.load()}};
    }
    void advance(Milliseconds by) { milliseconds += by.count(); }
    std::atomic<int64_t> milliseconds{1795324691000};
};

/// Sends nothing; answers as scripted, once for each call, then always accepts.
class ScriptedChannel : public deliver::Channel {
public:
    const std::string& instance() const override { return instance_; }
    deliver::Receipt send(const deliver::OutboundMessage& message) override {
        sent.push_back(message);
        if (during) during();
        if (receipts.empty()) return accepted("SM" + std::to_string(sent.size()));
        deliver::Receipt next = receipts.front();
        receipts.erase(receipts.begin());
        return next;
    }
    deliver::Receipt look_up(const deliver::OutboundMessage& message, Time begun_at) override {
        looked_up.emplace_back(message.message_id, begun_at);
        if (found.empty()) return {};
        deliver::Receipt next = found.front();
        found.erase(found.begin());
        return next;
    }
    unsigned max_text_units() const override { return units; }

    static deliver::Receipt accepted(const std::string& id) {
        deliver::Receipt receipt;
        receipt.kind = deliver::Receipt::Kind::Accepted;
        receipt.provider_id = id;
        receipt.delivery = domain::Delivery::Sent;
        return receipt;
    }
    static deliver::Receipt of(deliver::Receipt::Kind kind) {
        deliver::Receipt receipt;
        receipt.kind = kind;
        receipt.error_code = "30001";
        receipt.error_text = "queue overflow";
        return receipt;
    }

    std::vector<deliver::OutboundMessage> sent;
    std::vector<deliver::Receipt> receipts;
    std::vector<std::pair<std::string, Time>> looked_up;
    std::vector<deliver::Receipt> found;  // what look-ups tell, once each, then: unknown
    std::function<void()> during;         // called while the provider works
    unsigned units = 1600;

private:
    std::string instance_ = "twilio";
};

class World {
public:
    static constexpr char organization[] = "bici-demo";
    static constexpr const char* customer = "+15551234567";

    World() {
        load::Places places;
        places.directories = {PLUGIN_DIRECTORY};
        places.trusted_uid = ::getuid();
        load::Services services;
        services.log = &log;
        services.clock = &clock;
        registry_ = load::make_registry(places, services);
        settings::PluginUse use;
        use.id = use.plugin = "memory";
        auto instance = registry_->create(use);
        CPPUNIT_ASSERT_MESSAGE(instance ? "" : instance.error().text, instance);
        const auto started = registry_->start();
        CPPUNIT_ASSERT_MESSAGE(started ? "" : started.error().text, started);
        store = instance->store;
        CPPUNIT_ASSERT_MESSAGE("the plugin is no store", store);
        const auto migrated = store->migrate();
        CPPUNIT_ASSERT_MESSAGE(migrated ? "" : migrated.error().text, migrated);
        committer = std::make_unique<store::GroupCommitter>(*store, nullptr, log, metrics);
    }
    ~World() {
        committer->stop();
        registry_->stop();
    }

    dispatch::Ground ground() {
        return {store.get(), committer.get(), &clock, &ids, &organizations, &log, &metrics};
    }
    store::Outcome commit(std::vector<store::Operation> operations) {
        store::ChangeSet set;
        set.organization = organization;
        set.operations = std::move(operations);
        auto outcome = committer->commit(std::move(set));
        CPPUNIT_ASSERT_MESSAGE(outcome ? outcome->text : outcome.error().text,
                               outcome && outcome->kind == store::Outcome::Kind::Committed);
        return *outcome;
    }

    store::Snapshot snapshot() { return value(store->snapshot(organization, customer, 50)); }
    domain::Message message(const std::string& id) {
        return value(store->message(organization, id));
    }
    domain::Conversation conversation() {
        const store::Snapshot now = snapshot();
        if (now.conversation) return *now.conversation;
        domain::Conversation fresh;
        fresh.address = customer;
        return fresh;
    }
    /// Rows that somebody may claim at this time, and those that may be some day.
    std::vector<store::Owed> due(store::OwedKind kind) {
        return value(store->due(kind, clock.now(), 100));
    }
    std::vector<store::Owed> ever_due(store::OwedKind kind) {
        return value(store->due(kind, clock.now() + std::chrono::hours{24 * 365}, 100));
    }
    /// The types of the journal's events, with the status of status updates.
    std::vector<std::string> events() {
        std::vector<std::string> types;
        for (const domain::Event& event : value(store->journal(organization, 0, "", 1000)).events) {
            types.push_back(event.type);
            const size_t status =
                event.payload.find("\"status\":\"", event.payload.find("messageId"));
            if (event.type == "sms_status_update")
                types.back() +=
                    ' ' + event.payload.substr(status + 10,
                                               event.payload.find('"', status + 10) - status - 10);
        }
        return types;
    }

    /// What receive commits for a text.
    std::string customer_writes(const std::string& text, bool owes_turn = true) {
        domain::Conversation now = conversation();
        now.last_activity_at = clock.now();
        domain::Message message;
        message.id = ids.next();
        message.address = customer;
        message.content = text;
        message.at = clock.now();
        std::vector<store::Operation> operations{now, message};
        if (owes_turn) operations.push_back(store::Owe{turn(now.control_epoch, message.id)});
        commit(std::move(operations));
        return message.id;
    }
    /// What receive records of a long call.
    void talks(int turns) {
        std::vector<store::Operation> operations{conversation()};
        for (int i = 0; i < turns; ++i) {
            domain::Message message;
            message.id = ids.next();
            message.address = customer;
            message.author = i % 2 ? domain::Author::Customer : domain::Author::Ai;
            message.type = domain::MessageType::Voice;
            message.content = "something";
            message.at = clock.now();
            operations.push_back(message);
        }
        commit(std::move(operations));
    }
    store::Owed turn(int64_t control_epoch, const std::string& subject) {
        store::Owed owed;
        owed.id = ids.next();
        owed.kind = store::OwedKind::AiTurn;
        owed.address = customer;
        owed.instance = "ai";
        owed.subject_id = subject;
        owed.merge_key = std::string("turn:") + customer;
        owed.control_epoch = control_epoch;
        owed.due_at = clock.now();
        return owed;
    }
    /// A text that is owed to the customer; -1: a human's.
    std::string owe_text(const std::string& text, int64_t control_epoch) {
        domain::Message message;
        message.id = ids.next();
        message.address = customer;
        message.author = control_epoch < 0 ? domain::Author::Human : domain::Author::Ai;
        message.direction = domain::Direction::Outbound;
        message.delivery = domain::Delivery::Queued;
        message.content = text;
        message.instance = "twilio";
        message.control_epoch = control_epoch;
        message.at = clock.now();
        store::Owed owed;
        owed.id = ids.next();
        owed.address = customer;
        owed.instance = "twilio";
        owed.subject_id = message.id;
        owed.control_epoch = control_epoch;
        owed.due_at = clock.now();
        owed.expires_at = clock.now() + std::chrono::hours{4};
        commit({conversation(), message, store::Owe{owed}});
        return message.id;
    }
    void joins() {
        domain::ControlSession session;
        session.id = session_ = ids.next();
        session.address = customer;
        session.agent_id = "agent-7";
        session.started_at = clock.now();
        commit({conversation(), session});
    }
    void leaves() {
        domain::ControlSession session;
        session.id = session_;
        session.address = customer;
        session.agent_id = "agent-7";
        session.state = domain::SessionState::Ended;
        session.ended_at = clock.now();
        commit({conversation(), session});
    }
    void opts_out() {
        domain::Conversation now = conversation();
        now.opted_out = true;
        commit({now});
    }

    HeldClock clock;
    store::QuietLog log;
    store::CountingMetrics metrics;
    IdSource ids{clock};
    domain::Organizations organizations{{organization_row(false)}};
    domain::Organizations insistent{{organization_row(true)}};  // resends what is unknown
    std::shared_ptr<store::Store> store;
    std::unique_ptr<store::GroupCommitter> committer;

private:
    static domain::Organization organization_row(bool resend_unknown) {
        domain::Organization row;
        row.id = organization;
        row.name = "BICI Bike Store";
        row.numbers = {"+15550001111"};
        row.channel = "twilio";
        row.responder = "ai";
        row.resend_unknown = resend_unknown;
        return row;
    }
    template <typename T>
    static T value(Result<T> result) {
        CPPUNIT_ASSERT_MESSAGE(result ? "" : result.error().text, result);
        return std::move(*result);
    }

    std::unique_ptr<load::Registry> registry_;
    std::string session_;
};

}  // namespace tandem::testing
