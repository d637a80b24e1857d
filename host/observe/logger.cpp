#include "observe/logger.h"

#include <chrono>
#include <functional>

#include "observe/line.h"

namespace tandem::observe {

namespace {

int64_t second_of(const Clock& clock) {
    return std::chrono::duration_cast<std::chrono::seconds>(clock.steady().time_since_epoch())
        .count();
}

}  // namespace

Logger::Logger(LogPlan plan, const Clock& clock) : plan_(plan), clock_(clock), level_(plan.level) {
    const auto drop_notice = [this](unsigned long dropped) {
        return format(Level::Warn, "observe", "log lines dropped, the reader is too slow",
                      {{"lines", std::to_string(dropped)}}, 0);
    };
    writer_ = std::make_unique<LineWriter>(plan.descriptor, plan.queue_bytes, drop_notice,
                                           [this] { return settle_sites(); });
}

Logger::~Logger() = default;

void Logger::write(Level level, std::string_view room, std::string_view text,
                   std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    unsigned long suppressed = 0;
    if (level != Level::Debug && !admit(level, room, text, second_of(clock_), suppressed)) return;
    writer_->push(format(level, room, text, fields, suppressed));
}

void Logger::measure(Metrics& metrics) const {
    metrics.gauge("tandem_log_dropped_lines", "Log lines lost to a reader that is too slow.", {},
                  [this] { return static_cast<double>(dropped()); });
}

bool Logger::admit(Level level, std::string_view room, std::string_view text, int64_t second,
                   unsigned long& suppressed) {
    const size_t key = std::hash<std::string_view>{}(text)*31 +
                       std::hash<std::string_view>{}(room) + static_cast<size_t>(level);
    const std::lock_guard lock(sites_mutex_);
    Site& site = sites_[key % sites_.size()];
    if (site.key != key) site = {key, std::string(room), std::string(text), level, second, 0, 0};
    if (site.second != second) {
        site.second = second;
        site.lines = 0;
        suppressed = std::exchange(site.suppressed, 0);
    }
    if (site.lines >= plan_.lines_per_second) {
        ++site.suppressed;
        return false;
    }
    ++site.lines;
    return true;
}

std::string Logger::format(Level level, std::string_view room, std::string_view text,
                           std::initializer_list<Field> fields, unsigned long suppressed) const {
    const LineParts parts{clock_.now(), level, room, text, fields, suppressed};
    return plan_.format == Format::Json ? json_line(parts) : text_line(parts);
}

std::string Logger::settle_sites() {
    std::string lines;
    const std::lock_guard lock(sites_mutex_);
    const int64_t second = second_of(clock_);
    for (Site& site : sites_) {
        if (site.suppressed == 0 || site.second == second) continue;
        lines += format(site.level, site.room, site.text, {}, site.suppressed);
        site.suppressed = 0;
    }
    return lines;
}

}  // namespace tandem::observe
