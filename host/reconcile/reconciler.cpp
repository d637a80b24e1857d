#include "reconcile/reconciler.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace tandem::reconcile {

Reconciler::Reconciler(Ground ground, std::vector<std::shared_ptr<Source>> sources,
                       ReconcilerOptions options)
    : ground_(ground),
      options_(options),
      random_(options.seed != 0 ? options.seed : std::random_device()()) {
    for (std::shared_ptr<Source>& source : sources) {
        auto watch = std::make_unique<Watch>();
        for (const domain::Organization& one : ground_.organizations->all())
            if (one.channel == source->instance() || one.voice == source->instance())
                watch->organizations.push_back(&one);
        if (watch->organizations.empty()) continue;
        watch->source = std::move(source);
        watch->round = std::make_unique<Round>(ground_, options_.round, *watch->source, stopping_);
        watches_.push_back(std::move(watch));
    }
}

Reconciler::~Reconciler() {
    ask_to_stop();
    for (const auto& watch : watches_)
        if (watch->thread.joinable()) watch->thread.join();
}

void Reconciler::start() {
    if (options_.interval == Milliseconds{0}) return;
    running_ = watches_.size();
    for (const auto& watch : watches_) {
        measure(*watch);
        watch->thread = std::thread([this, &one = *watch] { run(one); });
    }
}

void Reconciler::measure(const Watch& watch) {
    ground_.metrics->gauge("tandem_reconcile_lag_seconds",
                           "Since when a provider was not fully asked what was missed.",
                           {{"provider", watch.source->instance()}}, watch.round->lag());
}

void Reconciler::ask_to_stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
}

bool Reconciler::stop(Milliseconds patience) {
    ask_to_stop();
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return running_ == 0; })) return false;
    }
    for (const auto& watch : watches_)
        if (watch->thread.joinable()) watch->thread.join();
    return true;
}

void Reconciler::run(Watch& watch) {
    for (bool awake = true; awake;) {
        bool good = false;
        try {
            good = ask(watch);
        } catch (const std::exception& failure) {
            ground_.log->error(
                "reconcile", "asking a provider failed",
                {{"provider", watch.source->instance()}, {"reason", failure.what()}});
        }
        awake = sleep(pause_after(watch, good));
    }
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
}

bool Reconciler::ask(Watch& watch) {
    bool good = true;
    for (const domain::Organization* organization : watch.organizations) {
        auto end = Round::End::More;
        for (unsigned i = 0; end == Round::End::More && i < options_.rounds_in_a_row; ++i)
            end = watch.round->missed(*organization);
        if (end == Round::End::Stopped || stopping_) return true;
        // Also where the list cannot be had: each call is asked for by its own name.
        const bool settled = watch.round->settle_calls(*organization);
        good = good && settled && end != Round::End::Failed;
    }
    return good;
}

Milliseconds Reconciler::pause_after(Watch& watch, bool good) {
    const std::lock_guard lock(mutex_);
    watch.failures = good ? 0 : std::min(watch.failures + 1, 20u);
    if (good) {
        const auto tenth = options_.interval.count() / 10;
        std::uniform_int_distribution<int64_t> jitter(-tenth, tenth);
        return options_.interval + Milliseconds{jitter(random_)};
    }
    const Milliseconds longest =
        std::min(options_.interval, options_.first_backoff * (1 << (watch.failures - 1)));
    std::uniform_int_distribution<int64_t> jitter(longest.count() / 2, longest.count());
    return Milliseconds{jitter(random_)};
}

bool Reconciler::sleep(Milliseconds delay) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, delay, [this] { return stopping_.load(); });
}

}  // namespace tandem::reconcile
