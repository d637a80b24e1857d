#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "observe/observe.h"
#include "serve/router.h"

namespace tandem::serve {

/// What the operator sees of requests: how many were answered, how fast, and what was
/// refused. Safe from any thread; `metrics`, if there are any, and `router` are borrowed.
class Figures {
public:
    Figures(observe::Metrics* metrics, const Router& router);

    /// One answer; without a route it counts as `none`.
    void answered(const Route* route, std::string_view method, int status, double seconds);
    void rejected(std::string_view reason);

private:
    struct Series {
        observe::Counter* requests;
        observe::Histogram* seconds;
    };
    Series series_of(const Route* route, std::string_view method, int status);

    observe::Metrics* const metrics_;
    const Router& router_;
    std::mutex mutex_;
    // Remembered, because asking for a series by its labels costs more than the answer.
    std::unordered_map<uint64_t, Series> series_;  // guarded by mutex_
};

}  // namespace tandem::serve
