#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "serve/serve.h"

/// A loop and its connections without sockets: what is sent is recorded, and a reader who
/// stops reading is a switch.
namespace tandem::stream {

class Loop {
public:
    Loop() : thread_([this] { run(); }) {}
    ~Loop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        awake_.notify_all();
        thread_.join();
    }
    void post(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            work_.push_back(std::move(work));
        }
        awake_.notify_all();
    }
    /// Runs it on the loop when that ends: a real one cuts what is left.
    void at_end(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        at_end_.push_back(std::move(work));
    }
    /// Runs it on the loop and waits for it.
    void with(const std::function<void()>& work) {
        std::mutex mutex;
        std::condition_variable done;
        bool ran = false;
        post([&] {
            work();
            const std::lock_guard lock(mutex);
            ran = true;
            done.notify_all();
        });
        std::unique_lock lock(mutex);
        done.wait(lock, [&] { return ran; });
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            awake_.wait(lock, [this] { return stopping_ || !work_.empty(); });
            if (work_.empty()) break;
            std::function<void()> next = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            next();
            next = nullptr;
            lock.lock();
        }
        const std::vector<std::function<void()>> last = std::move(at_end_);
        lock.unlock();
        for (const auto& work : last) work();
    }

    std::mutex mutex_;
    std::condition_variable awake_;
    std::deque<std::function<void()>> work_;
    std::vector<std::function<void()>> at_end_;
    bool stopping_ = false;
    std::thread thread_;
};

/// A stream whose reader is the test. Bytes that are taken are in `text`.
class Line : public serve::Stream, public std::enable_shared_from_this<Line> {
public:
    explicit Line(Loop& loop) : loop_(loop) {}

    void post(std::function<void()> work) override { loop_.post(std::move(work)); }
    void send(std::shared_ptr<const std::string> bytes) override {
        if (gone_) return;
        const std::lock_guard lock(mutex_);
        ++sends_;
        if (paused_)
            waiting_.push_back(std::move(bytes));
        else
            text_ += *bytes;
        for (const auto& one : waiting_) most_ = std::max(most_, one->size());
        changed_.notify_all();
    }
    size_t backlog() const override {
        const std::lock_guard lock(mutex_);
        size_t all = 0;
        for (const auto& one : waiting_) all += one->size();
        return all;
    }
    void notify_below(size_t bytes) override { notify_below_ = static_cast<long>(bytes); }
    void close(Ending ending) override {
        {
            const std::lock_guard lock(mutex_);
            closed_by_us_ = ending;
            if (ending == Ending::Now) waiting_.clear();
            if (!paused_ || ending == Ending::Now) ended_ = true;
            changed_.notify_all();
        }
        loop_.post([self = shared_from_this()] { self->lose(); });
    }
    void listener(std::shared_ptr<Listener> listener) override {
        listener_ = std::move(listener);
        loop_.at_end([line = weak_from_this()] {
            if (const auto self = line.lock()) self->lose();
        });
    }

    // The reader's side, from any thread.

    /// The connection is gone. On the loop.
    void lose() {
        if (std::exchange(gone_, true)) return;
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
            changed_.notify_all();
        }
        if (const auto listener = std::exchange(listener_, nullptr)) listener->closed(*this);
    }
    void hang_up() {
        loop_.with([this] { lose(); });
    }
    void pause() {
        const std::lock_guard lock(mutex_);
        paused_ = true;
    }
    /// Takes what waits; like a socket it may make the listener send more.
    void resume(bool read_on) {
        {
            const std::lock_guard lock(mutex_);
            paused_ = !read_on;
            for (const auto& one : waiting_) text_ += *one;
            waiting_.clear();
            changed_.notify_all();
        }
        loop_.with([this] {
            if (gone_ || notify_below_ < 0 || static_cast<long>(backlog()) > notify_below_) return;
            notify_below_ = -1;
            if (const auto listener = listener_) listener->drained(*this);
        });
    }

    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    size_t sends() const {
        const std::lock_guard lock(mutex_);
        return sends_;
    }
    bool ended() const {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    /// Waits until the condition on the taken text holds, or a minute is over.
    template <typename Condition>
    bool await(Condition condition) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return condition(text_); });
    }
    bool await_end() const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return ended_; });
    }

private:
    Loop& loop_;
    std::shared_ptr<Listener> listener_;  // the loop's
    bool gone_ = false;                   // the loop's
    long notify_below_ = -1;              // the loop's
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::string text_;
    std::vector<std::shared_ptr<const std::string>> waiting_;
    Ending closed_by_us_ = Ending::Now;
    bool paused_ = false;
    bool ended_ = false;
    size_t sends_ = 0;
    size_t most_ = 0;
};

}  // namespace tandem::stream
