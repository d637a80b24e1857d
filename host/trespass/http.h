#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "listen/socket.h"

/// The isolation audit's own way to a gateway on this machine: plain HTTP over loopback, every
/// byte of an answer kept, so that nothing is looked away from.
namespace tandem::trespass {

struct Asked {
    std::string method, target;  // target: percent-encoded path and query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

struct Answered {
    int status = 0;
    std::string head;  // status line and fields
    std::string body;
};

/// One question on a connection of its own. An event stream is read until it is silent for
/// 150 ms. Unavailable: nobody answers within 30 s.
Result<Answered> ask(int port, const Asked& asked);

/// A stream that is read all the while, by a thread of its own.
class Watched {
public:
    Watched(int port, const Asked& asked);
    ~Watched();
    Watched(const Watched&) = delete;

    /// All that came so far.
    std::string seen() const;
    /// Waits until it has this text; false after `seconds`, or where it ended without.
    bool await(const std::string& text, int seconds) const;

private:
    void read();

    listen::Descriptor socket_;
    mutable std::mutex mutex_;
    std::string seen_;  // guarded by mutex_
    std::atomic<bool> over_{false};
    std::atomic<bool> ended_{false};
    std::thread reader_;
};

/// A port of loopback that is free now.
int free_port();

}  // namespace tandem::trespass
