#pragma once

#include <chrono>

namespace tandem::test {

/// While it lives, whoever asks for `name` hears nothing: the process's getaddrinfo comes back
/// when it ends, or after `silence`. One at a time.
class SilentNameServer {
public:
    static constexpr char name[] = "silent.invalid";
    static constexpr std::chrono::seconds silence{20};

    SilentNameServer();
    /// Waits until nobody asks any more.
    ~SilentNameServer();
    SilentNameServer(const SilentNameServer&) = delete;
    SilentNameServer& operator=(const SilentNameServer&) = delete;
};

}  // namespace tandem::test
