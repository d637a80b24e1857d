#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/workers.h"
#include "load/store_proxy.h"
#include "observe/registry.h"
#include "receive/intake.h"
#include "store/committer.h"
#include "store/lanes.h"
#include "tandem/host/instance.hpp"
#include "tandem/plugin/testing.hpp"
#include "unit/store/passing_store.h"

extern "C" const tandem_descriptor* tandem_plugin_v1(void);

/// The ground that the room stands on, real but for the log: memory store, committer, lanes.
namespace tandem::receive::testing {

constexpr std::chrono::seconds patience{60};

class KeptLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view, std::string_view text,
               std::initializer_list<observe::Field> fields) override {
        const std::lock_guard lock(mutex_);
        lines_.append(text);
        for (const auto& [name, value] : fields)
            lines_.append(" ").append(name).append("=").append(value);
        lines_.append("\n");
    }
    std::string lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::string lines_;
};

/// A store that fails, waits or is raced when a test says so.
class TroubledStore : public tandem::testing::PassingStore {
public:
    using PassingStore::PassingStore;

    std::atomic<bool> reads_fail{false};
    std::atomic<bool> writes_fail{false};
    /// Runs before a batch is written, on the committer's thread.
    std::function<void()> before_commit;
    /// Runs before a snapshot is read, on a lane.
    std::function<void()> before_snapshot;

    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>& batch) override {
        if (before_commit) before_commit();
        if (writes_fail) return Error{Code::Unavailable, "the test's disk is full"};
        return PassingStore::commit(batch);
    }
    Result<store::Snapshot> snapshot(Whose organization, Text address, unsigned limit) override {
        if (before_snapshot) before_snapshot();
        if (reads_fail) return Error{Code::Unavailable, "the test's disk is away"};
        return PassingStore::snapshot(organization, address, limit);
    }
};

/// Reads two lines: `from to text`, or `status id word`; the dedupe key is the header `key`.
class FakeSource : public WebhookSource {
public:
    std::function<Result<void>(const WebhookRequest&)> judge = [](const WebhookRequest&) {
        return Result<void>();
    };
    std::function<Result<Normalised>(const WebhookRequest&)> read;
    std::atomic<int> renders{0};
    std::string name = "twilio";
    std::string kind = "twilio";
    std::vector<WebhookRoute> declared{
        {"POST", "sms/incoming", false}, {"POST", "messages", true}, {"GET", "voice", false}};

    const std::string& instance() const override { return name; }
    const std::string& plugin() const override { return kind; }
    const std::vector<WebhookRoute>& routes() const override { return declared; }
    Result<void> verify(const WebhookRequest& request) override { return judge(request); }
    Result<Normalised> normalise(const WebhookRequest& request) override { return read(request); }
    Result<WebhookAnswer> render_context(
        const WebhookRequest&,
        const std::vector<std::pair<std::string, std::string>>& variables) override {
        ++renders;
        WebhookAnswer answer;
        for (const auto& [variable, value] : variables) answer.body += variable + "=" + value + ";";
        return answer;
    }
};

/// An answer that can be waited for.
class Asked : public serve::Responder::Exchange {
public:
    void answer(serve::Response response) override {
        const std::lock_guard lock(mutex_);
        response_ = std::move(response);
        changed_.notify_all();
    }
    void stream(serve::Response, std::function<void(std::shared_ptr<serve::Stream>)>) override {}

    serve::Response wait() {
        std::unique_lock lock(mutex_);
        CPPUNIT_ASSERT_MESSAGE("no answer came", changed_.wait_for(lock, patience, [this] {
            return response_.has_value();
        }));
        return *response_;
    }
    bool answered() const {
        const std::lock_guard lock(mutex_);
        return response_.has_value();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<serve::Response> response_;
};

/// Everything at once; ends in the order that the daemon keeps.
struct House {
    /// How long a call waits for its context: it has time, where nothing is to hang.
    explicit House(Milliseconds for_context = std::chrono::seconds(20))
        : context_patience(for_context),
          store(made(instance, fake)),
          organizations({{"bici", "BICI", "US", {"+14155550100"}, "twilio", "eleven", "brain"},
                         {"other", "Other", "US", {"+14155550111"}, "elsewhere", "", ""},
                         {"one", "One", "US", {"+14155550112"}, "shared", "", ""},
                         {"two", "Two", "US", {"+14155550113"}, "", "shared", ""}}),
          ids(clock),
          committer(store, nullptr, log, metrics),
          lanes([this](std::function<void()> task) { pool.run(std::move(task)); }, log, metrics),
          source(std::make_shared<FakeSource>()) {
        restart();
    }
    ~House() {
        intake->stop();
        lanes.stop();
        pool.stop();
        committer.stop();
    }

    static std::shared_ptr<store::Store> made(host::Instance& instance,
                                              plugin::testing::FakeHost& fake) {
        CPPUNIT_ASSERT(instance.create(*tandem_plugin_v1(), fake.raw(), "memory").ok());
        CPPUNIT_ASSERT(instance.start().ok());
        return load::make_store_proxy(*instance.raw());
    }

    /// The room anew, on the same ground.
    void restart() {
        if (intake) {
            intake->stop();
            stopped.push_back(std::move(intake));
        }
        Ground ground;
        ground.organizations = &organizations;
        ground.store = &store;
        ground.committer = &committer;
        ground.lanes = &lanes;
        ground.clock = &clock;
        ground.ids = &ids;
        ground.log = &log;
        ground.metrics = &metrics;
        ground.limits = limits;
        intake =
            std::make_unique<Intake>(ground, IntakeOptions{.public_url = "https://gw.example.com",
                                                           .emitted_events = 100,
                                                           .context_patience = context_patience});
        intake->start();
    }

    std::vector<domain::Event> events(const domain::OrganizationId& organization = "bici") {
        return store.journal(organization, 0, {}, 10000)->events;
    }

    const Milliseconds context_patience;
    plugin::testing::FakeHost fake;
    host::Instance instance;
    TroubledStore store;
    domain::Organizations organizations;
    SystemClock clock;
    IdSource ids;
    KeptLog log;
    observe::MetricRegistry metrics;
    Workers pool{4, 100000};
    store::GroupCommitter committer;
    store::ConversationLanes lanes;
    std::shared_ptr<FakeSource> source;
    limit::Limits* limits = nullptr;  // counts from the next restart on
    std::unique_ptr<Intake> intake;
    std::vector<std::unique_ptr<Intake>> stopped;  // lanes may still hold a task of theirs
};

}  // namespace tandem::receive::testing
