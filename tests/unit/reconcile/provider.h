#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "reconcile/reconciler.h"
#include "told.h"

/// A provider that knows what happened, and answers as a test wants it to.
namespace tandem::reconcile::testing {

using namespace receive::testing;

class Provider : public Source {
public:
    explicit Provider(std::string name) : name_(std::move(name)) {}

    // Set before the asking begins.
    std::vector<receive::ProviderEvent> happened;  // oldest first
    size_t page = 1000000;                         // told in one answer
    std::map<std::string, Result<std::optional<receive::ProviderEvent>>> calls;

    std::atomic<bool> fails{false};
    std::atomic<int> details{0};  // of events that were not known

    const std::string& instance() const override { return name_; }

    Result<std::optional<Time>> missed(const MissedQuery& query, const MissedSink& sink) override {
        {
            std::unique_lock lock(mutex_);
            queries_.push_back(query);
            asked_.notify_all();
            asked_.wait(lock, [this] { return !hangs_; });
        }
        if (fails) return Error{Code::Unavailable, "the test's provider is away"};
        const Time now = SystemClock().now();
        size_t told = 0;
        for (const receive::ProviderEvent& event : happened) {
            const auto& incident =
                std::visit([](const auto& one) -> const receive::Incident& { return one; }, event);
            if (incident.happened_at < query.since || sink.known(incident.dedupe_key)) continue;
            // Pages end where a time ends: what is older was told.
            if (told++ == page) return std::optional<Time>(incident.happened_at);
            ++details;
            if (!sink.event(event)) return std::optional<Time>();
        }
        return std::optional<Time>(now);
    }

    Result<std::optional<receive::ProviderEvent>> call(const std::string& id,
                                                       Milliseconds) override {
        {
            const std::lock_guard lock(mutex_);
            asked_for_.push_back(id);
            asked_.notify_all();
        }
        const auto found = calls.find(id);
        if (found == calls.end()) return Error{Code::NotFound, "no such conversation"};
        return found->second;
    }

    void hang(bool hangs) {
        const std::lock_guard lock(mutex_);
        hangs_ = hangs;
        asked_.notify_all();
    }

    /// What was asked, once it was asked so often.
    std::vector<MissedQuery> queries(size_t at_least) {
        std::unique_lock lock(mutex_);
        CPPUNIT_ASSERT_MESSAGE("the provider was not asked", asked_.wait_for(lock, patience, [&] {
            return queries_.size() >= at_least;
        }));
        return queries_;
    }
    size_t asked() const {
        const std::lock_guard lock(mutex_);
        return queries_.size();
    }
    std::vector<std::string> asked_for() const {
        const std::lock_guard lock(mutex_);
        return asked_for_;
    }

private:
    const std::string name_;
    mutable std::mutex mutex_;
    std::condition_variable asked_;
    bool hangs_ = false;                  // guarded by mutex_
    std::vector<MissedQuery> queries_;    // guarded by mutex_
    std::vector<std::string> asked_for_;  // guarded by mutex_
};

inline Ground ground_of(House& house) {
    return {&house.store,         &house.committer, house.intake.get(), &house.clock,
            &house.organizations, &house.log,       &house.metrics};
}

/// One round at once, the next in an hour.
inline ReconcilerOptions once() {
    ReconcilerOptions options;
    options.interval = std::chrono::hours(1);
    options.first_backoff = Milliseconds{5};
    return options;
}

inline std::optional<Time> watermark(House& house, const std::string& instance) {
    const auto notes = house.store.notes("bici", "watermark", instance, house.clock.now(), 10);
    CPPUNIT_ASSERT(notes);
    if (notes->empty()) return std::nullopt;
    return Time{Milliseconds{std::stoll(notes->front().value)}};
}

}  // namespace tandem::reconcile::testing
