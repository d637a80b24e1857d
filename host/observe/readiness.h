#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/observe.h"

namespace tandem::observe {

/// Whether the gateway can work now. Every part is asked at most once a second, however
/// many ask us. Safe from any thread. The clock must outlive it.
class Readiness : public Health {
public:
    explicit Readiness(const Clock& clock);

    void watch(std::string part, std::function<std::string()> check,
               Weight weight = Weight::Vital) override;
    /// From now on the gateway is on its way out, whatever the parts say.
    void drain() { draining_ = true; }
    bool draining() const { return draining_; }

    struct Failure {
        std::string part;
        std::string reason;
        Weight weight = Weight::Vital;
    };
    /// None that is vital: ready. A check that throws has failed.
    std::vector<Failure> failures();

private:
    struct Part {
        std::string name;
        std::function<std::string()> check;
        Weight weight;
    };

    const Clock& clock_;
    std::atomic<bool> draining_{false};
    std::mutex mutex_;
    std::vector<Part> parts_;        // guarded by mutex_
    std::vector<Failure> failures_;  // guarded by mutex_: of the last round
    std::optional<std::chrono::steady_clock::time_point> asked_at_;  // guarded by mutex_
};

}  // namespace tandem::observe
