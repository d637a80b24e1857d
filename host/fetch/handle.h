#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <curl/curl.h>

#include "base/result.h"

/// The one header with libcurl, and what holds for everything that goes through it.
namespace tandem::fetch {

/// A curl handle under the rules of the house: TLS always verified, no redirects, no proxy
/// from the environment, and connections only to addresses that are allowed. One thread at
/// a time.
class Handle {
public:
    Handle();
    ~Handle();
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    /// Back to the rules and nothing else; connections and TLS sessions are kept.
    void reset(bool any_address, uint32_t connect_ms, uint32_t deadline_ms);

    template <typename Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy_, option, value);
    }

    CURL* easy() const { return easy_; }

    /// Why curl gave up.
    Error failure(CURLcode code) const;

private:
    static curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address);

    CURL* easy_;
    bool any_address_ = false, closed_address_ = false;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace tandem::fetch
