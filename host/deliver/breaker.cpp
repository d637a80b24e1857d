#include "deliver/breaker.h"

#include <algorithm>

namespace tandem::deliver {

Milliseconds Breaker::wait(Instant now) {
    if (!open_) return Milliseconds{0};
    if (now < probe_at_) return std::chrono::ceil<Milliseconds>(probe_at_ - now);
    // The others wait for the probe's end as for the next one.
    probe_at_ = now + pause_;
    return Milliseconds{0};
}

void Breaker::succeeded(Instant now) {
    if (open_) return close();
    in_a_row_ = 0;
    remember(now, false);
}

void Breaker::failed(Instant now) {
    if (open_) {
        // Of a probe, or of a send that was on its way when it opened.
        probe_at_ = std::max(probe_at_, now + pause_);
        return;
    }
    ++in_a_row_;
    remember(now, true);
    if (in_a_row_ < failures_in_a_row && !half_failed()) return;
    open_ = true;
    pause_ = failed_pause;
    probe_at_ = now + pause_;
}

void Breaker::refused(Instant now) {
    open_ = true;
    pause_ = refused_pause;
    probe_at_ = now + pause_;
}

void Breaker::remember(Instant now, bool failed) {
    results_.push_back({now, failed});
    while (results_.size() > max_results || results_.front().at + window < now)
        results_.pop_front();
}

bool Breaker::half_failed() const {
    const auto failures = std::count_if(results_.begin(), results_.end(),
                                        [](const Outcome& one) { return one.failed; });
    return results_.size() >= least_results && static_cast<size_t>(failures) * 2 >= results_.size();
}

/// What was before says nothing of a provider that works again.
void Breaker::close() {
    open_ = false;
    in_a_row_ = 0;
    results_.clear();
}

}  // namespace tandem::deliver
