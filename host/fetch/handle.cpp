#include "fetch/handle.h"

#include <sys/socket.h>

#include <algorithm>

#include "fetch/egress.h"
#include "fetch/fetch.h"

namespace tandem::fetch {
namespace {

void initialise_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(done);
}

Code code_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: return Code::Timeout;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL: return Code::Invalid;
        case CURLE_OUT_OF_MEMORY: return Code::Internal;
        default: return Code::Unavailable;
    }
}

/// Not believed: also where the issuer has a name that is known, and not the key. OpenSSL tells
/// that by what failed below, and curl then knows it for no matter of certificates.
bool is_distrust(CURLcode code, const std::string& text) {
    return code == CURLE_PEER_FAILED_VERIFICATION ||
           (code == CURLE_SSL_CONNECT_ERROR &&
            text.find(":asn1 encoding routines:") != std::string::npos);
}

}  // namespace

Handle::Handle() {
    initialise_once();
    easy_ = curl_easy_init();
}

Handle::~Handle() {
    curl_easy_cleanup(easy_);
}

void Handle::reset(bool any_address, uint32_t connect_ms, uint32_t deadline_ms) {
    any_address_ = any_address;
    closed_address_ = false;
    error_text_.fill(0);
    curl_easy_reset(easy_);  // keeps connections, DNS and TLS sessions
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // the environment must not redirect providers' traffic
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(deadline_ms));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(deadline_ms, connect_ms)));
    // At a deadline the thread that asks the name server is let go, not waited for: it may take
    // half a minute, and ends by itself.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
}

Error Handle::failure(CURLcode code) const {
    if (closed_address_) {
        return {Code::Forbidden, "the name leads to an address that is not public"};
    }
    const std::string text = error_text_[0] ? error_text_.data() : curl_easy_strerror(code);
    return {code_of(code), is_distrust(code, text) ? std::string(distrust) + text : text};
}

curl_socket_t Handle::open_socket(void* context, curlsocktype, curl_sockaddr* address) {
    auto& handle = *static_cast<Handle*>(context);
    // Here stands the address that is really connected to: a name that resolves anew
    // between a check and the connection gains nothing.
    if (!handle.any_address_ && !is_public(address->addr)) {
        handle.closed_address_ = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace tandem::fetch
