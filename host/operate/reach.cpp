#include "operate/reach.h"

#include <algorithm>
#include <future>
#include <utility>

#include "admit/routes.h"
#include "base/id.h"
#include "call/calls.h"
#include "converse/routes.h"
#include "deliver/routes.h"
#include "limit/ledger.h"
#include "limit/routes.h"
#include "observe/logger.h"
#include "observe/registry.h"
#include "operate/control_socket.h"
#include "reply/turns.h"
#include "store/committer.h"

namespace tandem::operate {

namespace {

constexpr unsigned events_a_page = 1000;

/// Keeps the answer of a handler that was called without a server.
struct Kept : serve::Responder::Exchange {
    void answer(serve::Response response) override { promise.set_value(std::move(response)); }
    void stream(serve::Response head,
                std::function<void(std::shared_ptr<serve::Stream>)>) override {
        promise.set_value(std::move(head));
    }
    std::promise<serve::Response> promise;
};

/// A running gateway; each question has a connection of its own.
class Asking : public Reach {
public:
    explicit Asking(std::string path) : path_(std::move(path)) {}

    Result<Reply> ask(const Errand& errand) override {
        const auto socket = connected(path_);
        if (!socket) return Error{Code::Unavailable, "the gateway stopped meanwhile"};
        return exchanged(*socket, errand);
    }

private:
    const std::string path_;
};

/// The store, opened by ourselves.
class Opened : public Reach {
public:
    explicit Opened(const settings::Settings& settings)
        : organizations_(settings.organizations),
          log_({.level = observe::Level::Error, .format = observe::Format::Text}, clock_),
          registry_(load::make_registry(plugin_places(settings), {.log = &log_, .clock = &clock_})),
          validity_(settings.conversation.message_validity_s),
          history_limit_(settings.conversation.history_limit) {}
    ~Opened() override {
        workers_.stop();
        if (committer_) committer_->stop();
        registry_->stop();
    }

    Result<void> open(const settings::PluginUse& storage) {
        const auto instance = registry_->create(storage);
        if (!instance) return instance.error();
        if (instance->store == nullptr)
            return Error{Code::Invalid, "the plugin " + storage.plugin + " is no store"};
        if (auto started = registry_->start(); !started) return started;
        if (auto migrated = instance->store->migrate(); !migrated) return migrated;
        store_ = instance->store;
        committer_ = std::make_unique<store::GroupCommitter>(*store_, nullptr, log_, metrics_);
        ledger_ = std::make_unique<limit::Ledger>(*store_, clock_, log_, metrics_);
        const dispatch::Ground ground{
            store_.get(), committer_.get(), &clock_, &ids_, &organizations_, &log_, &metrics_};
        // They do nothing here but end what is dropped.
        calls_ =
            std::make_unique<call::Calls>(call::Ground{ground, &fence_, nullptr, ledger_.get()},
                                          call::Calls::Voices{}, callers_, call::CallOptions{});
        turns_ = std::make_unique<reply::Turns>(reply::Ground{ground, ledger_.get()},
                                                reply::Turns::Responders{},
                                                reply::Turns::Channels{}, reply::TurnOptions{});
        outbox_ = std::make_unique<deliver::Outbox>(deliver::Outbox::Ground{
            store_.get(), committer_.get(), &clock_, &ids_, std::chrono::seconds(validity_),
            [this](const store::Owed& owed, store::ChangeSet& set) {
                return calls_->dropped(owed, set);
            },
            [this](const store::Owed& owed, store::ChangeSet& set) {
                return turns_->dropped(owed, set);
            }});
        desk_ = {store_.get(), committer_.get(), &clock_,       &ids_, &organizations_,
                 &log_,        &workers_,        history_limit_};
        desk_.spending = ledger_.get();
        routes_ = deliver::outbox_routes(*outbox_);
        revocations_ = std::make_unique<admit::Revocations>(*store_, *committer_, clock_, ids_);
        if (auto read = revocations_->load(organizations_); !read) return read;
        for (serve::Route& route : admit::revocation_routes(*revocations_))
            routes_.push_back(std::move(route));
        for (serve::Route& route : limit::routes(*ledger_, organizations_))
            routes_.push_back(std::move(route));
        // The socket's limits are the gateway's; here nobody else waits.
        for (serve::Route& route : converse::routes(desk_, SIZE_MAX))
            routes_.push_back(std::move(route));
        return {};
    }

