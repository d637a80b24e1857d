#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tandem::bench {

/// A provider that takes texts as Twilio does, in this process, so that one clock tells when
/// a send began and when a join was answered. It checks nothing. Safe from any thread.
class Provider {
public:
    using Instant = std::chrono::steady_clock::time_point;

    /// It answers each text after `delay`.
    explicit Provider(std::chrono::milliseconds delay);
    ~Provider();
    Provider(const Provider&) = delete;

    const std::string& url() const { return url_; }
    /// When the requests for texts to this number were here whole.
    std::vector<Instant> sends(const std::string& number);

private:
    void accept();
    void serve(int socket);
    std::string answer(const std::string& form);

    const std::chrono::milliseconds delay_;
    int listener_ = -1;
    std::string url_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::map<std::string, std::vector<Instant>> sends_;  // by number; guarded by mutex_
    std::vector<std::thread> connections_;               // of the accepting thread
    std::atomic<unsigned> sent_{0};
    std::thread thread_;
};

}  // namespace tandem::bench
