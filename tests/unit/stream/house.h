#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "journal_store.h"
#include "line.h"
#include "publish/journal_feed.h"
#include "reader.h"
#include "store/committer.h"
#include "stream/hub.h"
#include "stream/places.h"
#include "stream/tickets.h"

/// Hub, feed and committer as they are put together in the daemon, with time in the
/// test's hand.
namespace tandem::stream {

class HandClock : public Clock {
public:
    Time now() const override { return Time{Milliseconds{1795324691135 + passed_.load()}}; }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{} + Milliseconds{1000000 + passed_.load()};
    }
    void pass(Milliseconds time) { passed_ += time.count(); }

private:
    std::atomic<int64_t> passed_{0};
};

class SilentLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view, std::string_view,
               std::initializer_list<observe::Field>) override {}
};

class CountingMetrics : public observe::Metrics {
public:
    struct Amount : observe::Counter {
        void add(double amount) override { value = value + amount; }
        std::atomic<double> value{0};
    };
    struct Durations : observe::Histogram {
        void observe(double) override {}
    };
    observe::Counter& counter(std::string_view name, std::string_view, Labels labels) override {
        std::string series(name);
        for (const auto& [label, value] : labels) series.append(" ").append(value);
        const std::lock_guard lock(mutex_);
        auto& slot = counters_[series];
        if (!slot) slot = std::make_unique<Amount>();
        return *slot;
    }
    observe::Histogram& histogram(std::string_view, std::string_view, Labels) override {
        return durations_;
    }
    void gauge(std::string_view, std::string_view, Labels, std::function<double()>) override {}
    std::string text() const override { return {}; }

    int value(const std::string& series) {
        const std::lock_guard lock(mutex_);
        const auto found = counters_.find(series);
        return found == counters_.end() ? 0 : static_cast<int>(found->second->value.load());
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Amount>> counters_;
    Durations durations_;
};

class TestJudge : public admit::Judge {
public:
    std::string judge(const domain::Identity& identity, std::string_view, Time now) const override {
        if (identity.expires_at && now >= *identity.expires_at) return "token_expired";
        return revoked ? "access_revoked" : "";
    }
    std::string ask_again(const std::string& token, const domain::Identity& identity,
                          std::string_view permission, Time now) const override {
        return token == "taken out" ? "access_revoked" : judge(identity, permission, now);
    }
    std::atomic<bool> revoked{false};
};

struct House {
    explicit House(Options the_options = {}, publish::Audience* other = nullptr)
        : options(the_options),
          feed(store, log, metrics),
          committer(store, &feed, log, metrics),
          hub(options, store, feed, judge, clock, ids, log, metrics) {
        feed.tell(hub);
        if (other) feed.tell(*other);
    }
    ~House() {
        committer.stop();
        hub.stop();
    }

    Subscription subscription(const std::string& address) const {
        Subscription made;
        made.identity.organization = "acme";
        made.identity.subject = "ann";
        made.view.organization = "acme";
        made.view.address = address;
        return made;
    }
    std::shared_ptr<Line> open(Subscription subscription, bool paused = false) {
        auto line = std::make_shared<Line>(loop);
        if (paused) line->pause();
        loop.with([&] { hub.open(line, std::move(subscription)); });
        return line;
    }
    std::shared_ptr<Line> open_live(const std::string& address) {
        return open(subscription(address));
    }
    std::shared_ptr<Line> resume(const std::string& address, const std::string& last_id,
                                 bool paused = false) {
        Subscription made = subscription(address);
        made.last_event_id = last_id;
        return open(std::move(made), paused);
    }

    static domain::Event event(const std::string& address, const std::string& payload,
                               const std::string& type = "sms_received") {
        domain::Event made;
        made.type = type;
        made.address = address;
        made.payload = payload;
        return made;
    }
    void publish(const std::string& address, const std::string& payload,
                 const domain::OrganizationId& organization = "acme",
                 const std::string& type = "sms_received") {
        store::ChangeSet change;
        change.organization = organization;
        change.operations.push_back(event(address, payload, type));
        if (!committer.commit(std::move(change))) throw std::runtime_error("not committed");
        settle();
    }
    /// Written by another process: the feed does not hear of it.
    void write_elsewhere(const std::string& address, const std::string& payload) {
        store::ChangeSet change;
        change.organization = "acme";
        change.operations.push_back(event(address, payload));
        if (!store.commit({&change})) throw std::runtime_error("not written");
    }
    /// All that was posted to the loop so far has run.
    void settle() {
        loop.with([] {});
    }
    void tick() {
        hub.tick();
        settle();
    }
    /// Passes the time in small steps, as the heart does.
    void pass(Milliseconds time) {
        const Milliseconds step = options.heartbeat / 16;
        for (Milliseconds gone{0}; gone < time; gone += step) {
            clock.pass(step);
            tick();
        }
    }

    const Options options;
    HandClock clock;
    IdSource ids{clock};
    SilentLog log;
    CountingMetrics metrics;
    TestJudge judge;
    JournalStore store;
    publish::JournalFeed feed;
    store::GroupCommitter committer;
    Hub hub;
    Loop loop;
};

inline std::vector<Heard> heard(const Line& line) {
    EventReader reader;
    reader.take(line.text());
    return reader.events;
}

/// The data of unnamed events, without `connected`.
inline std::vector<std::string> told(const Line& line) {
    std::vector<std::string> data;
    for (const Heard& one : heard(line))
        if (one.name == "message" && one.data.find("\"type\":\"connected\"") == std::string::npos)
            data.push_back(one.data);
    return data;
}

inline bool await_text(const Line& line, const std::string& part) {
    return line.await(
        [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

inline size_t count(const std::string& text, const std::string& part) {
    size_t times = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++times;
    return times;
}

}  // namespace tandem::stream
