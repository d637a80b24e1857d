#include <algorithm>
#include <utility>

#include "context/context.h"
#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

// Enough to fill a group commit, few enough not to crowd out webhooks in the lanes.
constexpr size_t max_in_hand = 64;
constexpr unsigned max_attempts = 10;
constexpr std::chrono::milliseconds first_delay{500};
constexpr std::chrono::milliseconds longest_delay{30000};

}  // namespace

void Intake::start() {
    {
        const std::lock_guard lock(mutex_);
        running_ = true;
    }
    thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
    size_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        running_ = false;
        stopped_ = true;
        dropped = emitted_.size();
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    thread_.join();
    if (dropped > 0)
        ground_.log->warn("receive", "stopped before all events of plugins were recorded",
                          {{"dropped", std::to_string(dropped)}});
}

bool Intake::emit(const std::string& instance, ProviderEvent event) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return false;
        if (emitted_.size() < options_.emitted_events) {
            emitted_.push_back({instance, std::move(event), 0, {}});
            changed_.notify_all();
            return true;
        }
    }
    count(instance, event_name(event), "queue_full");
    return false;
}

void Intake::run() {
    std::unique_lock lock(mutex_);
    while (running_) {
        const Instant now = std::chrono::steady_clock::now();
        if (next_sweep_ <= now) {
            next_sweep_ = now + options_.parked_sweep;
            lock.unlock();
            sweep_parked();
            lock.lock();
            continue;
        }
        if (!impatient_.empty() && impatient_.front().deadline <= now) {
            const DeliveryPtr delivery = impatient_.front().delivery.lock();
            impatient_.pop_front();
            lock.unlock();
            if (delivery && !delivery->answered) answer_without_storage(delivery);
            lock.lock();
            continue;
        }
        const auto ready = std::find_if(emitted_.begin(), emitted_.end(),
                                        [&](const Emitted& one) { return one.not_before <= now; });
        if (ready != emitted_.end() && in_hand_ < max_in_hand) {
            Emitted emitted = std::move(*ready);
            emitted_.erase(ready);
            ++in_hand_;
            lock.unlock();
            begin(std::move(emitted));
            lock.lock();
            continue;
        }
        Instant wake = std::min(now + longest_delay, next_sweep_);
        if (!impatient_.empty()) wake = std::min(wake, impatient_.front().deadline);
        if (in_hand_ < max_in_hand)
            for (const Emitted& one : emitted_) wake = std::min(wake, one.not_before);
        changed_.wait_until(lock, wake);
    }
}

void Intake::begin(Emitted emitted) {
    auto delivery = std::make_shared<Delivery>();
    delivery->instance = emitted.instance;
    delivery->begun = ground_.clock->steady();
    Normalised said;
    said.events.push_back(emitted.event);
    delivery->tell = [this, emitted](Result<WebhookAnswer> result) { end(emitted, result); };
    accept(std::move(delivery), std::move(said));
}

void Intake::record(const std::string& instance, ProviderEvent event, Done done) {
    auto delivery = std::make_shared<Delivery>();
    delivery->instance = instance;
    delivery->begun = ground_.clock->steady();
    delivery->done = std::move(done);
    Normalised said;
    said.events.push_back(std::move(event));
    accept(std::move(delivery), std::move(said));
}

void Intake::end(Emitted emitted, const Result<WebhookAnswer>& result) {
    const bool again = !result && is_passing(result.error().code);
    const bool given_up = again && ++emitted.attempts >= max_attempts;
    if (given_up)
        ground_.log->error("receive", "an event of a plugin was given up",
                           {{"provider", emitted.instance}, {"reason", result.error().text}});
    const std::lock_guard lock(mutex_);
    --in_hand_;
    if (again && !given_up) {
        const auto delay = std::min(longest_delay, first_delay * (1 << emitted.attempts));
        emitted.not_before = std::chrono::steady_clock::now() + delay;
        emitted_.push_back(std::move(emitted));
    }
    changed_.notify_all();
}

void Intake::hurry(const DeliveryPtr& delivery) {
    const std::lock_guard lock(mutex_);
    impatient_.push_back({delivery, std::chrono::steady_clock::now() + options_.context_patience});
    changed_.notify_all();
}

/// The defaults instead of what the store knows. What was begun is still recorded if it can
/// be; the post-call webhook tells the rest again.
void Intake::answer_without_storage(const DeliveryPtr& delivery) {
    if (!delivery->source || delivery->scopes.empty()) return;
    ground_.log->warn("receive", "a call was answered without its context",
                      {{"provider", delivery->instance}});
    ground_.metrics
        ->counter("tandem_context_defaults_total", "Calls that got the safe defaults.", {})
        .add();
    answer(delivery, delivery->source->render_context(
                         delivery->request,
                         context::dynamic_variables(*delivery->scopes.front().organization, {})));
}

}  // namespace tandem::receive