    Result<Reply> ask(const Errand& errand) override {
        const auto route =
            std::find_if(routes_.begin(), routes_.end(), [&](const serve::Route& one) {
                return one.method == errand.method && one.pattern == errand.pattern;
            });
        if (route == routes_.end()) return Reply{404, {}, {}};
        serve::Request request;
        request.method = errand.method;
        request.path = errand.pattern;
        request.raw_query = errand.query;
        request.body = errand.body;
        if (!errand.content_type.empty())
            request.headers.push_back({"Content-Type", errand.content_type});
        const size_t begin = errand.pattern.find('{');
        if (begin != std::string::npos) {
            const size_t end = errand.pattern.find('}', begin);
            request.path_parameters = {
                {errand.pattern.substr(begin + 1, end - begin - 1), errand.id}};
        }
        request.identity.emplace();
        request.identity->subject = "operator";
        request.identity->organization = domain::OrganizationId::vouched(errand.organization);
        request.identity->permissions = {"admin"};
        const auto kept = std::make_shared<Kept>();
        auto answered = kept->promise.get_future();
        route->handler(std::move(request), serve::Responder(kept));
        const serve::Response response = answered.get();
        Reply reply{response.status, response.body, {}};
        for (const serve::Header& header : response.headers)
            if (header.name == "X-Next-Cursor") reply.next_cursor = header.value;
        return reply;
    }

    store::Store& store() { return *store_; }

private:
    const SystemClock clock_;
    IdSource ids_{clock_};
    const domain::Organizations organizations_;
    observe::Logger log_;
    observe::MetricRegistry metrics_;
    const std::unique_ptr<load::Registry> registry_;
    const unsigned long validity_;
    const unsigned history_limit_;
    std::shared_ptr<store::Store> store_;
    std::unique_ptr<store::GroupCommitter> committer_;
    std::unique_ptr<limit::Ledger> ledger_;
    deliver::FenceGate fence_;
    call::Callers callers_;
    std::unique_ptr<call::Calls> calls_;
    std::unique_ptr<reply::Turns> turns_;
    std::unique_ptr<deliver::Outbox> outbox_;
    std::unique_ptr<admit::Revocations> revocations_;
    Workers workers_{1, 8};
    converse::Ground desk_;
    std::vector<serve::Route> routes_;
};

Result<std::unique_ptr<Opened>> opened(const settings::Settings& settings) {
    auto store = std::make_unique<Opened>(settings);
    const auto done = store->open(settings.storage);
    if (done) return store;
    // What holds the data is the gateway, most likely.
    const std::string advice =
        settings.server.control.empty()
            ? "; with server.control in the settings a running gateway can be asked"
            : "";
    return Error{done.error().code, done.error().text + advice};
}

/// Zero for what is no position.
int64_t offset_of(const std::string& position) {
    const auto parsed = domain::parse_position(position);
    return parsed ? parsed->offset : 0;
}

Result<Followed> told_from(store::Store& store, const domain::OrganizationId& organization,
                           int64_t after, const std::function<bool(const Told&)>& each) {
    while (true) {
        const auto page = store.journal(organization, after, {}, events_a_page);
        if (!page) return page.error();
        for (const domain::Event& event : page->events) {
            const Told told{domain::to_text({page->head.epoch, event.offset}), {}, event.payload};
            if (!each(told)) return Followed::Enough;
            after = event.offset;
        }
        if (page->events.empty()) return Followed::Over;
    }
}

}  // namespace

Result<std::unique_ptr<Reach>> reach(const settings::Settings& settings) {
    if (connected(settings.server.control))
        return std::unique_ptr<Reach>(std::make_unique<Asking>(settings.server.control));
    auto store = opened(settings);
    if (!store) return store.error();
    return std::unique_ptr<Reach>(std::move(*store));
}

Result<Followed> follow(const settings::Settings& settings, const std::string& organization,
                        const std::string& after, const std::function<bool(const Told&)>& each) {
    // Two heartbeats lost mean that nobody is there any more.
    const std::chrono::seconds silence{3 * static_cast<int64_t>(settings.stream.heartbeat_s)};
    if (const auto socket = connected(settings.server.control))
        return followed(*socket, organization, after, silence, each);
    const auto store = opened(settings);
    if (!store) return store.error();
    return told_from((*store)->store(), domain::OrganizationId::vouched(organization),
                     offset_of(after), each);
}

}  // namespace tandem::operate
