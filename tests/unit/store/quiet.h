#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "observe/observe.h"

/// A log that nobody reads and metrics that a test can ask.
namespace tandem::store {

class QuietLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view, std::string_view,
               std::initializer_list<observe::Field>) override {
        ++lines;
    }
    std::atomic<int> lines{0};
};

class CountingMetrics : public observe::Metrics {
public:
    struct Amount : observe::Counter {
        void add(double amount) override { value = value + amount; }
        std::atomic<double> value{0};
    };
    struct Durations : observe::Histogram {
        void observe(double) override { ++count; }
        std::atomic<int> count{0};
    };

    observe::Counter& counter(std::string_view name, std::string_view, Labels labels) override {
        std::string series(name);
        for (const auto& [label, value] : labels) series.append(" ").append(value);
        auto& slot = counters_[series];
        if (!slot) slot = std::make_unique<Amount>();
        return *slot;
    }
    observe::Histogram& histogram(std::string_view, std::string_view, Labels) override {
        return durations_;
    }
    void gauge(std::string_view name, std::string_view, Labels,
               std::function<double()> value) override {
        gauges_[std::string(name)] = std::move(value);
    }
    std::string text() const override { return {}; }

    double value(const std::string& series) const {
        const auto found = counters_.find(series);
        return found == counters_.end() ? -1 : found->second->value.load();
    }
    double gauge_value(const std::string& name) const { return gauges_.at(name)(); }

private:
    std::map<std::string, std::unique_ptr<Amount>> counters_;
    std::map<std::string, std::function<double()>> gauges_;
    Durations durations_;
};

}  // namespace tandem::store
