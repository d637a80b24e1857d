#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// Logs and metrics, as every room sees them.
namespace tandem::observe {

enum class Level { Error, Warn, Info, Debug };

/// A name and a value of a log line. Values are escaped by the log; secrets, message
/// texts and full phone numbers must not be given at all (domain::redacted).
using Field = std::pair<std::string_view, std::string>;

/// One JSON object a line. Safe from any thread; never blocks on its reader.
class Log {
public:
    virtual ~Log() = default;
    virtual bool enabled(Level level) const = 0;
    virtual void write(Level level, std::string_view room, std::string_view text,
                       std::initializer_list<Field> fields) = 0;

    void error(std::string_view room, std::string_view text,
               std::initializer_list<Field> fields = {}) {
        write(Level::Error, room, text, fields);
    }
    void warn(std::string_view room, std::string_view text,
              std::initializer_list<Field> fields = {}) {
        write(Level::Warn, room, text, fields);
    }
    void info(std::string_view room, std::string_view text,
              std::initializer_list<Field> fields = {}) {
        write(Level::Info, room, text, fields);
    }
    void debug(std::string_view room, std::string_view text,
               std::initializer_list<Field> fields = {}) {
        if (enabled(Level::Debug)) write(Level::Debug, room, text, fields);
    }
};

/// A number that only grows. Safe from any thread; lives as long as its Metrics.
class Counter {
public:
    virtual ~Counter() = default;
    virtual void add(double amount = 1) = 0;
};

/// Durations in seconds, in fixed buckets.
class Histogram {
public:
    virtual ~Histogram() = default;
    virtual void observe(double seconds) = 0;
};

/// The families of /metrics (Prometheus text format 0.0.4). Asking again for the same
/// name and labels gives the same series. Labels are never ids, phones or addresses.
class Metrics {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    virtual ~Metrics() = default;
    virtual Counter& counter(std::string_view name, std::string_view help, Labels labels = {}) = 0;
    virtual Histogram& histogram(std::string_view name, std::string_view help,
                                 Labels labels = {}) = 0;
    /// Asked at each scrape; must be quick.
    virtual void gauge(std::string_view name, std::string_view help, Labels labels,
                       std::function<double()> value) = 0;
    virtual std::string text() const = 0;
};

/// A part that /readyz asks: empty means ready, else what fails, safe for strangers.
class Health {
public:
    enum class Weight {
        Vital,     // without it nothing may come here
        Degrades,  // it is told, and what comes is taken as ever
    };

    virtual ~Health() = default;
    virtual void watch(std::string part, std::function<std::string()> check,
                       Weight weight = Weight::Vital) = 0;
};

}  // namespace tandem::observe
