#include "observe/registry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "base/text.h"

namespace tandem::observe {

namespace {

bool is_metric_name(std::string_view name) {
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_';
           });
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    // Without an exponent where people read it; 40 bytes hold every double so written.
    const double size = std::abs(value);
    const bool is_usual = size == 0 || (size >= 1e-6 && size < 1e15);
    const auto format = is_usual ? std::chars_format::fixed : std::chars_format::general;
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
    return std::string(buffer, end);
}

/// A label's value: backslash, quote and line feed are escaped, what is no UTF-8 replaced
/// (text format 0.0.4, "Comments, help text, and type information").
void append_label_value(std::string& out, std::string_view value) {
    for (size_t at = 0; at < value.size();) {
        const size_t length = utf8_sequence(value, at);
        if (value[at] == '\\')
            out += "\\\\";
        else if (value[at] == '"')
            out += "\\\"";
        else if (value[at] == '\n')
            out += "\\n";
        else if (length == 0)
            out += "\xef\xbf\xbd";
        else
            out.append(value.substr(at, length));
        at += std::max<size_t>(length, 1);
    }
}

std::string label_text(Metrics::Labels labels) {
    std::vector<std::pair<std::string_view, std::string_view>> sorted(labels);
    std::sort(sorted.begin(), sorted.end());
    std::string text;
    for (const auto& [name, value] : sorted) {
        if (!is_metric_name(name)) throw std::logic_error("no label name: " + std::string(name));
        if (!text.empty()) text += ',';
        text.append(name).append("=\"");
        append_label_value(text, value);
        text += '"';
    }
    return text;
}

void append_sample(std::string& out, const std::string& name, const std::string& labels,
                   const std::string& value) {
    out += name;
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(value).append("\n");
}

std::string help_text(std::string_view help) {
    std::string text;
    for (const char c : help) {
        if (c == '\\')
            text += "\\\\";
        else if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

}  // namespace

void HistogramSeries::observe(double seconds) {
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), seconds);
    counts_[static_cast<size_t>(bound - bounds.begin())].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(seconds, std::memory_order_relaxed);
}

void HistogramSeries::append(std::string& out, const std::string& name,
                             const std::string& labels) const {
    const std::string before = labels.empty() ? "" : labels + ",";
    uint64_t total = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
        total += counts_[i].load(std::memory_order_relaxed);
        const std::string bound = i < bounds.size() ? number(bounds[i]) : "+Inf";
        append_sample(out, name + "_bucket", before + "le=\"" + bound + "\"",
                      std::to_string(total));
    }
    append_sample(out, name + "_sum", labels, number(sum_.load(std::memory_order_relaxed)));
    append_sample(out, name + "_count", labels, std::to_string(total));
}

MetricRegistry::MetricRegistry() {
    gauge("tandem_build_info", "What this program was built from; always 1.",
          {{"version", TANDEM_VERSION}, {"compiler", __VERSION__}}, [] { return 1.0; });
}

MetricRegistry::Series& MetricRegistry::series(std::string_view name, std::string_view help,
                                               Type type, Labels labels) {
    if (!is_metric_name(name)) throw std::logic_error("no metric name: " + std::string(name));
    auto found = families_.find(name);
    if (found == families_.end())
        found = families_.emplace(std::string(name), Family{type, std::string(help), {}}).first;
    Family& family = found->second;
    if (family.type != type) throw std::logic_error("metric of another type: " + std::string(name));
    std::string key = label_text(labels);
    auto known = family.series.find(key);
    if (known != family.series.end()) return known->second;
    // Beyond the limit all that is new shares one series, so that totals stay right.
    if (count_ >= max_series) key = "overflow=\"true\"";
    known = family.series.try_emplace(key).first;
    ++count_;
    return known->second;
}

Counter& MetricRegistry::counter(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard lock(mutex_);
    Series& one = series(name, help, Type::Counter, labels);
    if (!one.counter) one.counter = std::make_unique<CounterSeries>();
    return *one.counter;
}

Histogram& MetricRegistry::histogram(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard lock(mutex_);
    Series& one = series(name, help, Type::Histogram, labels);
    if (!one.histogram) one.histogram = std::make_unique<HistogramSeries>();
    return *one.histogram;
}

void MetricRegistry::gauge(std::string_view name, std::string_view help, Labels labels,
                           std::function<double()> value) {
    const std::lock_guard lock(mutex_);
    series(name, help, Type::Gauge, labels).gauge =
        std::make_shared<const std::function<double()>>(std::move(value));
}

std::string MetricRegistry::text() const {
    std::string out;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, family] : families_) append_family(out, name, family);
    }
    return out + process_families();
}

void MetricRegistry::append_family(std::string& out, const std::string& name,
                                   const Family& family) const {
    static constexpr std::string_view types[] = {"counter", "histogram", "gauge"};
    out.append("# HELP ").append(name).append(" ").append(help_text(family.help)).append("\n");
    out.append("# TYPE ").append(name).append(" ");
    out.append(types[static_cast<size_t>(family.type)]).append("\n");
    for (const auto& [labels, one] : family.series) {
        if (one.counter) append_sample(out, name, labels, number(one.counter->value()));
        if (one.histogram) one.histogram->append(out, name, labels);
        if (!one.gauge) continue;
        try {
            append_sample(out, name, labels, number((*one.gauge)()));
        } catch (const std::exception&) {
            // One part that cannot answer must not hide all others from the scrape.
            append_sample(out, name, labels, "NaN");
        }
    }
}

}  // namespace tandem::observe
