#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "observe/line_writer.h"
#include "observe/observe.h"

namespace tandem::observe {

enum class Format { Json, Text };

struct LogPlan {
    Level level = Level::Info;
    Format format = Format::Json;
    int descriptor = 2;
    size_t queue_bytes = 4 << 20;    // some 20,000 lines: a journal's hiccup
    unsigned lines_per_second = 10;  // of one site; Debug lines are not counted
};

/// The log of this process. Safe from any thread; never waits for its reader. The clock
/// must outlive it.
class Logger : public Log {
public:
    Logger(LogPlan plan, const Clock& clock);
    ~Logger() override;

    bool enabled(Level level) const override { return level <= level_.load(); }
    void write(Level level, std::string_view room, std::string_view text,
               std::initializer_list<Field> fields) override;

    /// Takes effect with the next line.
    void level(Level level) { level_ = level; }
    /// False if the reader did not take everything in time.
    bool flush(std::chrono::milliseconds at_most) { return writer_->flush(at_most); }
    unsigned long dropped() const { return writer_->dropped(); }
    /// Shows the drops among the metrics, which must go before this log goes.
    void measure(Metrics& metrics) const;

private:
    /// What one place in the code said this second; places are told apart by the room and
    /// the text, whose variable parts are fields.
    struct Site {
        size_t key = 0;
        std::string room, text;
        Level level = Level::Info;
        int64_t second = 0;
        unsigned lines = 0;
        unsigned long suppressed = 0;
    };

    /// Whether this line may be written; tells how many before it were not.
    bool admit(Level level, std::string_view room, std::string_view text, int64_t second,
               unsigned long& suppressed);
    std::string format(Level level, std::string_view room, std::string_view text,
                       std::initializer_list<Field> fields, unsigned long suppressed) const;
    /// Tells of suppressed lines whose site fell silent.
    std::string settle_sites();

    const LogPlan plan_;
    const Clock& clock_;
    std::atomic<Level> level_;
    std::mutex sites_mutex_;
    std::array<Site, 1024> sites_;        // guarded by sites_mutex_; a newer key takes the place
    std::unique_ptr<LineWriter> writer_;  // last: its thread uses all of the above
};

}  // namespace tandem::observe
