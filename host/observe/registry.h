#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "observe/observe.h"

namespace tandem::observe {

/// More than all rooms have together; a label that grows without bound stops here.
constexpr size_t max_series = 2000;

class CounterSeries : public Counter {
public:
    void add(double amount = 1) override { value_.fetch_add(amount, std::memory_order_relaxed); }
    double value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class HistogramSeries : public Histogram {
public:
    /// Upper bounds in seconds: a database's commit at the left, a provider's deadline at
    /// the right.
    static constexpr std::array<double, 14> bounds = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

    void observe(double seconds) override;
    void append(std::string& out, const std::string& name, const std::string& labels) const;

private:
    std::array<std::atomic<uint64_t>, bounds.size() + 1> counts_{};
    std::atomic<double> sum_{0};
};

/// The families of this process. Adding takes a lock, counting none. Safe from any thread.
/// A gauge's function must outlive the last `text`, or be taken back by `forget`.
class MetricRegistry : public Metrics {
public:
    MetricRegistry();

    Counter& counter(std::string_view name, std::string_view help, Labels labels) override;
    Histogram& histogram(std::string_view name, std::string_view help, Labels labels) override;
    void gauge(std::string_view name, std::string_view help, Labels labels,
               std::function<double()> value) override;
    std::string text() const override;

private:
    enum class Type { Counter, Histogram, Gauge };
    struct Series {
        std::unique_ptr<CounterSeries> counter;
        std::unique_ptr<HistogramSeries> histogram;
        std::shared_ptr<const std::function<double()>> gauge;
    };
    struct Family {
        Type type;
        std::string help;
        std::map<std::string, Series> series;  // by its labels as text
    };

    Series& series(std::string_view name, std::string_view help, Type type, Labels labels);
    void append_family(std::string& out, const std::string& name, const Family& family) const;

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;  // guarded by mutex_
    size_t count_ = 0;                                     // guarded by mutex_
};

/// process_* of the Prometheus client conventions, from /proc.
std::string process_families();

}  // namespace tandem::observe
