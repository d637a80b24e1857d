#include "observe/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace tandem::observe {

using std::chrono::steady_clock;

namespace {

constexpr auto farewell = std::chrono::seconds{2};  // a stop must not hang on a full pipe
constexpr auto tick_period = std::chrono::seconds{1};
// A pipe that polls writable takes PIPE_BUF bytes without blocking (POSIX pipe(7)); the
// descriptor itself must stay blocking, because stderr is shared with other programs.
constexpr size_t chunk_bytes = 4096;
constexpr size_t batch_bytes = 65536;

}  // namespace

LineWriter::LineWriter(int descriptor, size_t queue_bytes,
                       std::function<std::string(unsigned long)> drop_notice,
                       std::function<std::string()> tick)
    : descriptor_(descriptor),
      queue_bytes_(queue_bytes),
      drop_notice_(std::move(drop_notice)),
      tick_(std::move(tick)),
      thread_([this] { run(); }) {}

LineWriter::~LineWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        give_up_ = steady_clock::now() + farewell;
    }
    changed_.notify_all();
    thread_.join();
}

void LineWriter::push(std::string line) {
    {
        const std::lock_guard lock(mutex_);
        if (bytes_ + line.size() > queue_bytes_) {
            ++untold_;
            ++dropped_;
            return;
        }
        bytes_ += line.size();
        lines_.push_back(std::move(line));
    }
    changed_.notify_all();
}

bool LineWriter::flush(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [this] { return lines_.empty() && !writing_; });
}

size_t LineWriter::queued_bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

void LineWriter::run() {
    auto next_tick = steady_clock::now() + tick_period;
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait_until(lock, next_tick, [this] { return stopping_ || !lines_.empty(); });
        std::string batch;
        while (!lines_.empty() && batch.size() < batch_bytes) {
            batch += lines_.front();
            bytes_ -= lines_.front().size();
            lines_.pop_front();
        }
        const unsigned long untold = std::exchange(untold_, 0);
        const bool last = stopping_ && lines_.empty();
        writing_ = true;
        lock.unlock();
        if (untold > 0) batch += drop_notice_(untold);
        if (last || steady_clock::now() >= next_tick) {
            batch += tick_();
            next_tick = steady_clock::now() + tick_period;
        }
        const bool written = write_all(batch);
        lock.lock();
        writing_ = false;
        changed_.notify_all();
        if (last || (stopping_ && !written)) return;
    }
}

bool LineWriter::write_all(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
        pollfd ready{descriptor_, POLLOUT, 0};
        const int answer = ::poll(&ready, 1, 100);
        if (answer <= 0) {
            const std::lock_guard lock(mutex_);
            if (stopping_ && steady_clock::now() >= give_up_) return false;
            continue;
        }
        const size_t length = std::min(bytes.size() - at, chunk_bytes);
        const ssize_t written = ::write(descriptor_, bytes.data() + at, length);
        if (written > 0)
            at += static_cast<size_t>(written);
        else if (errno != EINTR && errno != EAGAIN)
            return false;  // nobody reads, or the disk is full: these lines are lost
    }
    return true;
}

}  // namespace tandem::observe
