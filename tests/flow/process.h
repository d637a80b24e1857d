#pragma once

#include <sys/types.h>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tandem::flow {

/// A program under test, run as a child with its output kept. Confined to one thread;
/// ends its child by pid when it goes.
class Process {
public:
    Process(const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment = {});
    ~Process();
    Process(const Process&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// Waits for the end; the exit code, or 128 + the signal. Fails after `limit`.
    int wait(std::chrono::seconds limit = std::chrono::seconds(60));
    bool running();
    /// Standard output and error so far.
    std::string output();
    /// Waits until the output has this text; false after `limit`, or when it ended.
    bool await_output(const std::string& text,
                      std::chrono::seconds limit = std::chrono::seconds(60));

private:
    void await_reader();

    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
    int output_fd_ = -1;
    std::mutex mutex_;
    std::string output_;     // guarded by mutex_
    bool read_all_ = false;  // guarded by mutex_
    std::thread reader_;
};

}  // namespace tandem::flow
