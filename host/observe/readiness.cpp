#include "observe/readiness.h"

#include <chrono>

namespace tandem::observe {

Readiness::Readiness(const Clock& clock) : clock_(clock) {}

void Readiness::watch(std::string part, std::function<std::string()> check, Weight weight) {
    const std::lock_guard lock(mutex_);
    parts_.push_back({std::move(part), std::move(check), weight});
    asked_at_.reset();
}

std::vector<Readiness::Failure> Readiness::failures() {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady();
    if (asked_at_ && now - *asked_at_ < std::chrono::seconds{1}) return failures_;
    failures_.clear();
    for (const Part& part : parts_) {
        std::string reason;
        try {
            reason = part.check();
        } catch (const std::exception&) {
            // What it says may be meant for administrators only.
            reason = "does not answer";
        }
        if (!reason.empty()) failures_.push_back({part.name, std::move(reason), part.weight});
    }
    asked_at_ = now;
    return failures_;
}

}  // namespace tandem::observe
