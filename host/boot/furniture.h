#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "admit/gate.h"
#include "admit/idempotency.h"
#include "base/id.h"
#include "base/workers.h"
#include "call/callers.h"
#include "call/calls.h"
#include "call/placing.h"
#include "control/control.h"
#include "converse/converse.h"
#include "deliver/outbox.h"
#include "deliver/sender.h"
#include "dispatch/dispatcher.h"
#include "limit/ledger.h"
#include "limit/limiter.h"
#include "load/load.h"
#include "observe/logger.h"
#include "observe/readiness.h"
#include "observe/registry.h"
#include "publish/journal_feed.h"
#include "publish/retention.h"
#include "receive/intake.h"
#include "reconcile/reconciler.h"
#include "reply/turns.h"
#include "serve/server.h"
#include "store/committer.h"
#include "store/lanes.h"
#include "store/upkeep.h"
#include "stream/hub.h"
#include "stream/places.h"
#include "stream/tickets.h"

namespace tandem::boot {

/// The word of `log.level` as a level.
observe::Level level_of(const std::string& word);

/// Everything that lives while the gateway runs, in the order of its making; it is taken
/// apart in reverse.
struct Furniture {
    explicit Furniture(const settings::Settings& settings);
    ~Furniture();

    // In this order; the first failure ends it.
    Result<void> check_options();
    Result<void> open_store();
    Result<void> load_plugins();
    void furnish();
    std::vector<serve::Route> routes();

    /// What makes the commits and what follows from them.
    void furnish_writing();
    /// How much anybody may ask, send and spend.
    void furnish_limits();
    /// Who may come in, and what they watch.
    void furnish_watching();
    /// What providers tell us, and what we tell them.
    void furnish_talking();
    /// What people do at conversations.
    void furnish_people();
    /// Who asks providers what was missed.
    void furnish_asking();
    /// Calls to customers.
    void furnish_calling();
    /// What the desks stand on, and who owes them work; the store and its committer are there.
    dispatch::Ground ground();
    std::vector<receive::Source> sources() const;
    std::string status_url(const std::string& instance) const;

    const settings::Settings& settings;
    SystemClock clock;
    observe::Logger logger;
    observe::MetricRegistry metrics;
    IdSource ids{clock};
    const domain::Organizations organizations;
    observe::Readiness readiness;
    std::atomic<bool> store_broke{false};
    std::atomic<bool> reloaded{true};  // the last reload applied all that had changed

    std::unique_ptr<load::Registry> registry;
    std::shared_ptr<store::Store> store;
    std::vector<std::shared_ptr<admit::Authenticator>> authenticators;
    std::vector<load::Instance> providers;

    std::unique_ptr<limit::Limiter> limiter;
    std::unique_ptr<limit::Ledger> ledger;
    std::unique_ptr<publish::JournalFeed> feed;
    std::unique_ptr<dispatch::Dispatcher> dispatcher;
    std::unique_ptr<store::GroupCommitter> committer;
    std::unique_ptr<Workers> lane_workers;
    std::unique_ptr<store::ConversationLanes> lanes;
    std::unique_ptr<publish::Retention> retention;
    std::unique_ptr<store::Upkeep> upkeep;
    std::unique_ptr<admit::Revocations> revocations;
    std::unique_ptr<admit::Gate> gate;
    std::unique_ptr<stream::Tickets> tickets;
    std::unique_ptr<stream::Places> places;
    std::unique_ptr<stream::Hub> hub;
    std::unique_ptr<receive::Intake> intake;
    deliver::FenceGate fence;
    std::unique_ptr<deliver::Sender> sender;
    std::unique_ptr<deliver::Outbox> outbox;
    std::unique_ptr<reply::Turns> turns;
    std::unique_ptr<call::Callers> callers;
    std::unique_ptr<call::Calls> calls;
    std::unique_ptr<call::Placing> placing;
    std::unique_ptr<admit::Idempotency> idempotency;
    std::unique_ptr<control::Control> control;
    std::unique_ptr<reconcile::Reconciler> reconciler;
    std::unique_ptr<Workers> desk_workers;
    converse::Ground desk;
    std::unique_ptr<serve::Server> server;
};

}  // namespace tandem::boot
