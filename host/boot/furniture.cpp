#include "boot/furniture.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <Poco/Logger.h>

#include "admit/routes.h"
#include "boot/places.h"
#include "boot/plugins.h"
#include "call/routes.h"
#include "control/routes.h"
#include "converse/routes.h"
#include "deliver/routes.h"
#include "describe/routes.h"
#include "limit/routes.h"
#include "observe/poco_channel.h"
#include "observe/routes.h"
#include "receive/routes.h"
#include "serve/static_files.h"
#include "stream/routes.h"

namespace tandem::boot {

observe::Level level_of(const std::string& word) {
    if (word == "error") return observe::Level::Error;
    if (word == "warn") return observe::Level::Warn;
    if (word == "debug") return observe::Level::Debug;
    return observe::Level::Info;
}

namespace {

// Threads that read a conversation and build its ChangeSet: they wait for the disk, not
// for a provider.
constexpr unsigned lane_threads = 4;
// Threads that wait for providers. Below it each instance has its own, so that slow ones take
// nothing from the others.
constexpr unsigned most_senders = 64;
// Changes of leads, exports and erasures: seldom, and waited for by a person.
constexpr unsigned desk_threads = 2;
constexpr size_t most_at_the_desk = 200;

observe::LogPlan log_plan(const settings::Logging& log) {
    observe::LogPlan plan;
    plan.level = level_of(log.level);
    plan.format = log.format == "text" ? observe::Format::Text : observe::Format::Json;
    return plan;
}

stream::Options stream_options(const settings::Settings& settings) {
    stream::Options options;
    options.heartbeat = std::chrono::seconds(settings.stream.heartbeat_s);
    options.max_backlog_bytes = settings.stream.max_backlog_bytes;
    options.max_per_credential = settings.stream.max_per_credential;
    options.history_limit = settings.conversation.history_limit;
    return options;
}

std::vector<domain::Organization> organizations_of(const settings::Settings& settings) {
    std::vector<domain::Organization> all = settings.organizations;
    for (domain::Organization& one : all) one.history_limit = settings.conversation.history_limit;
    return all;
}

limit::Rates limit_rates(const settings::Limits& limits, const std::vector<std::string>& proxies) {
    limit::Rates rates;
    rates.requests = limits.requests_per_minute.value_or(0);
    rates.messages = limits.messages_per_minute.value_or(0);
    rates.calls = limits.calls_per_minute.value_or(0);
    rates.requests_of_address = limits.requests_per_minute_per_address;
    rates.bad_signatures = limits.bad_signatures_per_minute_per_address;
    rates.messages_to_number = limits.messages_per_minute_per_number;
    rates.calls_to_number = limits.calls_per_minute_per_number;
    rates.automatic_to_number = limits.automatic_messages_per_minute_per_number;
    rates.told = limits.rate_headers;
    rates.exempt = listen::parse_networks(proxies);
    return rates;
}

Error failed(const std::string& what, const Error& reason) {
    return Error{reason.code, what + ": " + reason.text};
}

}  // namespace

Furniture::Furniture(const settings::Settings& settings_in_force)
    : settings(settings_in_force),
      logger(log_plan(settings.log), clock),
      organizations(organizations_of(settings)),
      readiness(clock),
      registry(load::make_registry(plugin_places(settings.plugins), {&logger, &clock, nullptr})) {
    logger.measure(metrics);
    Poco::Logger::root().setChannel(new observe::PocoChannel(logger));
}

Furniture::~Furniture() {
    // Poco's loggers outlive this log.
    Poco::Logger::root().setChannel(nullptr);
}

Result<void> Furniture::check_options() {
    std::string wrong;
    for (const settings::Finding& finding : check_plugins(*registry, settings))
        if (!finding.warning) wrong += (wrong.empty() ? "" : "\n") + settings::to_text(finding);
    if (!wrong.empty()) return Error{Code::Invalid, wrong};
    return {};
}

Result<void> Furniture::load_plugins() {
    for (const settings::PluginUse& use : settings.auth) {
        Result<load::Instance> made = registry->create(use);
        if (!made) return failed("auth " + use.plugin, made.error());
        if (!made->authenticator)
            return Error{Code::Invalid, use.where + ": " + use.plugin + " is no auth plugin"};
        authenticators.push_back(made->authenticator);
    }
    for (const settings::PluginUse& use : settings.providers) {
        Result<load::Instance> made = registry->create(use);
        if (!made) return failed("provider " + use.id, made.error());
        providers.push_back(*made);
    }
    return {};
}

Result<void> Furniture::open_store() {
    Result<load::Instance> made = registry->create(settings.storage);
    if (!made) return failed("storage " + settings.storage.plugin, made.error());
    store = made->store;
    if (!store)
        return Error{Code::Invalid, settings.storage.where + ": " + settings.storage.plugin +
                                        " is no storage plugin"};
    if (const Result<void> started = registry->start(); !started)
        return failed("storage " + settings.storage.plugin, started.error());
    if (const Result<void> migrated = store->migrate(); !migrated)
        return failed("storage " + settings.storage.plugin, migrated.error());
    // Whoever held a lease is gone, so that nothing owed waits for it to lapse. In a store that
    // others share nobody can know that.
    const Result<void> ended = store->end_leases(clock.now());
    if (!ended && ended.error().code != Code::Unsupported)
        return failed("storage " + settings.storage.plugin, ended.error());
    return {};
}

void Furniture::furnish() {
    furnish_writing();
    furnish_limits();
    furnish_watching();
    furnish_talking();
    furnish_calling();
    furnish_people();
    furnish_asking();
    metrics.gauge("tandem_config_last_reload_successful",
                  "Whether the last reload applied all that had changed.", {},
                  [this] { return reloaded ? 1.0 : 0.0; });
    readiness.watch("storage", [this] {
        const Result<void> works = committer->health();
        if (!works) return works.error().text;
        return store->health() ? std::string() : std::string("the store cannot write");
    });
}

void Furniture::furnish_writing() {
    feed = std::make_unique<publish::JournalFeed>(*store, logger, metrics);
    dispatcher = std::make_unique<dispatch::Dispatcher>(*store, clock, logger, metrics);
    dispatcher->pass_on(feed.get());
    committer =
        std::make_unique<store::GroupCommitter>(*store, dispatcher.get(), logger, metrics,
                                                [this](const std::string&) { store_broke = true; });
    const store::LanesLimits limits;
    lane_workers = std::make_unique<Workers>(lane_threads, limits.waiting);
    lanes = std::make_unique<store::ConversationLanes>(
        [this](std::function<void()> work) { lane_workers->run(std::move(work)); }, logger, metrics,
        limits);
    retention = std::make_unique<publish::Retention>(
        *store, organizations, static_cast<int64_t>(settings.stream.retention_events), logger);
    upkeep = std::make_unique<store::Upkeep>(*store, *committer, organizations, clock, logger);
}

void Furniture::furnish_limits() {
    limiter = std::make_unique<limit::Limiter>(
        limit_rates(settings.limits, settings.server.trusted_proxies), clock, metrics);
    limiter->organizations(&organizations);
    ledger = std::make_unique<limit::Ledger>(*store, clock, logger, metrics);
}

void Furniture::furnish_watching() {
    admit::GateOptions admitting{settings.server.query_tokens, settings.server.metrics_from};
    for (const settings::Role& role : settings.roles) admitting.roles[role.id] = role.permissions;
    gate = std::make_unique<admit::Gate>(clock, organizations, authenticators, std::move(admitting),
                                         logger, metrics);
    revocations = std::make_unique<admit::Revocations>(*store, *committer, clock, ids);
    gate->revocations(revocations.get());
    tickets = std::make_unique<stream::Tickets>(clock);
    gate->tickets(tickets.get());
    gate->limits(limiter.get());
    places = std::make_unique<stream::Places>(settings.stream.max_per_credential);
    hub = std::make_unique<stream::Hub>(stream_options(settings), *store, *feed, *gate, clock, ids,
                                        logger, metrics);
    feed->tell(*hub);
    revocations->on_revoked([this] { hub->judge_all(); });
}

dispatch::Ground Furniture::ground() {
    return {store.get(), committer.get(), &clock, &ids, &organizations, &logger, &metrics};
}

void Furniture::furnish_talking() {
    intake = std::make_unique<receive::Intake>(
        receive::Ground{&organizations, store.get(), committer.get(), lanes.get(), &clock, &ids,
                        &logger, &metrics, limiter.get(), ledger.get()},
        receive::IntakeOptions{settings.server.public_url,
                               Milliseconds(settings.conversation.coalesce_ms),
                               std::chrono::seconds(settings.conversation.late_s)});
    registry->use_events(*intake);

    deliver::Sender::Channels channels;
    reply::Turns::Responders responders;
    for (const load::Instance& provider : providers) {
        if (provider.channel) channels.emplace(provider.id, provider.channel);
        if (provider.responder) responders.emplace(provider.id, provider.responder);
    }
    // A claim of the process before this one must not look like one of ours.
    const std::string worker = random_hex(8);
    deliver::SenderOptions sending;
    sending.worker = worker;
    dispatch::DeskOptions senders;
    senders.workers = 0;
    for (const settings::PluginUse& use : settings.providers) {
        if (channels.count(use.id) == 0) continue;
        sending.outlets[use.id] = {use.sends_per_second, use.send_burst};
        senders.of_instance[use.id] = use.concurrent_sends;
        senders.workers += use.concurrent_sends;
    }
    senders.workers = std::clamp(senders.workers, 1u, most_senders);
    sending.on_accepted = [this](const domain::OrganizationId& organization,
                                 const std::string& instance, const std::string& provider_id) {
        intake->apply(organization, instance, provider_id);
    };
    sending.status_url = [this](const std::string& instance) { return status_url(instance); };
    sender = std::make_unique<deliver::Sender>(deliver::Ground{ground(), &fence, limiter.get()},
                                               channels, sending);
    reply::TurnOptions answering;
    answering.worker = worker;
    answering.validity = std::chrono::seconds(settings.conversation.message_validity_s);
    answering.quiet = Milliseconds(settings.conversation.coalesce_ms);
    turns = std::make_unique<reply::Turns>(reply::Ground{ground(), ledger.get()}, responders,
                                           channels, answering);
    dispatcher->add(*sender, senders);
    readiness.watch(
        "delivery", [this] { return sender->trouble(); }, observe::Health::Weight::Degrades);
    dispatcher->add(*turns, {});
    outbox = std::make_unique<deliver::Outbox>(
        deliver::Outbox::Ground{store.get(), committer.get(), &clock, &ids,
                                std::chrono::seconds(settings.conversation.message_validity_s),
                                [this](const store::Owed& owed, store::ChangeSet& set) {
                                    return calls->dropped(owed, set);
                                },
                                [this](const store::Owed& owed, store::ChangeSet& set) {
                                    return turns->dropped(owed, set);
                                }});
}

void Furniture::furnish_calling() {
    call::Calls::Voices voices;
    for (const load::Instance& provider : providers)
        if (provider.voice) voices.emplace(provider.id, provider.voice);
    const call::Ground call_ground{ground(), &fence, limiter.get(), ledger.get()};
    call::CallOptions calling;
    calling.worker = random_hex(8);
    calling.line_known = [this](const domain::OrganizationId& organization,
                                const std::string& line_id) {
        intake->apply_line(organization, line_id);
    };
    callers = std::make_unique<call::Callers>();
    calls = std::make_unique<call::Calls>(call_ground, std::move(voices), *callers, calling);
    placing = std::make_unique<call::Placing>(call_ground, *lanes, *calls, *callers);
    idempotency = std::make_unique<admit::Idempotency>(*store, *committer, clock, logger);
    dispatcher->add(*calls, {});
    readiness.watch(
        "calls", [this] { return calls->trouble(); }, observe::Health::Weight::Degrades);
}

void Furniture::furnish_people() {
    control::Control::Voices voices;
    control::Control::Channels channels;
    for (const load::Instance& provider : providers) {
        if (provider.voice) voices.emplace(provider.id, provider.voice);
        if (provider.channel) channels.emplace(provider.id, provider.channel);
    }
    control::Options options;
    options.validity = std::chrono::seconds(settings.conversation.message_validity_s);
    options.idle = std::chrono::seconds(settings.conversation.human_control_idle_s);
    control = std::make_unique<control::Control>(
        control::Ground{ground(), &fence, limiter.get(), ledger.get()}, std::move(voices),
        std::move(channels), options);
    desk_workers = std::make_unique<Workers>(desk_threads, most_at_the_desk);
    desk = {store.get(),
            committer.get(),
            &clock,
            &ids,
            &organizations,
            &logger,
            desk_workers.get(),
            settings.conversation.history_limit};
    desk.spending = ledger.get();
    for (size_t i = 0; i < providers.size(); ++i)
        desk.sandbox |= settings.providers[i].plugin == "sandbox" && providers[i].webhook;
}

void Furniture::furnish_asking() {
    std::vector<std::shared_ptr<reconcile::Source>> sources;
    for (const load::Instance& provider : providers)
        if (provider.reconcile) sources.push_back(provider.reconcile);
    reconcile::ReconcilerOptions asking;
    asking.interval = std::chrono::seconds(settings.conversation.reconcile_s);
    reconciler = std::make_unique<reconcile::Reconciler>(
        reconcile::Ground{store.get(), committer.get(), intake.get(), &clock, &organizations,
                          &logger, &metrics},
        std::move(sources), asking);
}

std::vector<receive::Source> Furniture::sources() const {
    std::vector<receive::Source> all;
    for (size_t i = 0; i < providers.size(); ++i)
        if (providers[i].webhook)
            all.push_back({providers[i].webhook, settings.providers[i].signature_mode == "report"});
    return all;
}

std::string Furniture::status_url(const std::string& instance) const {
    // The path is the contract's; a provider without it reports in its own way or not at all.
    constexpr std::string_view path = "sms/status";
    for (const load::Instance& provider : providers) {
        if (provider.id != instance || !provider.webhook) continue;
        for (const receive::WebhookRoute& route : provider.webhook->routes())
            if (route.path == path)
                return settings.server.public_url + "/api/webhooks/" + instance + "/" + route.path;
    }
    return {};
}

std::vector<serve::Route> Furniture::routes() {
    std::vector<serve::Route> all;
    const auto add = [&all](std::vector<serve::Route> more) {
        std::move(more.begin(), more.end(), std::back_inserter(all));
    };
    add(observe::routes(metrics, readiness));
    add(stream::routes({*hub, *tickets, *places, *store, organizations}));
    add(control::routes(*control, organizations, *idempotency, settings.limits.body_bytes));
    add(converse::routes(desk, settings.limits.body_bytes));
    add(call::routes({placing.get(), calls.get(), idempotency.get(), store.get(), &organizations,
                      &ids, &clock, settings.limits.body_bytes}));
    add(deliver::outbox_routes(*outbox));
    add(admit::revocation_routes(*revocations));
    add(limit::routes(*ledger, organizations));
    add(receive::webhook_routes(*intake, sources(), settings.limits.webhook_body_bytes));
    for (size_t i = 0; i < providers.size(); ++i) {
        if (settings.providers[i].plugin != "sandbox" || !providers[i].webhook) continue;
        add(receive::sandbox_routes(*intake, {providers[i].webhook}, organizations, ids, clock,
                                    settings.limits.body_bytes));
        break;  // one customer to play with is enough; a second would claim the same paths
    }
    add(describe::routes(all));
    add(serve::static_files(console_folder()));
    return all;
}

}  // namespace tandem::boot
